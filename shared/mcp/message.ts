/** Text → JSON-RPC message: scanned for ambiguity, parsed once, its id kept as it was written (ids beyond 2^53 must still correlate). */
import { fail, ok, type Result } from "../base/result.ts";
import { JSON_LIMITS, readJson, scanJson, type JsonFault, type JsonLeaf, type JsonLimits } from "../base/json.ts";
import { ENVELOPE_KEYS, foldCase } from "./envelope-keys.ts";
import { methodNamed } from "./methods.ts";

export type JsonObject = { readonly [key: string]: unknown };

export type Envelope =
  | { readonly kind: "request"; readonly id: string; readonly method: string; readonly params: JsonObject }
  | { readonly kind: "notification"; readonly method: string; readonly params: JsonObject }
  /** `id` null: an error that answers no request in particular. */
  | { readonly kind: "response"; readonly id: string | null; readonly result: unknown; readonly error: JsonObject | null }
  /** JSON, but no JSON-RPC message. */
  | { readonly kind: "other" };

/** One JSON document that is one message. */
export interface SingleMessage {
  readonly kind: "single";
  readonly text: string;
  readonly leaves: readonly JsonLeaf[];
  readonly envelope: Envelope;
}

/** A message of which only the envelope has been read, and of params and result only what the gate looks at: nothing that any detector knows stands in the rest. */
export interface SkimmedMessage {
  readonly kind: "skimmed";
  readonly envelope: Envelope;
  readonly parts: readonly Uint8Array[];
}

/** A batch (2025-03-26): judged member by member, kept together on the wire. */
export interface BatchMessage {
  readonly kind: "batch";
  readonly text: string;
  readonly members: readonly SingleMessage[];
}

export type Message = SingleMessage | BatchMessage;

/** Reads one document. Ambiguous JSON (duplicate keys, half surrogates, numbers out of range, too deep, `Method` for `method`) is refused, not guessed at. */
export function readMessage(text: string, limits: JsonLimits = JSON_LIMITS): Result<Message, JsonFault> {
  const read = readJson(text, limits);
  if (!read.ok) return read;
  const { leaves, value } = read.value;
  // An empty batch says nothing, and is judged as something that says nothing.
  if (!Array.isArray(value) || value.length === 0) return single(text, leaves, value);
  const members: SingleMessage[] = [];
  const parts = splitArray(text);
  if (parts.length !== value.length) return fail({ kind: "syntax", at: 0, message: "a batch that cannot be split" });
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    const scanned = scanJson(part, limits);
    if (!scanned.ok) return scanned;
    const one = single(part, scanned.value, value[i]);
    if (!one.ok) return one;
    members.push(one.value);
  }
  return ok({ kind: "batch", text, members });
}

function single(text: string, leaves: readonly JsonLeaf[], value: unknown): Result<SingleMessage, JsonFault> {
  const twin = twinKey(value);
  if (twin !== undefined) return fail({ kind: "duplicate-key", at: Math.max(0, text.indexOf(twin)), message: "a key that some programs take for another, because they overlook its case" });
  return ok({ kind: "single", text, leaves, envelope: envelopeOf(text, leaves, value) });
}

/** Some parsers (Go's encoding/json) match keys whatever their case and let the last one win: they would act on `Method` where we judged `method`. */
function twinKey(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  for (const key of Object.keys(value)) if (!ENVELOPE_KEYS.has(key) && ENVELOPE_KEYS.has(foldCase(key))) return key;
  const { method, params } = value;
  const at = typeof method === "string" ? methodNamed(method)?.subject?.at : undefined;
  return at && isObject(params) ? Object.keys(params).find((key) => key !== at && foldCase(key) === foldCase(at)) : undefined;
}

