/** One conversation with a browser's extension over native messaging: hello, policy down, records up and down, until the browser closes the pipe. */
import type { Writable } from "node:stream";
import { isEventRecord } from "../../shared/events/guard.ts";
import type { BundleSeen, Deployment, EventRecord, Unstamped } from "../../shared/events/record.ts";
import { HOST_SEAM, type ToHost } from "../../shared/messages/host.ts";
import { canonicalJson } from "../../shared/policy/canonical.ts";
import type { PolicySource } from "../../shared/policy/decision.ts";
import type { Policy } from "../../shared/policy/language.ts";
import { readJournal, type JournalFilter } from "../journal/reader.ts";
import { tailJournal } from "../journal/tail.ts";
import type { JournalWriter } from "../journal/writer.ts";
import { relayAsks, takeAnswer, type AskRelay } from "../approvals/relay-asks.ts";
import type { Spool } from "../approvals/spool.ts";
import { frameDecoder } from "./framing.ts";
import { createOutbox } from "./outbox.ts";

/** What this room needs of the policy store. */
export interface PolicyFeed {
  current(): { readonly policy: Policy; readonly source: PolicySource; readonly digest: string; readonly seen?: BundleSeen };
  onApplied(callback: (applied: ReturnType<PolicyFeed["current"]>) => void): void;
  onRejected(callback: (rejected: { readonly source: PolicySource; readonly errors: readonly string[]; readonly kept: { readonly id: string; readonly revision: number } | null }) => void): void;
}

export interface ServeOptions {
  readonly input: AsyncIterable<Uint8Array | string>;
  readonly output: Writable;
  readonly policy: PolicyFeed;
  readonly journal: JournalWriter;
  readonly journalDir: string;
  readonly spool: Spool;
  /** Looks at this machine's client configurations. */
  readonly discover: () => Promise<readonly Unstamped<Deployment>[]>;
  readonly version: string;
  readonly user: string;
  readonly groups?: readonly string[];
  readonly device?: string;
  readonly log: (line: string) => void;
  readonly now: () => number;
}

/** What guards and discovery did while no browser was open. */
const CATCH_UP_MS = 24 * 60 * 60 * 1000;
const CATCH_UP_RECORDS = 2000;
const KNOWN_RECORDS = 5000;

const isNews = (record: EventRecord) => record.by !== "extension";

