/** What a text says once its disguises are off: invisible and look-alike characters, escapes, percent and HTML encoding, base64, hex. */
import { fromBase64, isBase64 } from "../../base/base64.ts";
import { CHARACTER } from "./kernel/layout.ts";
import { plainView, rewrite, runView, type View } from "./view.ts";

export interface DecodeLimits {
  readonly maxDepth: number;
  /** Characters of all decoded views together, as a multiple of the text, plus a floor for short texts. */
  readonly maxGrowth: number;
  readonly floor: number;
}

export const DECODE_LIMITS: DecodeLimits = { maxDepth: 3, maxGrowth: 6, floor: 65_536 };

export interface Decoded {
  /** First the text itself, folded. */
  readonly views: readonly View[];
  /** False when the size bound stopped the decoding: the text cannot be called clean. */
  readonly complete: boolean;
}

/** The folded text and every readable decoding of its parts. Deeper nesting than `maxDepth` is not followed; nothing is decoded that is not text. @param ascii the text is known to hold nothing beyond ASCII. */
export function decodeViews(text: string, limits: DecodeLimits = DECODE_LIMITS, ascii = false): Decoded {
  const views: View[] = [ascii ? plainView(text) : fold(plainView(text))];
  const depths = [0];
  let budget = text.length * limits.maxGrowth + limits.floor;
  for (let next = 0; next < views.length; next++) {
    const view = views[next]!;
    const depth = depths[next]! + 1;
    if (depth > limits.maxDepth) continue;
    for (const decoded of [unescape(view), ...decodedRuns(view)]) {
      if (!decoded) continue;
      budget -= decoded.text.length;
      if (budget < 0) return { views, complete: false };
      views.push(decoded);
      depths.push(depth);
    }
  }
  return { views, complete: true };
}

// ---- fold ----

const NON_ASCII = /[^\0-\x7f]/;
/** Greek and Cyrillic by the run, everything else beyond ASCII one by one: a wide class in one pattern is slow. */
const BEYOND_ASCII = /[\u0370-\u052f]+|[^\0-\x7f]/gu;
/** Default-ignorable characters and combining marks: nothing is left of them. */
const INVISIBLE = /[\u00ad\u0300-\u036f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]/;
/** Odd spaces, full-width, circled, ligature and mathematical letters: the plain character stands for them. */
const COMPATIBLE = /[\u00a0\u2000-\u200a\u202f\u205f\u3000\uff01-\uff5e\u2460-\u24ff\ufb00-\ufb06\u{1d400}-\u{1d7ff}\u{1f130}-\u{1f149}]/u;
const LOOK_ALIKES = new Map<string, string>();
{
  const from = "АВСЕНІЈКМОРЅТХҮаеосрѕіјхуԁһԛԝкΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαινρυ";
  const to = "ABCEHIJKMOPSTXYaeocpsijxydhqwkABEZHIKMNOPTYXoaivpu";
  [...from].forEach((char, i) => LOOK_ALIKES.set(char, to[i]!));
}

function fold(view: View): View {
  if (!NON_ASCII.test(view.text)) return view;
  return rewrite(view, BEYOND_ASCII, foldOne) ?? view;
}

function foldOne({ 0: chars, index, input }: RegExpExecArray): string | null {
  const code = chars.codePointAt(0)!;
  if (code >= 0xe0000 && code < 0xe1000) return code >= 0xe0020 && code <= 0xe007e ? String.fromCharCode(code - 0xe0000) : "";
  if (code >= 0x370 && code <= 0x52f) {
    // Greek and Cyrillic words stay; letters that touch Latin ones or digits are a disguise.
    const touches = /[A-Za-z0-9_-]/.test(input.charAt(index - 1) + input.charAt(index + chars.length));
    return touches ? [...chars].map((char) => LOOK_ALIKES.get(char) ?? char).join("") : null;
  }
  if (code === 0x2212 || (code >= 0x2010 && code <= 0x2015)) return "-";
  if (INVISIBLE.test(chars)) return "";
  return COMPATIBLE.test(chars) ? chars.normalize("NFKC") : null;
}

/** What folding does to a character by itself (kernel/layout.ts, `CHARACTER`): `plain` ones stay what they are whatever stands beside them, and no letter of ASCII is their other case. */
export function characterKind(code: number): number {
  const char = String.fromCharCode(code);
  const [small, big] = [char.toLowerCase(), char.toUpperCase()];
  if (code < 128 || (code >= 0x370 && code <= 0x52f) || (code >= 0xd800 && code <= 0xdfff) || !NON_ASCII.test(small[0]!) || (big.length === 1 && !NON_ASCII.test(big))) return CHARACTER.special;
  const folded = foldOne(Object.assign([char] as [string], { index: 0, input: char }) as RegExpExecArray);
  return folded === null || folded === char ? CHARACTER.plain : folded === "-" ? CHARACTER.dash : CHARACTER.special;
}

// ---- escapes inside the text ----

const ESCAPES =
  /%[0-7][0-9a-f]|(?:%[89a-f][0-9a-f]){2,64}|&(?:#\d{1,7}|#x[0-9a-f]{1,6}|amp|lt|gt|quot|apos|nbsp);|\\(?:u[0-9a-f]{4}|u\{[0-9a-f]{1,6}\}|x[0-9a-f]{2}|["'\\/nrt])/gi;
const ESCAPE = new RegExp(ESCAPES.source, "iy");

/** Does an escape stand here that `decodeViews` would look behind? */
export function holdsEscape(text: string, at: number): boolean {
  ESCAPE.lastIndex = at;
  return ESCAPE.test(text);
}

const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };
const CONTROL: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

