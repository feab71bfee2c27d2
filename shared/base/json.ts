/** One linear pass over JSON text: is it unambiguous, and where are its keys, strings and numbers? `JSON.parse` hides duplicate keys, changes big numbers and forgets offsets; a judge that splices needs all three. */
import { fail, ok, type Result } from "./result.ts";

/** A place in a document, linked upwards so that building it costs nothing until somebody asks for the pointer. */
export interface JsonPath {
  readonly parent: JsonPath | null;
  readonly step: string | number;
}

/** One token that carries data. `start`/`end` are UTF-16 offsets of the whole token, quotes included. */
export interface JsonLeaf {
  readonly kind: "key" | "string" | "number";
  readonly start: number;
  readonly end: number;
  /** The token contains a backslash escape, so its value differs from its text. */
  readonly escaped: boolean;
  readonly path: JsonPath | null;
}

export interface JsonLimits {
  readonly maxDepth: number;
  readonly maxNodes: number;
}

export const JSON_LIMITS: JsonLimits = { maxDepth: 64, maxNodes: 500_000 };

export type JsonFaultKind = "syntax" | "duplicate-key" | "lone-surrogate" | "number-range" | "depth" | "nodes";

export interface JsonFault {
  readonly kind: JsonFaultKind;
  /** UTF-16 offset where it was noticed. */
  readonly at: number;
  readonly message: string;
}

/** RFC 6901 pointer of a path. */
export function pointerOf(path: JsonPath | null): string {
  const steps: string[] = [];
  for (let at = path; at; at = at.parent) steps.push(String(at.step).replaceAll("~", "~0").replaceAll("/", "~1"));
  return steps.length ? `/${steps.reverse().join("/")}` : "";
}

/** The value of a key or string token. */
export function leafValue(text: string, leaf: JsonLeaf): string {
  if (leaf.kind === "number") return text.slice(leaf.start, leaf.end);
  if (leaf.escaped) return JSON.parse(text.slice(leaf.start, leaf.end)) as string;
  return text.slice(leaf.start + 1, leaf.end - 1);
}

const QUOTE = 34, BACKSLASH = 92, COMMA = 44, COLON = 58, OPEN_BRACE = 123, CLOSE_BRACE = 125, OPEN_BRACKET = 91, CLOSE_BRACKET = 93, SMALL_U = 117;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LITERAL = /true|false|null/y;

class Fault extends Error {
  readonly fault: JsonFault;
  constructor(kind: JsonFaultKind, at: number, message: string) {
    super(message);
    this.fault = { kind, at, message };
  }
}

interface Container {
  readonly path: JsonPath | null;
  /** Keys seen so far (an object), or null for an array. */
  readonly keys: Set<string> | null;
  index: number;
}

/** Scans one JSON document (surrounding white space allowed). Iterative, so depth costs no stack. */
export function scanJson(text: string, limits: JsonLimits = JSON_LIMITS): Result<JsonLeaf[], JsonFault> {
  return attempt(text, limits, strictStringEnd);
}

/**
 * Scans and parses one document, as `scanJson` and `JSON.parse` one after the other.
 * Faster, because the inside of plain strings is looked at once: the scan takes a string to end at the next quote
 * that no backslash stands before, and leaves it to the parser to find control characters in it. Half surrogates
 * are looked for in the whole text. When anything is wrong, the strict scan says what.
 */
export function readJson(text: string, limits: JsonLimits = JSON_LIMITS): Result<{ leaves: JsonLeaf[]; value: unknown }, JsonFault> {
  if (text.isWellFormed()) {
    const leaves = attempt(text, limits, hoppingStringEnd(text));
    if (leaves.ok) {
      try {
        return ok({ leaves: leaves.value, value: JSON.parse(text) as unknown });
      } catch {
        // The strict scan knows why.
      }
    }
  }
  const strict = scanJson(text, limits);
  return strict.ok ? ok({ leaves: strict.value, value: JSON.parse(text) as unknown }) : strict;
}

/** Where a string token that begins at `start` ends. */
type StringEnd = (text: string, start: number) => { at: number; escaped: boolean };

function attempt(text: string, limits: JsonLimits, stringEnd: StringEnd): Result<JsonLeaf[], JsonFault> {
  try {
    return ok(scan(text, limits, stringEnd));
  } catch (error) {
    if (error instanceof Fault) return fail(error.fault);
    // A key whose inside nobody has looked at.
    if (error instanceof SyntaxError) return fail({ kind: "syntax", at: 0, message: "not JSON" });
    throw error;
  }
}

/** From quote to quote and backslash to backslash, by search. Asked in ascending order only. */
function hoppingStringEnd(text: string): StringEnd {
  let escape = -1; // the next backslash
  return (_, start) => {
    let from = start + 1;
    let quote = text.indexOf('"', from);
    if (escape < from) escape = find(text, "\\", from);
    if (quote < 0) throw new Fault("syntax", text.length, "a string without its end");
    if (quote < escape) return { at: quote + 1, escaped: false };
    while (escape < quote) {
      // Escaped surrogates must be paired.
      if (text.charCodeAt(escape + 1) === SMALL_U) return strictStringEnd(text, start);
      from = escape + 2;
      if (quote < from) quote = find(text, '"', from);
      escape = find(text, "\\", from);
    }
    if (quote === Infinity) throw new Fault("syntax", text.length, "a string without its end");
    return { at: quote + 1, escaped: true };
  };
}

function find(text: string, char: string, from: number): number {
  const at = text.indexOf(char, from);
  return at < 0 ? Infinity : at;
}

