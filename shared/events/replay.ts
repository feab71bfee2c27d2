/** Facts of a message that is long over, rebuilt from its record, so that another policy can be asked about it. A record holds less than the message did: what it does not say stays unknown. */
import type { AuthenticationSeen, Channel } from "../mcp/channel.ts";
import { METHODS } from "../mcp/methods.ts";
import type { Finding } from "../inspect/data/finding.ts";
import { classInfo } from "../inspect/data/classes.ts";
import type { Facts } from "../policy/decision.ts";
import type { EventRecord, FindingSummary, MessageRecord } from "./record.ts";

/** What a message record does not say itself. */
export interface Surroundings {
  /** From the handshake of the same connection; undefined: it was not seen. */
  readonly protocolVersion: string | undefined;
  readonly authentication: AuthenticationSeen;
  readonly trust: Facts["trust"];
  readonly who: Facts["who"];
  /** Of what belongs to a task or a further round: the method of the request that began it, where that was recorded. */
  readonly began?: string | undefined;
}

/** How many different values stand behind a class of which the record kept only the first three: at least so many, or at most. */
export type Count = "least" | "most";

export function isMessage(record: EventRecord): record is MessageRecord {
  return record.kind === "request" || record.kind === "response" || record.kind === "notification";
}

/** @param channel shared between records of one place, so that a compiled policy can remember it. */
export function factsOf(record: MessageRecord, channel: Channel, around: Surroundings, count: Count = "least"): Facts {
  const unplaced = record.kind === "response" && record.exchange === undefined;
  return {
    channel,
    direction: record.direction,
    method: record.method === null ? undefined : known(record.method),
    ...subjectOf(record),
    ...(unplaced && { unplaced }),
    ...(hasNoArguments(record) && { arguments: null }),
    bytes: record.bytes,
    findings: record.findings.flatMap((summary) => findingsOf(summary, count)),
    unknownClasses: [],
    ...(record.server.kind === "remote" && { sha256: null }),
    ...around,
    now: record.time,
  };
}

/** Does the record leave open how many values were found? Of all but the surest it does not say how sure they were. */
export function isCountOpen({ findings }: MessageRecord): boolean {
  return findings.some(({ count }) => count > 1);
}

/** Only what calls something has arguments; answers have none. */
export function hasNoArguments({ kind, method, tool, prompt }: MessageRecord): boolean {
  return kind === "response" || (tool === undefined && prompt === undefined && method !== null && METHODS[method] !== undefined && METHODS[method].subject === undefined);
}

/** Fingerprints that a summary keeps of one class. */
const KEPT = 3;

type Subject = Pick<Facts, "tool" | "prompt" | "resource">;

/** A request that should name its tool and does not: it could not be read then, and is not known now. */
function subjectOf({ method, tool, prompt, resource }: MessageRecord): Subject {
  const subject = method !== null && Object.hasOwn(METHODS, method) ? METHODS[method]?.subject?.kind : undefined;
  const of = (kind: "tool" | "prompt" | "resource", name: string | undefined): string | null | undefined => (name === undefined ? (subject === kind ? undefined : null) : known(name));
  return { tool: of("tool", tool), prompt: of("prompt", prompt), resource: of("resource", resource) };
}

/** Does the record hold a name that is not the whole name? */
export function isNameOpen({ method, tool, prompt, resource }: MessageRecord): boolean {
  return [method ?? "", tool ?? "", prompt ?? "", resource ?? ""].some((name) => known(name) === undefined) || /^https?:/i.test(resource ?? "");
}

/** Names that a record may carry are shorter: one of this length was cut. */
const CUT = 200;

function known(name: string): string | undefined {
  return name.length >= CUT || name.startsWith("[withheld: ") ? undefined : name;
}

/** The highest confidence was seen once for certain; of the others the record says nothing, so "least" leaves them out. */
function findingsOf({ class: name, count, confidence, fingerprints, previews, pointers }: FindingSummary, want: Count): Finding[] {
  // Fewer than it could keep: then these are all there were, and the rest repeats them.
  const all = fingerprints.length > 0 && fingerprints.length < KEPT;
  return Array.from({ length: want === "least" ? 1 : Math.min(count, MOST) }, (_, at) => ({
    detector: "record",
    class: name,
    confidence,
    severity: classInfo(name).severity,
    pointer: pointers[at] ?? "",
    start: 0,
    end: 0,
    preview: previews[at] ?? "",
    fingerprint: fingerprints[all ? at % fingerprints.length : at] ?? `${name} ${at}`,
  }));
}

/** No condition asks for more. */
const MOST = 10_000;

/** Everything of a record that a decision can look at, as one text: two messages with the same text get the same decision, times apart. */
export function sameFacts(record: MessageRecord): string {
  let text = `${record.direction}\n${record.method ?? "\u0000"}\n${record.tool ?? "\u0000"}\n${record.prompt ?? "\u0000"}\n${record.resource ?? "\u0000"}\n${record.kind === "response" && record.exchange === undefined ? "?" : ""}`;
  for (const { class: name, count, confidence, fingerprints } of record.findings) text += `\n${name} ${count} ${confidence} ${fingerprints.length}`;
  return text;
}
