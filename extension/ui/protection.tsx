/** State of protection: one headline, one line, what needs attention, and the rest on demand. */
import type { ProtectionState } from "../../shared/messages/extension.ts";
import type { PolicySource } from "../../shared/policy/decision.ts";
import { sourceText } from "../../shared/policy/explain.ts";
import { plainText } from "../../shared/inventory/plain-text.ts";
import { Fact, Link } from "./details.tsx";
import { Icon, type IconName } from "./icons.tsx";
import { clock, moment } from "./words.ts";

interface Headline {
  readonly tone: "good" | "watch" | "bad" | "wait";
  readonly icon: IconName;
  readonly text: string;
}

export function headlineOf(state: ProtectionState | null): Headline {
  if (!state?.policy) return { tone: "wait", icon: "wait", text: "Starting" };
  if (state.rejected || state.notices.length) return { tone: "bad", icon: "alert", text: state.policy.mode === "monitor" ? "Watching, with a problem" : "Protecting, with a problem" };
  if (state.policy.mode === "monitor") return { tone: "watch", icon: "watch", text: "Watching only" };
  if (state.policy.source === "baseline") return { tone: "good", icon: "shield", text: "Basic protection" };
  return { tone: "good", icon: "shield", text: "Protecting" };
}

export function Protection({ state, now }: { state: ProtectionState | null; now: number }) {
  const { tone, icon, text } = headlineOf(state);
  return (
    <section class={`protection tone-${tone}`} aria-labelledby="protection">
      <div class="protection-head">
        <Icon name={icon} />
        <div class="grow">
          <h2 id="protection">{text}</h2>
          <p>{summaryOf(state)}</p>
        </div>
        {state?.policy && <Marks state={state} />}
      </div>
      {state && <Problems state={state} now={now} />}
      {state && <Particulars state={state} now={now} />}
    </section>
  );
}

function summaryOf(state: ProtectionState | null): string {
  if (!state?.policy) return "Sluice is reading its policy.";
  const { title, id, revision, mode, source } = state.policy;
  if (source === "baseline") return "No policy was set, so the one built into Sluice holds: keys and credentials do not leave, the rest is recorded.";
  const name = `${plainText(title ?? id, 80)}, revision ${revision}, ${sourceText(source)}.`;
  return mode === "monitor" ? `${name} Nothing is held back; what would be is noted below.` : name;
}

/** The facts behind the headline in a line: mode, host, management, and how far the protection reaches. */
function Marks({ state: { policy, host, management, blocking } }: { state: ProtectionState }) {
  const marks = [
    policy?.mode === "monitor" ? "Watching" : "Enforcing",
    { connected: "Host connected", connecting: "Host connecting", missing: "Host missing" }[host.state],
    { managed: "Managed", unmanaged: "Not managed", unknown: "Management unknown" }[management],
    blocking === "full" ? "Whole browser" : "Web pages only",
  ];
  return (
    <ul class="marks" aria-label="State in short">
      {marks.map((mark) => (
        <li key={mark}>{mark}</li>
      ))}
    </ul>
  );
}

function Problems({ state, now }: { state: ProtectionState; now: number }) {
  const { rejected, notices, host } = state;
  return (
    <>
      {rejected && (
        <div class="problem" role="alert">
          <h3>A changed policy was refused</h3>
          <p>
            It came {sourceWords(rejected.source)} ({moment(rejected.time, now)}). The policy before it stays in force.
          </p>
          <ul class="errors">
            {rejected.errors.slice(0, 20).map((error) => (
              <li key={error}>
                <bdi>{plainText(error, 400)}</bdi>
              </li>
            ))}
          </ul>
          {rejected.errors.length > 20 && <p>And {rejected.errors.length - 20} more.</p>}
        </div>
      )}
      {notices.map((notice) => (
        <div class="problem" role="alert" key={notice}>
          <p>{plainText(notice, 400)}</p>
        </div>
      ))}
      {host.state === "missing" && (
        <div class="aside">
          <p>
            <strong>Host program not connected.</strong> {plainText(host.error ?? "", 240)} The browser stays protected by the policy above; programs outside it are not seen from here.
          </p>
        </div>
      )}
    </>
  );
}

function Particulars({ state, now }: { state: ProtectionState; now: number }) {
  const { policy, management, organization, host, blocking, support } = state;
  return (
    <details class="more">
      <summary>
        <Icon name="chevron" />
        How this browser is protected
      </summary>
      <dl>
        <Fact name="Policy">{policy && `${plainText(policy.title ?? policy.id, 80)} (${plainText(policy.id, 60)}, revision ${policy.revision})`}</Fact>
        <Fact name="Source">{policy && sourceText(policy.source)}</Fact>
        <Fact name="In force since">{policy && moment(policy.appliedAt, now)}</Fact>
        <Fact name="Mode">{policy && (policy.mode === "enforce" ? "Enforcing: what the policy forbids is held back" : "Watching: what the policy forbids is only noted")}</Fact>
        <Fact name="Management">{managementWords(management, organization)}</Fact>
        <Fact name="Host program">{hostWords(host)}</Fact>
        <Fact name="Reach">
          {blocking === "full"
            ? "Web pages, their background workers and requests the browser makes for them."
            : "What web pages send and receive themselves. Their background workers, and calls that an AI service makes from its own computers, are not seen from here."}
        </Fact>
        <Fact name="Help">{support?.text && plainText(support.text, 300)}</Fact>
      </dl>
      {support?.url && (
        <p class="links">
          <Link href={support.url}>Ask {plainText(support.name ?? "for help", 60)}</Link>
        </p>
      )}
    </details>
  );
}

const SOURCES: readonly PolicySource[] = ["managed", "machine", "bundle", "local", "baseline"];

function sourceWords(source: string): string {
  const known = SOURCES.find((each) => each === source);
  if (!known) return "from elsewhere";
  return known === "managed" ? "from the browser policy of your organization" : known === "machine" ? "from your organization, through this computer" : known === "bundle" ? "from your organization" : sourceText(known);
}

function managementWords(management: ProtectionState["management"], organization: string | null): string {
  switch (management) {
    case "managed":
      return organization ? `Managed by ${plainText(organization, 80)}` : "Managed by your organization";
    case "unmanaged":
      return "Not managed by an organization";
    case "unknown":
      return "Not known yet; the strict built-in policy holds until it is";
  }
}

function hostWords({ state, version, since }: ProtectionState["host"]): string {
  switch (state) {
    case "connected":
      return `Connected since ${clock(since)}${version ? `, version ${plainText(version, 40)}` : ""}`;
    case "connecting":
      return "Connecting";
    case "missing":
      return `Not connected since ${clock(since)}`;
  }
}
