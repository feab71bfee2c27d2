/** Keys that the envelope of a message is made of, and keys that somebody could take for one of them. */
import { METHODS } from "./methods.ts";

export const ENVELOPE_KEYS: ReadonlySet<string> = new Set(["jsonrpc", "id", "method", "params", "result", "error"]);

const subjects = [...new Set(Object.values(METHODS).flatMap(({ subject }) => (subject ? [subject.at] : [])))];

/** Members near the top from which a skimmed message's envelope is read. */
export const ENVELOPE_MARKS: ReadonlySet<string> = new Set(["id", "method", "params", "result", "error", ...subjects, "isError"]);

/** Keys from which Sluice learns, whatever the method; a message that has one is read in full. */
const LEARNED: ReadonlySet<string> = new Set(
  Object.values(METHODS).flatMap(({ legacy, modern }) => [legacy, modern].flatMap((facts) => [facts?.learns?.params, facts?.learns?.result].flatMap((learned) => (learned === undefined || learned === "always" ? [] : learned)))),
);

/** Does a message with this key, wherever it stands, need the full reading? */
export function needsFullReading(key: string): boolean {
  return LEARNED.has(key) || key === "task" || key.startsWith("io.modelcontextprotocol/") || isTwin(key);
}

/** Some parsers (Go's encoding/json) match keys whatever their case and let the last one win: they would act on `Method` where we judged `method`. */
function isTwin(key: string): boolean {
  const twins = (original: string): boolean => original !== key && foldCase(original) === foldCase(key);
  return [...ENVELOPE_KEYS, ...subjects].some(twins);
}

const folded = new Map<string, string>();

/** Up and down again: `ſ` is an s and the Kelvin sign a k to Unicode, and to Go. */
export function foldCase(key: string): string {
  if (key.length > 16) return key;
  let text = folded.get(key);
  if (text === undefined) {
    text = key.toUpperCase().toLowerCase();
    if (folded.size >= 1000) folded.clear();
    folded.set(key, text);
  }
  return text;
}