function unescape(view: View): View | null {
  if (!/[%&\\]/.test(view.text)) return null;
  return rewrite(view, ESCAPES, ({ 0: code }) => unescapeOne(code));
}

function unescapeOne(code: string): string | null {
  const body = code.slice(1);
  if (code[0] === "%") {
    if (code.length === 3) return printable(Number.parseInt(body, 16));
    return utf8(Uint8Array.from(body.split("%"), (hex) => Number.parseInt(hex, 16)));
  }
  if (code[0] === "&") {
    const name = body.slice(0, -1).toLowerCase();
    if (name[0] !== "#") return NAMED[name] ?? null;
    return printable(name[1] === "x" ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1)));
  }
  if (body.length === 1) return CONTROL[body] ?? body;
  return printable(Number.parseInt(body.replace(/[ux{}]/gi, ""), 16));
}

function printable(code: number): string | null {
  const isControl = code < 32 ? code !== 9 && code !== 10 && code !== 13 : code === 127;
  return isControl || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? null : String.fromCodePoint(code);
}

// ---- base64 and hex runs ----

/** Shorter runs hold nothing that a detector could want: 20 characters are 15 bytes. */
const MIN_RUN = 20;

function decodedRuns(view: View): View[] {
  const found: View[] = [];
  for (const [start, end] of base64Runs(view.text)) {
    const text = decodeRun(view.text.slice(start, end));
    if (text !== null) found.push(runView(view, start, end, text));
  }
  return found;
}

/** Runs of the base64 alphabet; looks at every 20th character or so, so prose costs almost nothing. Full lines that follow each other are one run. */
export function base64Runs(text: string): [number, number][] {
  const runs: [number, number][] = [];
  for (let at = 0; at + MIN_RUN <= text.length; ) {
    // A run that begins at `at` has all of the next twenty characters; seen from the last one, most windows end after a few.
    let last = at + MIN_RUN - 1;
    while (last >= at && isBase64(text.charCodeAt(last))) last--;
    if (last >= at) {
      at = last + 1;
      continue;
    }
    const start = at;
    let end = runEnd(text, at + MIN_RUN);
    for (let line = start; end - line >= 60; ) {
      const breakLength = text.startsWith("\r\n", end) ? 2 : text[end] === "\n" ? 1 : 0;
      const nextLine = end + breakLength;
      const nextEnd = runEnd(text, nextLine);
      if (breakLength === 0 || nextEnd === nextLine) break;
      line = nextLine;
      end = nextEnd;
    }
    const padding = text.startsWith("==", end) ? 2 : text[end] === "=" ? 1 : 0;
    runs.push([start, end + padding]);
    at = end + padding + 1;
  }
  return runs;
}

/** Does a run of the base64 alphabet, up to two signs of padding included, decode to a text? */
export function saysSomething(run: string): boolean {
  return decodeRun(run) !== null;
}

function runEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length && isBase64(text.charCodeAt(end))) end++;
  return end;
}

function decodeRun(run: string): string | null {
  if (run.length >= 2 * 13 && run.length % 2 === 0 && /^[0-9a-f]+$/i.test(run)) {
    const bytes = new Uint8Array(run.length / 2);
    for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(run.slice(2 * i, 2 * i + 2), 16);
    return looksLikeText(bytes.subarray(0, 48)) ? utf8(bytes) : null;
  }
  const head = fromBase64(run.slice(0, 64));
  if (isUtf16(head)) return utf16(fromBase64(run));
  return looksLikeText(head) ? utf8(fromBase64(run)) : null;
}

/** No control characters, and UTF-8 as far as it goes: most runs are ruled out here, before a decoder is asked (which throws, slowly). */
function looksLikeText(bytes: Uint8Array): boolean {
  let pending = 0; // continuation bytes still to come
  for (const byte of bytes) {
    if (pending > 0) {
      if ((byte & 0xc0) !== 0x80) return false;
      pending--;
    } else if (byte >= 0x80) {
      pending = byte >= 0xc2 && byte < 0xe0 ? 1 : byte >= 0xe0 && byte < 0xf0 ? 2 : byte >= 0xf0 && byte < 0xf5 ? 3 : 0;
      if (pending === 0) return false;
    } else if (byte < 32 ? byte !== 9 && byte !== 10 && byte !== 13 : byte === 127) return false;
  }
  return true;
}

function isUtf16(bytes: Uint8Array): boolean {
  return bytes.length >= 16 && bytes.every((byte, i) => (i % 2 === 1 ? byte === 0 : byte >= 9 && byte < 127));
}

function utf16(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i + 1 < bytes.length; i += 2) text += String.fromCharCode(bytes[i]! | (bytes[i + 1]! << 8));
  return text;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

function utf8(bytes: Uint8Array): string | null {
  try {
    const text = UTF8.decode(bytes);
    return /[\0-\x08\x0e-\x1f\x7f]/.test(text) ? null : text;
  } catch {
    return null; // not UTF-8: not text, nothing to judge
  }
}
