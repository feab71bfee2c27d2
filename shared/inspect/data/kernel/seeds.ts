/** What a sweep looks for, made from the detectors themselves: of every anchor its rarest characters, of every trigger the first ones it declares. A detector cannot be forgotten here, because nothing here names one. */
import type { Detector } from "../detector.ts";
import { isBase64 } from "../../../base/base64.ts";
import { BASE64_AT, HASH_BITS, HASHES_AT, hashOf, KIND_BITS, KINDS_AT, SLOT_OF_FOUR, SLOT_OF_THREE, SLOTS_AT, STOPS_AT } from "./layout.ts";

/** Sets of characters (ASCII) that follow each other. */
type Sets = readonly (readonly number[])[];

/** An anchor, found by a part of it. */
export interface SeededAnchor {
  readonly text: string;
  /** Where in the anchor its seed begins. */
  readonly offset: number;
  /** Detectors that want it, by index. */
  readonly owners: readonly number[];
}

/** A trigger whose first characters are known. */
export interface SeededTrigger {
  readonly owner: number;
  /** Sticky: tried where a seed stands. */
  readonly pattern: RegExp;
  readonly starts: readonly Sets[];
}

/** Everything that a sweep asks, machine or not. */
export interface Tables {
  /** Per byte: its kind. Small and capital letters share one; 0 is what no seed begins with. */
  readonly kinds: Uint8Array;
  /** Per three kinds: 0, or which of the `SLOT_…` may stand there. */
  readonly slots: Uint8Array;
  /** Per hash of four characters: 1 where an anchor's seed has it. */
  readonly hashes: Uint8Array;
}

const SEED = 4;
/** Small enough for any anchor. */
const SHORTEST = 3;
export const KELVIN = 0x212a;

/** Roughly, how often a character stands in prose, JSON and code: spaces and frequent letters above all. */
function frequency(char: string): number {
  if (char === " ") return 150;
  const rank = "etaoinsrhldcumfpgwybvkxjqz".indexOf(char);
  return rank >= 0 ? 100 / (1 + rank / 3) : /[0-9.,"]/.test(char) ? 8 : 2;
}

export function seedAnchors(detectors: readonly Detector[]): SeededAnchor[] {
  const owners = Map.groupBy(
    detectors.flatMap((detector, owner) => detector.anchors.map((text) => ({ text, owner }))),
    ({ text }) => text,
  );
  return Array.from(owners, ([text, list]) => {
    if (text.length < SHORTEST || /[^\0-\x7f]|[A-Z]/.test(text)) throw new Error(`an anchor needs three lower-case ASCII characters: ${text}`);
    return { text, offset: rarest(text), owners: [...new Set(list.map(({ owner }) => owner))] };
  });
}

function rarest(text: string): number {
  let best = 0;
  let least = Infinity;
  for (let at = 0; at + Math.min(SEED, text.length) <= text.length; at++) {
    const weight = text.slice(at, at + SEED).split("").reduce((product, char) => product * frequency(char), 1);
    if (weight < least) [best, least] = [at, weight];
  }
  return best;
}

export function seedTriggers(detectors: readonly Detector[]): SeededTrigger[] {
  return detectors.flatMap(({ trigger, starts }, owner) => {
    if (!trigger || !starts) return [];
    const read = starts.map(readSets);
    if (read.some((sets) => sets.length < SHORTEST)) throw new Error(`a trigger's beginning needs three characters: ${starts.join(" ")}`);
    return [{ owner, pattern: new RegExp(trigger.source, trigger.flags.replace("g", "y")), starts: read }];
  });
}

/** `S[ACN]\d` → the sets of its three characters. */
export function readSets(start: string): Sets {
  const classes = start.match(/\[(?:\\.|[^\]\\])+\]|\\.|[^\\[\]]/gs) ?? [];
  return classes.map((text) => {
    const pattern = new RegExp(`^${/^[.+?*^$(){}|]$/.test(text) ? `\\${text}` : text}$`, "s");
    return Array.from({ length: 128 }, (_, code) => code).filter((code) => pattern.test(String.fromCharCode(code)));
  });
}

/** Four characters as the machine reads them; spaces behind the end. */
export function fourAt(text: string, at: number): number {
  let four = 0;
  for (let i = 0; i < SEED; i++) {
    const code = text.charCodeAt(at + i); // not a number behind the end, which counts as 0
    four |= (code < 128 ? code | 0x20 : code === KELVIN ? 0x6b : code > 127 ? 0xff : 0x20) << (8 * i);
  }
  return four;
}

export function slotOf(kinds: Uint8Array, a: number, b: number, c: number): number {
  return (kinds[a]! << (2 * KIND_BITS)) | (kinds[b]! << KIND_BITS) | kinds[c]!;
}

/** What every disguise by escapes begins with (decode.ts), a third character where it says any: the sweep stops there as well. */
const ESCAPE_STARTS = ["%[0-9a-f][0-9a-f]", "&#[\\0-\\x7f]", "&[alqgn][a-z]", "\\\\[ux\"'\\\\/nrt][\\0-\\x7f]"].map(readSets);

/** @param letters characters at which to stop whatever follows. */
export function buildTables(anchors: readonly SeededAnchor[], triggers: readonly SeededTrigger[], letters: readonly number[]): Tables {
  const kinds = new Uint8Array(256);
  let last = 0;
  const know = (code: number): void => {
    const small = String.fromCharCode(code).toLowerCase();
    const big = small.toUpperCase();
    if (kinds[code] === 0) kinds[small.charCodeAt(0)] = kinds[big.charCodeAt(0)] = ++last;
  };
  const seeds = anchors.map(({ text, offset }) => text.slice(offset, offset + SEED));
  for (const seed of seeds) for (let i = 0; i < SHORTEST; i++) know(seed.charCodeAt(i));
  for (const { starts } of triggers) for (const sets of starts) sets.slice(0, SHORTEST).flat().forEach(know);
  letters.forEach(know);
  for (const [first, second] of ESCAPE_STARTS) for (const code of [...first!, ...second!]) know(code);
  if (last >= 1 << KIND_BITS) throw new Error("too many kinds of characters for this table");

  const slots = new Uint8Array(1 << (3 * KIND_BITS));
  const hashes = new Uint8Array(1 << HASH_BITS);
  for (const seed of seeds) {
    slots[slotOf(kinds, seed.charCodeAt(0), seed.charCodeAt(1), seed.charCodeAt(2))]! |= seed.length < SEED ? SLOT_OF_THREE : SLOT_OF_FOUR;
    if (seed.length === SEED) hashes[hashOf(fourAt(seed, 0))] = 1;
  }
  for (const [first, second, third] of [...triggers.flatMap(({ starts }) => starts), ...ESCAPE_STARTS]) for (const a of first!) for (const b of second!) for (const c of third!) slots[slotOf(kinds, a, b, c)]! |= SLOT_OF_THREE;
  for (const letter of letters) slots.fill(SLOT_OF_THREE, slotOf(kinds, letter, 0, 0), slotOf(kinds, letter, 0, 0) + (1 << (2 * KIND_BITS)));
  return { kinds, slots, hashes };
}

/** The first bytes of the machine's memory. */
export function memoryOf({ kinds, slots, hashes }: Tables): Uint8Array {
  const memory = new Uint8Array(STOPS_AT);
  for (let code = 0; code < 128; code++) memory[BASE64_AT + code] = isBase64(code) ? 1 : 0;
  memory.set(kinds, KINDS_AT);
  memory.set(hashes, HASHES_AT);
  memory.set(slots, SLOTS_AT);
  return memory;
}
