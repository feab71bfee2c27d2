/** What a detector is: it says where it wants to look, and judges those places only. It knows no transport and no policy. */
import type { DataClass } from "./finding.ts";

/** What one detector found in one view of a text. */
export interface Candidate {
  readonly class: DataClass;
  /** 0..1; policy thresholds: low 0.3, medium 0.6, high 0.85. */
  readonly confidence: number;
  readonly start: number;
  readonly end: number;
}

export interface DetectorContext {
  /** The JSON key, header or form field under which the text stands; empty when unknown. */
  readonly key: string;
}

export interface Detector {
  readonly id: string;
  /** Every class it may report; these are "unknown" when it fails. */
  readonly classes: readonly DataClass[];
  /** Lower-case literals, one of which stands in every text that can match (case is ignored). */
  readonly anchors: readonly string[];
  /** For values without a literal: a global pattern of places worth a look, linear by its form. */
  readonly trigger?: RegExp;
  /** What every match of the trigger begins with, three to eight characters each, class by class (`S[ACN]\\d`). Without it the trigger is run over the whole text, which is slower. */
  readonly starts?: readonly string[];
  /** Judges by surroundings, not by the value's own form. Such a detector is silent under fields that are noise by name and in text that was joined together. */
  readonly contextual: boolean;
  /** Most characters that one attempt at one place reads. Charged to the budget, so a text full of anchors ends as "unknown" instead of taking its time. */
  readonly reach: number;
  /** True when the key alone is reason enough to look, without any anchor in the text. */
  wants?(key: string): boolean;
  /** @param at places of the anchors (or of the trigger's matches), ascending. */
  find(text: string, at: readonly number[], context: DetectorContext): Candidate[];
}

/** A letter or digit of ASCII, or `_`: what may not stand right beside a token. */
export function isWord(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
}

/** Longer values are judged by their beginning: hostile text pays for every character here. */
const ENTROPY_SAMPLE = 96;
const counts = new Uint8Array(128);

/** Bits per character. */
export function entropy(value: string): number {
  const length = Math.min(value.length, ENTROPY_SAMPLE);
  counts.fill(0);
  for (let i = 0; i < length; i++) counts[value.charCodeAt(i) & 127]!++;
  let bits = 0;
  for (let i = 0; i < 128; i++) if (counts[i]! > 0) bits -= (counts[i]! / length) * Math.log2(counts[i]! / length);
  return bits;
}

/**
 * Text around a place, at most `size` characters, never across a replacement of ours: what was context
 * before a redaction must not become context of something else after it.
 */
export function textBefore(text: string, at: number, size: number): string {
  const before = text.slice(Math.max(0, at - size), at);
  const barrier = Math.max(before.lastIndexOf("[redacted "), before.lastIndexOf("[[sluice:"), before.lastIndexOf("•"));
  return barrier < 0 ? before : before.slice(barrier + 1).replace(/^(?:redacted |\[sluice:)[^\]]*\]{0,2}/, "");
}

export function textAfter(text: string, at: number, size: number): string {
  const after = text.slice(at, at + size);
  const mask = after.search(/\[redacted |\[\[sluice:|•/);
  return mask < 0 ? after : after.slice(0, mask);
}
