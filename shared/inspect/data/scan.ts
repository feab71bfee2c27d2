/** Text in, matches out. */
import type { Match } from "./finding.ts";

export interface ScanContext {
  /** The JSON key (or header, or form field) under which the text stands; context for weak patterns (`password`, `iban`). */
  readonly key?: string;
}

export interface ScanResult {
  /** Sorted by start, none overlapping (the more specific class wins). */
  readonly matches: readonly Match[];
  /** Class globs that could not be judged (a detector threw or ran out of budget); restricting rules treat them as found. */
  readonly unknown: readonly string[];
}

/** Scans one decoded string with every detector of this build. Linear in `text.length`. */
export function scan(_text: string, _context: ScanContext = {}): ScanResult {
  return { matches: [], unknown: [] };
}
