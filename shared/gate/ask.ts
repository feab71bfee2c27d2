/** What a person is asked about one held message, what they may answer, and whether an answer fits the question. */
import { sha256Hex } from "../base/digest.ts";
import { spliceJson, leafValue, type JsonLeaf } from "../base/json.ts";
import type { Inspection } from "../inspect/data/inspect.ts";
import { mask } from "../inspect/data/mask.ts";
import { scanValues } from "../inspect/data/scan.ts";
import type { Direction, Point } from "../mcp/channel.ts";
import type { ClientIdentity, ServerIdentity } from "../mcp/identity.ts";
import { isObject, type Envelope, type JsonObject, type SingleMessage } from "../mcp/message.ts";
import type { Decision, Span } from "../policy/decision.ts";
import { canonicalJson } from "../policy/canonical.ts";

/** Where an answer was given. `timeout`: nobody answered; `client`: whoever asked has left; `granted`: earlier, for a while that is not over. */
export type AnswerPlace = "popup" | "cli" | "timeout" | "client" | "granted";

export interface Ask {
  /** Id of the `approval.requested` record. Names the held message, unguessable. */
  readonly ticket: string;
  readonly effect: "coach" | "approve";
  /** Names the exact call: an answer must repeat it. */
  readonly call: string;
  readonly point: Point;
  readonly client: ClientIdentity;
  readonly server: ServerIdentity;
  readonly direction: Direction;
  readonly method: string | null;
  /** Tool, prompt or resource. */
  readonly subject: string | null;
  /** Exactly what would be sent, as JSON a person can read; values that a detector found stand masked. */
  readonly shown: string;
  /** How many values stand masked. */
  readonly masked: number;
  readonly title: string | null;
  readonly message: string | null;
  readonly learnMore: string | null;
  /** The rules and entries that ask. */
  readonly rules: readonly string[];
  readonly policy: Decision["policy"];
  readonly reason: "none" | "optional" | "required";
  /** How long a yes may hold; the first is what is meant when nothing is said. */
  readonly spans: readonly Span[];
  /** Unix milliseconds. */
  readonly opened: number;
  readonly until: number;
}

export interface Answer {
  /** The ask's `call`. */
  readonly call: string;
  readonly say: "go" | "deny";
  readonly span: Span;
  readonly reason: string | null;
  readonly via: AnswerPlace;
  /** Unix milliseconds; only of one given earlier (`granted`): its span began then. */
  readonly given?: number;
}

/** @returns why this answer does not answer this ask, in words for a person, or null when it does. */
export function misfit(ask: Ask, answer: Answer): string | null {
  if (answer.call !== ask.call) return "the answer belongs to another call";
  if (answer.say === "deny") return null;
  if (!ask.spans.includes(answer.span)) return `this can be allowed only ${ask.spans.map(spanWords).join(" or ")}`;
  if (ask.reason === "required" && answer.via !== "granted" && (answer.reason?.trim() ?? "") === "") return "a reason is needed";
  return null;
}

/** `once`, `for this session`, `for 1 hour`. */
export function spanWords(span: Span): string {
  if (span === "call") return "once";
  if (span === "session") return "for this session";
  const minutes = Math.max(1, Math.round(span / 60_000));
  const [count, unit] = minutes % 1440 === 0 ? [minutes / 1440, "day"] : minutes % 60 === 0 ? [minutes / 60, "hour"] : [minutes, "minute"];
  return `for ${count} ${unit}${count === 1 ? "" : "s"}`;
}

/** Beyond it a person could not read what they allow: it is not asked. */
export const MAX_SHOWN = 60_000;
const MAX_REASON = 500;

/** Names this very call: server, direction, method and everything in it that is not plumbing. */
export function callHash(server: ServerIdentity, direction: Direction, method: string | null, envelope: Envelope): string {
  return sha256Hex(canonicalJson({ server: server.id, direction, method, content: contentOf(envelope) }));
}

/** Without `_meta`, whose progress token differs between two tries of the same call. */
function contentOf(envelope: Envelope): unknown {
  switch (envelope.kind) {
    case "request":
    case "notification": {
      const { _meta, ...params } = envelope.params;
      return params;
    }
    case "response":
      return envelope.error ?? envelope.result ?? null;
    case "other":
      return null;
  }
}