function scan(text: string, limits: JsonLimits, stringEnd: StringEnd): JsonLeaf[] {
  const leaves: JsonLeaf[] = [];
  const stack: Container[] = [];
  let at = skipSpace(text, 0);
  let nodes = 0;
  let path: JsonPath | null = null;

  for (;;) {
    // A value starts at `at`, and `path` is its place.
    if (++nodes > limits.maxNodes) throw new Fault("nodes", at, `more than ${limits.maxNodes} values`);
    const code = text.charCodeAt(at);
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (stack.length >= limits.maxDepth) throw new Fault("depth", at, `nested deeper than ${limits.maxDepth}`);
      const container: Container = { path, keys: code === OPEN_BRACE ? new Set() : null, index: 0 };
      at = skipSpace(text, at + 1);
      const close = container.keys ? CLOSE_BRACE : CLOSE_BRACKET;
      if (text.charCodeAt(at) === close) {
        at++;
      } else {
        stack.push(container);
        if (container.keys) [at, path] = readKey(text, at, container, leaves, stringEnd);
        else path = { parent: container.path, step: 0 };
        continue;
      }
    } else if (code === QUOTE) {
      const end = stringEnd(text, at);
      leaves.push({ kind: "string", start: at, end: end.at, escaped: end.escaped, path });
      at = end.at;
    } else {
      at = scalarEnd(text, at, path, leaves);
    }

    // A value has ended at `at`: close containers until one goes on.
    for (;;) {
      at = skipSpace(text, at);
      const container = stack[stack.length - 1];
      if (!container) {
        if (at < text.length) throw new Fault("syntax", at, "text after the end of the document");
        return leaves;
      }
      const next = text.charCodeAt(at);
      if (next === COMMA) {
        at = skipSpace(text, at + 1);
        if (container.keys) [at, path] = readKey(text, at, container, leaves, stringEnd);
        else path = { parent: container.path, step: ++container.index };
        break;
      }
      if (next !== (container.keys ? CLOSE_BRACE : CLOSE_BRACKET)) throw new Fault("syntax", at, container.keys ? "expected , or }" : "expected , or ]");
      stack.pop();
      at++;
    }
  }
}

function readKey(text: string, start: number, container: Container, leaves: JsonLeaf[], stringEnd: StringEnd): [number, JsonPath] {
  if (text.charCodeAt(start) !== QUOTE) throw new Fault("syntax", start, "expected a key");
  const end = stringEnd(text, start);
  const key = end.escaped ? (JSON.parse(text.slice(start, end.at)) as string) : text.slice(start + 1, end.at - 1);
  if (container.keys!.has(key)) throw new Fault("duplicate-key", start, "a key stands twice in one object");
  container.keys!.add(key);
  const path: JsonPath = { parent: container.path, step: key };
  leaves.push({ kind: "key", start, end: end.at, escaped: end.escaped, path });
  const colon = skipSpace(text, end.at);
  if (text.charCodeAt(colon) !== COLON) throw new Fault("syntax", colon, "expected :");
  return [skipSpace(text, colon + 1), path];
}

function scalarEnd(text: string, start: number, path: JsonPath | null, leaves: JsonLeaf[]): number {
  LITERAL.lastIndex = start;
  if (LITERAL.test(text)) return LITERAL.lastIndex;
  NUMBER.lastIndex = start;
  if (!NUMBER.test(text)) throw new Fault("syntax", start, start >= text.length ? "unexpected end" : "expected a value");
  const end = NUMBER.lastIndex;
  if (!Number.isFinite(Number(text.slice(start, end)))) throw new Fault("number-range", start, "a number outside the range of a double");
  leaves.push({ kind: "number", start, end, escaped: false, path });
  return end;
}

function skipSpace(text: string, at: number): number {
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return at;
    at++;
  }
}

const ESCAPE = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y;

function strictStringEnd(text: string, start: number): { at: number; escaped: boolean } {
  let escaped = false;
  let high = -1; // offset of a high surrogate that still waits for its low one
  for (let at = start + 1; at < text.length; ) {
    let code = text.charCodeAt(at);
    let width = 1;
    if (code === QUOTE) {
      if (high >= 0) throw new Fault("lone-surrogate", high, "half a surrogate pair");
      return { at: at + 1, escaped };
    }
    if (code < 32) throw new Fault("syntax", at, "a control character inside a string");
    if (code === BACKSLASH) {
      escaped = true;
      ESCAPE.lastIndex = at + 1;
      if (!ESCAPE.test(text)) throw new Fault("syntax", at, "an unknown escape");
      width = ESCAPE.lastIndex - at;
      code = width === 6 ? Number.parseInt(text.slice(at + 2, at + 6), 16) : 0;
    }
    const isLow = code >= 0xdc00 && code <= 0xdfff;
    if (high >= 0 !== isLow) throw new Fault("lone-surrogate", at, "half a surrogate pair");
    high = code >= 0xd800 && code <= 0xdbff ? at : -1;
    at += width;
  }
  throw new Fault("syntax", text.length, "a string without its end");
}

/** Replaces tokens by new string values. `edits` sorted by `leaf.start`, none overlapping; every other character stays. */
export function spliceJson(text: string, edits: readonly { leaf: JsonLeaf; value: string }[]): string {
  let out = "";
  let at = 0;
  for (const { leaf, value } of edits) {
    out += text.slice(at, leaf.start) + JSON.stringify(value);
    at = leaf.end;
  }
  return out + text.slice(at);
}
