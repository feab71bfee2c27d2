/** Text for a terminal: names that servers chose must not move the cursor, recolour or reorder what a person reads. */
import type { Io } from "./command.ts";

// Control characters, line and paragraph separators, bidirectional overrides, zero-width characters, tag characters.
const UNSAFE = /[\p{Cc}\u2028\u2029\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

/** Makes what cannot be seen visible: an escape character becomes `\u{1b}`. */
export function printable(text: string, max = 200): string {
  const safe = text.replace(UNSAFE, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`);
  return safe.length > max ? `${safe.slice(0, max - 1)}…` : safe;
}

/** JSON escapes what lies below the space, but U+009B alone begins a terminal sequence too, and people look at this. */
export function jsonText(value: unknown, indent?: number): string {
  // The line breaks of the layout stay.
  return JSON.stringify(value, null, indent).replace(/[^\P{C}\n]|[\u2028\u2029]/gu, (char) => Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, "0")}`).join(""));
}

const CODES = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const;
export type Paint = (style: keyof typeof CODES, text: string) => string;

/** Colours only where a person looks at a terminal and has not said no. */
export function painter(io: Io): Paint {
  const on = (io.stdout as { isTTY?: boolean }).isTTY === true && !io.env["NO_COLOR"] && io.env["TERM"] !== "dumb";
  return on ? (style, text) => `\u001b[${CODES[style]}m${text}\u001b[0m` : (_style, text) => text;
}