/** The message as a person sees it. Null: too long to be shown. @param subject tool, prompt or resource, which the question names beside it. */
export function showCall(message: SingleMessage, inspection: Inspection, subject: string | null): { text: string; masked: number } | null {
  const { text, values } = maskFindings(message.text, inspection);
  let shown = JSON.stringify(essence(parseAsWritten(text), message.envelope, subject), null, 2);
  // Further copies of a masked value, where no detector named them.
  for (const found of values) shown = shown.replaceAll(JSON.stringify(found).slice(1, -1), mask(found));
  shown = shown.replace(HIDDEN, (char) => Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, "0")}`).join(""));
  return shown.length > MAX_SHOWN ? null : { text: shown, masked: inspection.findings.length };
}

/** Of ECMAScript 2025, which the types of this build do not know yet. */
interface SourceAware {
  parse(text: string, revive: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
  readonly rawJSON?: (text: string) => unknown;
}

/** Numbers stay as they are written: one that no double holds would be shown as another than is sent. */
function parseAsWritten(text: string): JsonObject {
  const { parse, rawJSON } = JSON as unknown as SourceAware;
  return parse(text, (_, value, { source }) => (typeof value === "number" && rawJSON && source !== undefined && String(value) !== source ? rawJSON(source) : value)) as JsonObject;
}

/** What must not hide or move anything on the screen; escaped as JSON escapes it, so that the text still says exactly what is sent. */
const HIDDEN = /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\u3164\uffa0\ufff9-\ufffb]|\udb40[\udc00-\udfff]/g;

/** A tool's name and the plumbing stand elsewhere; anything unusual is shown in full: whoever gets the message may look at more of it than we do. */
function essence(value: JsonObject, { kind }: Envelope, subject: string | null): unknown {
  const { jsonrpc: _version, id: _id, method: _method, ...content } = value;
  const [at, ...more] = Object.keys(content);
  if (at === undefined) return null;
  if (more.length > 0 || (at === "params") !== (kind === "request")) return content;
  const said = content[at];
  if (kind !== "request" || !isObject(said)) return said;
  const { name, arguments: given, _meta: meta, ...rest } = said;
  return name === subject && given !== undefined && Object.keys(rest).length === 0 && isPlumbing(meta) ? given : said;
}

/** Nothing but the handle under which progress is told, and what every message of the newer protocol says of its sender. */
function isPlumbing(meta: unknown): boolean {
  return meta === undefined || (isObject(meta) && Object.keys(meta).every((key) => key === "progressToken" || key.startsWith("io.modelcontextprotocol/")));
}

/** Shorter values are masked only where they were found. */
const SHORTEST_COPY = 8;

function maskFindings(text: string, { findings }: Inspection): { text: string; values: readonly string[] } {
  const byLeaf = new Map<JsonLeaf, { start: number; end: number }[]>();
  for (const { leaf, start, end } of findings) byLeaf.set(leaf, [...(byLeaf.get(leaf) ?? []), { start, end }]);
  const values = new Set<string>();
  let keys = 0;
  const edits = [...byLeaf].map(([leaf, ranges]) => {
    const value = leafValue(text, leaf);
    let out = "";
    let at = 0;
    for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
      if (start >= at) out += value.slice(at, start) + mask(value.slice(start, end));
      at = Math.max(at, end);
      if (end - start >= SHORTEST_COPY) values.add(value.slice(start, end));
    }
    // Two masked keys must not become one: the second would take the first one's value from sight.
    return { leaf, value: out + value.slice(at) + (leaf.kind === "key" ? ` #${++keys}` : "") };
  });
  return { text: spliceJson(text, edits.toSorted((a, b) => a.leaf.start - b.leaf.start)), values: [...values] };
}

/** What of a person's own words may be kept: cut to size, and withheld as a whole when it carries what we protect. */
export function storableReason(reason: string | null): string | null {
  const text = reason?.trim().replace(/\s+/g, " ").slice(0, MAX_REASON).toWellFormed() ?? "";
  if (text === "") return null;
  const { matches, unknown } = scanValues(text, { key: "" });
  if (matches.length > 0) return `[withheld: ${matches[0]!.class}]`;
  return unknown.length > 0 ? "[withheld: could not be checked]" : text;
}