function envelopeOf(text: string, leaves: readonly JsonLeaf[], value: unknown): Envelope {
  if (!isObject(value)) return { kind: "other" };
  const leaf = leaves.find((each) => each.kind !== "key" && each.path?.step === "id" && each.path.parent === null);
  const id = leaf ? text.slice(leaf.start, leaf.end) : null;
  if (typeof value["method"] === "string") {
    const params = isObject(value["params"]) ? value["params"] : {};
    return id === null ? { kind: "notification", method: value["method"], params } : { kind: "request", id, method: value["method"], params };
  }
  if (Object.hasOwn(value, "result") || Object.hasOwn(value, "error")) {
    return { kind: "response", id, result: value["result"], error: isObject(value["error"]) ? value["error"] : null };
  }
  return { kind: "other" };
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Member of an object, or undefined: for walking untrusted values without looking at prototypes. */
export function member(value: unknown, ...path: readonly string[]): unknown {
  let at = value;
  for (const step of path) {
    if (!isObject(at) || !Object.hasOwn(at, step)) return undefined;
    at = at[step];
  }
  return at;
}

/** Texts of the elements of a JSON array that has been scanned already. */
function splitArray(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = -1;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === '"') {
      for (at++; text[at] !== '"'; at++) if (text[at] === "\\") at++;
    } else if (char === "{" || char === "[") {
      if (++depth === 1) from = at + 1;
    } else if (char === "}" || char === "]") {
      if (--depth === 0 && text.slice(from, at).trim()) parts.push(text.slice(from, at).trim());
    } else if (char === "," && depth === 1) {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  return parts;
}

const SCALAR = /\s*:\s*("(?:[^"\\\u0000-\u001f]|\\.){0,200}"|-?\d{1,20})/y;

export interface Guess {
  /** The message's own, never one that stands deeper. */
  readonly id: string | null;
  /** Null: it cannot be told, or it is a batch, which may be both. */
  readonly kind: "request" | "response" | null;
}

const KIND_OF = new Map<string, Guess["kind"]>([['"method"', "request"], ['"result"', "response"], ['"error"', "response"]]);

/** Best guess at what a text is that could not be read, so that whoever waits can be told. Never used to judge. */
export function guessMessage(text: string): Guess {
  let depth = 0;
  let kind: Guess["kind"] = null;
  // A batch's members stand one deeper.
  const own = /^\s*\[/.test(text) ? 2 : 1;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") depth--;
    else if (char === '"') {
      const end = stringEnd(text, at);
      if (end < 0) break;
      if (depth === own && end - at === 4 && text.startsWith('"id"', at)) {
        const id = idAfter(text, end);
        if (id !== undefined) return { id, kind: own === 2 ? null : (kind ?? kindAfter(text, end)) };
      }
      if (depth === 1 && own === 1 && end - at <= 8) kind ??= kindOf(text, at, end);
      at = end - 1;
    }
  }
  return { id: null, kind };
}

/** The id alone. */
export function guessId(text: string): string | null {
  return guessMessage(text).id;
}

/** What a key of the message itself says of its kind; null for any other key, and for a value. */
function kindOf(text: string, at: number, end: number): Guess["kind"] {
  const kind = KIND_OF.get(text.slice(at, end));
  return kind && /^\s*:/.test(text.slice(end, end + 100)) ? kind : null;
}

/** The first key behind the id that says it. Members come in any order, but most often the id stands before the rest. */
function kindAfter(text: string, from: number): Guess["kind"] {
  let depth = 1;
  for (let at = from; at < text.length && depth > 0; at++) {
    const char = text[at]!;
    if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") depth--;
    else if (char === '"') {
      const end = stringEnd(text, at);
      if (end < 0) return null;
      const kind = depth === 1 ? kindOf(text, at, end) : null;
      if (kind) return kind;
      at = end - 1;
    }
  }
  return null;
}

/** Just behind the string that begins at `from`, or -1. By search, not by character: texts may be very long. */
function stringEnd(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text[at - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return at + 1;
  }
  return -1;
}

/** The id after its key. Undefined: none of the two forms that an id may have, or the string "id" was no key. */
function idAfter(text: string, from: number): string | undefined {
  SCALAR.lastIndex = from;
  const id = SCALAR.exec(text)?.[1];
  if (id === undefined) return undefined;
  try {
    JSON.parse(id);
    return id;
  } catch {
    return undefined;
  }
}
