/** What waits for the person: who wants what, exactly what would be sent, why it is asked, and the answers. */
import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { spanWords, type Answer, type Ask } from "../../shared/gate/ask.ts";
import type { AnswerReceipt } from "../../shared/messages/asks.ts";
import type { AskBoard, AskEnd } from "../../shared/messages/extension.ts";
import type { Span } from "../../shared/policy/decision.ts";
import { sourceText } from "../../shared/policy/explain.ts";
import { plainText } from "../../shared/inventory/plain-text.ts";
import type { ServerEntry } from "../../shared/inventory/entry.ts";
import { Chip, Fact, Link } from "./details.tsx";
import { Icon } from "./icons.tsx";
import { methodWords, serverAddress, serverName } from "./words.ts";

export interface AsksProps {
  readonly board: AskBoard | null;
  readonly servers: ReadonlyMap<string, ServerEntry>;
  readonly now: number;
  onAnswer(ask: Ask, answer: Answer): Promise<AnswerReceipt | undefined>;
}

/** A window may open just as a person clicks somewhere else: for this long nothing can be allowed. */
const ARM_MS = 800;
const ENDED_MS = 15_000;

export function Asks({ board, servers, now, onAnswer }: AsksProps) {
  const open = board?.open.filter(({ until }) => until > now) ?? [];
  // What ended while somebody looked at it stays for a moment, and says how.
  const looked = useRef(new Map<string, Ask>());
  for (const ask of open) looked.current.set(ask.ticket, ask);
  const ended = (board?.ended ?? []).flatMap((end) => (now - end.time < ENDED_MS && looked.current.has(end.ticket) && !open.some(({ ticket }) => ticket === end.ticket) ? [{ end, ask: looked.current.get(end.ticket)! }] : []));
  return (
    <>
      <p class="unseen" role="status">
        {open.length > 0 ? `${open.length === 1 ? "1 call waits" : `${open.length} calls wait`} for your answer` : ""}
      </p>
      {(open.length > 0 || ended.length > 0) && (
        <section aria-labelledby="asks">
          <div class="section-head">
            <h2 id="asks">Waiting for you</h2>
          </div>
          <ul class="cards">
            {open.map((ask) => (
              <li key={ask.ticket}>
                <AskCard ask={ask} entry={servers.get(ask.server.id)} now={now} onAnswer={onAnswer} />
              </li>
            ))}
            {ended.map(({ ask, end }) => (
              <li key={ask.ticket}>
                <p class="ask-ended" role="status">
                  <bdi class="name">{subjectOf(ask)}</bdi> {ENDED[end.how]}
                </p>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

const ENDED: Readonly<Record<AskEnd["how"], string>> = {
  allowed: "was allowed.",
  denied: "was not allowed.",
  expired: "was refused, because nobody answered in time.",
  gone: "no longer waits: the app has taken it back.",
  elsewhere: "was answered in another place.",
};

function subjectOf(ask: Ask): string {
  return ask.subject === null ? methodWords(ask.method) : plainText(ask.subject, 120) || "a nameless tool";
}

function AskCard({ ask, entry, now, onAnswer }: { ask: Ask; entry: ServerEntry | undefined; now: number; onAnswer: AsksProps["onAnswer"] }) {
  const id = useId();
  const reason = useSignal("");
  const trouble = useSignal<string | null>(null);
  const busy = useSignal(false);
  const armed = useSignal(false);
  useEffect(() => {
    const timer = setTimeout(() => (armed.value = true), ARM_MS);
    return () => clearTimeout(timer);
  }, [ask.ticket]);
  const seconds = Math.max(0, Math.ceil((ask.until - now) / 1000));
  const coach = ask.effect === "coach";
  const [server, address, app] = [serverName(ask.server, entry), serverAddress(ask.server), plainText(ask.client.name, 80) || "An unknown app"];
  const inward = ask.direction === "to-client";

  async function say(word: "go" | "deny", span: Span): Promise<void> {
    busy.value = true;
    trouble.value = null;
    const said = await onAnswer(ask, { call: ask.call, say: word, span, reason: reason.value.trim() || null, via: "popup" });
    busy.value = false;
    if (said?.outcome !== "taken") trouble.value = said?.why ?? "Sluice did not hear that. Try again.";
  }

  return (
    <article class={`card ask tone-${coach ? "watch" : "ask"}`} aria-labelledby={`${id}-what`}>
      <div class="ask-head">
        <span class="badge-icon">
          <Icon name={coach ? "alert" : "wait"} />
        </span>
        <div class="grow">
          <p class="item-top">
            <span class="verb">{coach ? "Please think first" : "Your approval is needed"}</span>
            <span class="when" role="timer" aria-label={`${seconds} seconds left`}>
              {seconds} s left
            </span>
          </p>
          <h3 class="what" id={`${id}-what`}>
            <bdi class="name">{app}</bdi> {inward ? "would get an answer of" : "wants to use"} <bdi class="name">{subjectOf(ask)}</bdi> on <bdi class="name">{server}</bdi>
          </h3>
          <p class="why">{plainText(ask.title ?? "The policy asks for it", 200)}</p>
          {ask.message && <p class="next">{plainText(ask.message, 600)}</p>}
          {ask.learnMore && (
            <p class="links">
              <Link href={ask.learnMore}>Learn more</Link>
            </p>
          )}
        </div>
      </div>
      <div class="ask-body">
        <h4 id={`${id}-shown`}>{inward ? "Exactly what it would be given" : "Exactly what would be sent"}</h4>
        <pre class="shown" tabIndex={0} aria-labelledby={`${id}-shown`} role="region">
          {ask.shown}
        </pre>
        {ask.masked > 0 && (
          <p class="soft-note">
            <Chip tone="redact">{ask.masked === 1 ? "1 value" : `${ask.masked} values`} masked</Chip> Sensitive data stands masked here.
          </p>
        )}
        <dl>
          <Fact name="Server" mono>
            {address}
          </Fact>
          <Fact name="Asked by">{`${ask.rules.map((rule) => plainText(rule, 80)).join(", ")} (policy ${plainText(ask.policy.id, 60)}, revision ${ask.policy.revision}, ${sourceText(ask.policy.source)})`}</Fact>
        </dl>
        {ask.reason !== "none" && (
          <p class="reason">
            <label for={`${id}-reason`}>{ask.reason === "required" ? "Why do you go on? (needed)" : "Reason (if you like)"}</label>
            <input id={`${id}-reason`} type="text" maxLength={300} autocomplete="off" required={ask.reason === "required"} value={reason.value} onInput={(event) => (reason.value = event.currentTarget.value)} />
          </p>
        )}
        <p class="soft-note">Your answer{ask.reason === "none" ? "" : " and reason"} will be on record; what is sent will not.</p>
        {trouble.value && (
          <p class="trouble" role="alert">
            {trouble.value}
          </p>
        )}
        <div class="answers">
          <button type="button" class="answer deny" disabled={busy.value} onClick={() => void say("deny", "call")}>
            {coach ? "Cancel" : "Deny"}
          </button>
          {ask.spans.map((span) => (
            <button type="button" class="answer" key={String(span)} disabled={busy.value || !armed.value || (ask.reason === "required" && reason.value.trim() === "")} onClick={() => void say("go", span)}>
              {coach ? (span === "call" ? "Go on" : `Go on ${spanWords(span)}`) : `Allow ${spanWords(span)}`}
            </button>
          ))}
        </div>
      </div>
    </article>
  );
}