/** Resolves when the browser has closed the pipe. Whatever the other side sends, it never throws. */
export async function serve(options: ServeOptions): Promise<void> {
  const { policy, journal, log } = options;
  const outbox = createOutbox(options.output, log);
  let greeted = false;
  let tail: { close(): void } | null = null;
  let asking: AskRelay | null = null;
  let discovering: Promise<void> | null = null;
  /** A refusal that no later policy has settled: an extension that connects afterwards must hear of it too. */
  let rejected: { source: PolicySource; errors: string[] } | null = null;

  function applied(now: ReturnType<PolicyFeed["current"]>): void {
    journal.append({ kind: "policy.applied", policy: { id: now.policy.id, revision: now.policy.revision, source: now.source, digest: now.digest }, ...(now.seen && { bundle: now.seen }) });
    rejected = null;
    if (greeted) outbox.sendPolicy({ text: canonicalJson(now.policy), digest: now.digest, source: now.source });
  }

  function tellRejected(): void {
    if (greeted && rejected) outbox.send({ kind: "policy.rejected", ...rejected });
  }

  function hello(message: Fields): void {
    // Answered whatever the seam: the extension compares and tells the person which of the two is too old.
    outbox.send({ kind: "hello", seam: HOST_SEAM, version: options.version, user: options.user, ...(options.groups && { groups: options.groups }), ...(options.device !== undefined && { device: options.device }), journal: options.journalDir });
    if (message["seam"] !== HOST_SEAM) {
      const older = typeof message["seam"] === "number" && message["seam"] < HOST_SEAM ? "extension" : "host";
      const why = `The extension speaks version ${text(message["seam"])} and the host version ${HOST_SEAM} of their common language: update the ${older}. Until then the extension goes on with the policy it has.`;
      log(why);
      journal.append({ kind: "health", what: "coverage.gap", detail: why });
      return;
    }
    const first = !greeted;
    greeted = true;
    const { policy: current, digest, source } = policy.current();
    outbox.sendPolicy({ text: canonicalJson(current), digest, source });
    tellRejected();
    // The extension's own records came from there; everybody else's are news to it.
    if (!first) return;
    asking = relayAsks(options.spool, (each) => outbox.send(each));
    tail = tailJournal(options.journalDir, (records) => outbox.forward(records.filter(isNews)));
    void replay({ since: options.now() - CATCH_UP_MS }, CATCH_UP_RECORDS);
  }

  /** Sends what is in the journal already; the extension knows by the ids what it has. */
  async function replay(filter: JournalFilter, most: number): Promise<void> {
    try {
      outbox.forward((await readJournal(options.journalDir, filter)).filter(isNews).slice(-most));
    } catch (error) {
      log(`the journal could not be read: ${error instanceof Error ? error.message : "unknown error"}`);
    }
  }

  async function storeEvents(message: Fields): Promise<void> {
    const { batch, records } = message;
    if (typeof batch !== "number" || !Array.isArray(records)) return log("an events message without batch or records was ignored");
    const valid = records.filter((record): record is EventRecord => isEventRecord(record) && record.by === "extension");
    const refused = records.length - valid.length;
    journal.store(valid);
    if (refused > 0) {
      log(`${refused} of ${records.length} records from the browser are not valid and were refused`);
      journal.append({ kind: "health", what: "records.lost", detail: `${refused} records from the browser were not valid and were refused` });
    }
    // Without this answer the extension keeps the batch and sends it again.
    if (await journal.flush()) outbox.send({ kind: "events.stored", batch });
    else log(`batch ${batch} is not acknowledged: the journal cannot be written`);
  }

  /** What is new goes into the journal and from there to the browser, like everybody's records; then all that is known of servers. */
  async function runDiscovery(): Promise<void> {
    try {
      for (const deployment of await options.discover()) journal.append(deployment);
      await journal.flush();
      await replay({ kinds: ["deployment", "initialized", "tools.listed", "prompts.listed", "resources.listed"] }, KNOWN_RECORDS);
    } catch (error) {
      log(`discovery failed: ${error instanceof Error ? error.message : "unknown error"}`);
    }
  }

  async function receive(value: unknown): Promise<void> {
    if (typeof value !== "object" || value === null) return log("a message that is no object was ignored");
    const message = value as Fields;
    const kind = message["kind"] as ToHost["kind"];
    if (kind === "hello") return hello(message);
    if (kind === "ping") return outbox.send({ kind: "pong", nonce: text(message["nonce"]) });
    if (!greeted) return log(`a message before hello was ignored: ${text(kind)}`);
    switch (kind) {
      case "events":
        return storeEvents(message);
      case "answer":
        return outbox.send({ kind: "answered", receipt: takeAnswer(options.spool, message["ticket"], message["answer"]) });
      case "discover":
        discovering ??= runDiscovery().finally(() => (discovering = null));
        return;
      default:
        // A newer extension may say more than this host knows.
        kind satisfies never;
        log(`a message of an unknown kind was ignored: ${text(kind)}`);
    }
  }

  applied(policy.current());
  policy.onApplied(applied);
  policy.onRejected(({ source, errors, kept }) => {
    rejected = { source, errors: errors.slice(0, 100).map((error) => error.slice(0, 2000)) };
    const { seen } = policy.current();
    journal.append({ kind: "policy.rejected", ...rejected, kept, ...(seen && { bundle: seen }) });
    tellRejected();
  });

  options.output.on("error", (error) => log(`the browser does not take our messages: ${error.message}`));
  const decoder = frameDecoder();
  try {
    reading: for await (const chunk of options.input) {
      for (const frame of decoder.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk)) {
        if (frame.kind === "message") await receive(frame.value);
        else log(`a message was ignored: ${frame.why}`);
        if (frame.kind === "broken") break reading;
      }
    }
  } catch (error) {
    log(`the browser's pipe broke: ${error instanceof Error ? error.message : "unknown error"}`);
  } finally {
    greeted = false;
    (tail as { close(): void } | null)?.close();
    (asking as AskRelay | null)?.close();
    await journal.flush();
  }
}

type Fields = Record<string, unknown>;

/** A peer's value for a log line or an echo: short, and only if it is a plain scalar. */
function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value).slice(0, 64).replace(/[^\x20-\x7e]/g, "?") : typeof value;
}
