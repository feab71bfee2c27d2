/** Turns stored events into what a person reads: what happened, why, and what to do next. Says what was decided; decides nothing. */
import type { FindingSummary, Malformed, MessageRecord } from "../../shared/events/record.ts";
import { classInfo } from "../../shared/inspect/data/classes.ts";
import { plainText } from "../../shared/inventory/plain-text.ts";
import type { ServerEntry } from "../../shared/inventory/entry.ts";
import { ADMISSION_DEFAULT } from "../../shared/policy/decision.ts";
import { explain } from "../../shared/policy/explain.ts";
import type { EventRow, Verdict } from "../store/rows.ts";
import { methodWords, serverAddress, serverName } from "./words.ts";

/** One line of the list; events that differ only in time share one. */
export interface Happening {
  readonly key: string;
  readonly verdict: Verdict;
  /** `Blocked`, `Redacted before sending`, … */
  readonly verb: string;
  /** Tool, prompt, resource, or the method in words. */
  readonly what: string;
  /** Whether `what` is a name somebody else chose. */
  readonly named: boolean;
  /** Words that join what, server and app into a sentence: `refund on desk by chat`, `an unreadable answer from desk for chat`. */
  readonly joins: readonly [toServer: string, toApp: string];
  readonly server: string;
  readonly address: string;
  readonly app: string;
  readonly why: string;
  readonly data: readonly { readonly title: string; readonly count: number; readonly previews: readonly string[] }[];
  readonly next: string;
  readonly learnMore: string | null;
  readonly explanation: readonly string[];
  readonly times: number;
  readonly last: number;
  /** Id of the newest event. */
  readonly id: string;
}

/** @param rows newest first */
export function happenings(rows: readonly EventRow[], servers: ReadonlyMap<string, ServerEntry>): Happening[] {
  const groups = new Map<string, Happening>();
  for (const row of rows) {
    const seen = happeningOf(row, servers);
    if (!seen) continue;
    const known = groups.get(seen.key);
    groups.set(seen.key, known ? { ...known, times: known.times + 1 } : seen);
  }
  return [...groups.values()];
}

function happeningOf({ id, time, verdict, record }: EventRow, servers: ReadonlyMap<string, ServerEntry>): Happening | null {
  if (!verdict) return null;
  switch (record.kind) {
    case "request":
    case "response":
    case "notification":
      return { ...place(record, servers), ...ofMessage(record, verdict), verdict, times: 1, last: time, id };
    case "malformed":
      return { ...place(record, servers), ...ofMalformed(record, verdict), verdict, times: 1, last: time, id };
    default:
      return null;
  }
}

function place({ server, client }: MessageRecord | Malformed, servers: ReadonlyMap<string, ServerEntry>): Pick<Happening, "server" | "address" | "app"> {
  return { server: serverName(server, servers.get(server.id)), address: serverAddress(server), app: plainText(client.name, 80) || "An unknown app" };
}

function ofMessage(record: MessageRecord, verdict: Verdict): Omit<Happening, "server" | "address" | "app" | "verdict" | "times" | "last" | "id"> {
  const { decision, direction, findings } = record;
  const name = record.tool ?? record.prompt ?? record.resource;
  const data = findings.map(dataOf);
  return {
    key: JSON.stringify([verdict, direction, record.kind, record.client.id, record.server.id, record.method, name, decision.decidedBy, decision.policy.revision, data]),
    verb: verbOf(record, verdict),
    what: name === undefined ? methodWords(record.method) : plainText(name, 120) || "a nameless tool",
    named: name !== undefined,
    joins: [name !== undefined ? "on" : record.method === "initialize" || record.method === "server/discover" ? "with" : "of", direction === "to-server" ? "by" : "for"],
    why: plainText(decision.title ?? (decision.decidedBy === ADMISSION_DEFAULT ? "This server is not on the list of known servers" : "The policy says so"), 200),
    data,
    next: decision.message ? plainText(decision.message, 600) : nextOf(record, verdict),
    learnMore: decision.learnMore,
    explanation: explain({ ...decision, message: null, learnMore: null }).map((line) => plainText(line, 400)),
  };
}

function verbOf({ direction, decision, kind, answer: word }: MessageRecord, verdict: Verdict): string {
  if (word === "denied") return "Not allowed by you";
  if (word === "expired") return "Nobody answered in time";
  const answer = direction === "to-client" && kind === "response";
  switch (verdict) {
    case "block":
      return answer ? "Answer blocked" : "Blocked";
    case "redact":
      return direction === "to-server" ? "Redacted before sending" : "Redacted in the answer";
    case "watch":
      return decision.effect === "redact" ? "Would have been redacted" : "Would have been blocked";
  }
}

function nextOf({ decision }: MessageRecord, verdict: Verdict): string {
  switch (verdict) {
    case "block":
      return decision.decidedBy === ADMISSION_DEFAULT ? "Use a server that is on the list, or ask for this one to be added." : "If you need this for your work, ask for help and give the event number.";
    case "redact":
      return "Nothing to do: the rest went through without these values.";
    case "watch":
      return "Nothing was held back, because the policy only watches here.";
  }
}

const FAULTS: Readonly<Record<Malformed["fault"], string>> = {
  syntax: "It is broken JSON",
  "duplicate-key": "It says one thing twice, so two programs could read it differently",
  "lone-surrogate": "It contains half a character, so two programs could read it differently",
  "number-range": "It contains a number that programs read differently",
  depth: "It is nested too deeply",
  nodes: "It contains too many values",
  oversize: "It is too large to be checked",
  encoding: "It is not valid UTF-8 text",
  "not-json": "It is not JSON",
  "content-type": "It came as a type of content that MCP does not use",
  redirect: "It came from another server than was asked",
  headers: "It says one thing to whoever reads its headers and another to whoever reads it",
};

function ofMalformed(record: Malformed, verdict: Verdict): Omit<Happening, "server" | "address" | "app" | "verdict" | "times" | "last" | "id"> {
  const stopped = verdict === "block";
  return {
    key: JSON.stringify([verdict, record.direction, record.client.id, record.server.id, record.fault]),
    verb: stopped ? "Stopped" : "Let through unread",
    what: record.direction === "to-server" ? "an unreadable message" : "an unreadable answer",
    named: false,
    joins: record.direction === "to-server" ? ["to", "by"] : ["from", "for"],
    why: FAULTS[record.fault],
    data: [],
    next: stopped ? "What cannot be read cannot be checked. If it happens again, ask for help and give the event number." : "It passed unchecked, because the policy only watches here.",
    learnMore: null,
    explanation: [plainText(record.detail, 400)].filter((line) => line !== ""),
  };
}

function dataOf({ class: name, count, previews }: FindingSummary): Happening["data"][number] {
  const { title } = classInfo(name);
  // A secret's preview begins with its class, which stands beside it here.
  return { title, count, previews: previews.map((preview) => plainText(preview.startsWith(`${title} `) ? preview.slice(title.length + 1) : preview, 40)) };
}
