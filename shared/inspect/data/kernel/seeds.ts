/** What a sweep looks for, made from the detectors themselves: of every anchor its rarest characters, of every trigger the first ones it declares. A detector cannot be forgotten here, because nothing here names one. */
import type { Detector } from "../detector.ts";
import { isBase64 } from "../../../base/base64.ts";
import { BASE64_AT, HASH_BITS, HASHES_AT, hashOf, PAIRS_AT, STARTS, STARTS_AT, STOPS_AT } from "./layout.ts";

/** Sets of characters (ASCII) that follow each other. */
type Sets = readonly (readonly number[])[];

/** An anchor, found by a part of it. */
export interface SeededAnchor {
  readonly text: string;
  /** Where in the anchor a seed of it begins. A longer one has two, at an even and an odd offset: wherever it stands, one of them stands at an even place, where the sweep sees all of it at once. */
  readonly offsets: readonly number[];
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

/** Everything that a sweep asks, machine or not (layout.ts says what each number means). */
export interface Tables {
  readonly pairs: Int32Array;
  /** Per hash of an anchor's seed: a bit. */
  readonly hashes: Uint8Array;
  /** Of everything that is known by how it begins, a bit each: first the triggers' `starts` in their order, then what the sweep stops at besides. */
  readonly starts: Int32Array;
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
    return { text, offsets: text.length <= SEED ? [0] : [rarest(text, 0), rarest(text, 1)], owners: [...new Set(list.map(({ owner }) => owner))] };
  });
}

/** @param from 0 or 1: looks at every second place from there. */
function rarest(text: string, from: number): number {
  let best = from;
  let least = Infinity;
  for (let at = from; at + SEED <= text.length; at += 2) {
    const chars = text.slice(at, at + SEED).split("");
    // Rulers and frames are runs of one sign.
    const weight = chars.reduce((product, char, i) => product * (char === chars[i - 1] ? 50 : frequency(char)), 1);
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

/** Most classes come again. */
const SETS = new Map<string, readonly number[]>();

/** `S[ACN]\d` → the sets of its three characters. */
export function readSets(start: string): Sets {
  const classes = start.match(/\[(?:\\.|[^\]\\])+\]|\\.|[^\\[\]]/gs) ?? [];
  return classes.map((text) => {
    const known = SETS.get(text);
    if (known) return known;
    const pattern = new RegExp(`^${/^[.+?*^$(){}|]$/.test(text) ? `\\${text}` : text}$`, "s");
    const set = Array.from({ length: 128 }, (_, code) => code).filter((code) => pattern.test(String.fromCharCode(code)));
    SETS.set(text, set);
    return set;
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

/** What every disguise by escapes begins with (decode.ts): the sweep stops there as well. */
export const ESCAPE_STARTS = ["%[\\da-fA-F][\\da-fA-F]", "&#[\\dxX]", "&[lgLG][tT];", "&[aqnAQN][a-zA-Z][a-zA-Z]", "\\\\[uU][{\\da-fA-F]", "\\\\[xX][\\da-fA-F]", "\\\\[\"'\\\\/nrtNRT]"].map(readSets);

/** @param letters characters at which to stop whatever follows. */
export function buildTables(anchors: readonly SeededAnchor[], triggers: readonly SeededTrigger[], letters: readonly number[]): Tables {
  const pairs = new PairTable();
  const hashes = new Uint8Array(1 << (HASH_BITS - 3));
  for (const { text, offsets } of anchors) {
    for (const offset of offsets) {
      const seed = text.slice(offset, offset + SEED);
      pairs.enter([...seed].map(bothCases), false, offsets.length === 1);
      const hash = hashOf(fourAt(seed, 0) & (seed.length < SEED ? 0xffffff : -1));
      hashes[hash >> 3]! |= 1 << (hash & 7);
    }
  }
  const begun = [...triggers.flatMap(({ starts }) => starts), ...ESCAPE_STARTS, ...letters.map((letter) => [[letter]])];
  for (const sets of begun) pairs.enter(sets, true, true);
  return { pairs: pairs.finished(), hashes, starts: startBits(begun) };
}

function startBits(begun: readonly Sets[]): Int32Array {
  if (begun.length > 32) throw new Error("too many beginnings for this table");
  const bits = new Int32Array(STARTS * 256);
  for (let position = 0; position < STARTS; position++) {
    const at = position * 256;
    bits.fill(begun.reduce((all, sets, i) => (sets[position] ? all : all | (1 << i)), 0), at, at + 256);
    begun.forEach((sets, i) => sets[position]?.forEach((byte) => (bits[at + byte]! |= 1 << i)));
  }
  return bits;
}

class PairTable {
  // What is decided by its first pair alone goes on with any.
  readonly #pairs = new Int32Array(new BigInt64Array(65_536).fill(1n << 63n).buffer);
  /** Per byte: the groups that begin with any pair that ends with it, and those that go on with any pair that begins with it. */
  readonly #ending = new Int32Array(256);
  readonly #beginning = new Int32Array(256);

  /**
   * Places are looked at in twos. A seed that begins with the first of the two shows whole: its first pair, and the next one.
   * A seed that begins with the second shows but three characters: any pair that ends with its first, and the next.
   * @param late may it begin with the second?
   */
  enter([first, second, third, fourth]: Sets, isShape: boolean, late: boolean): void {
    const [here, next] = groupsOf([first!, second, third, fourth], isShape);
    if (second) this.#mark(first!, second, 0, here);
    else for (let y = 0; y < 256; y++) this.#mark(first!, [y], 0, here);
    if (third && fourth) this.#mark(third, fourth, 1, here);
    else if (third) for (const code of third) this.#beginning[code]! |= 1 << here;
    if (!late) return;
    for (const code of first!) this.#ending[code]! |= 1 << next;
    if (second && third) this.#mark(second, third, 1, next);
  }

  #mark(low: readonly number[], high: readonly number[], word: 0 | 1, group: number): void {
    const pairs = this.#pairs;
    const bit = 1 << group;
    for (let i = 0; i < high.length; i++) {
      const row = 512 * high[i]! + word;
      for (let j = 0; j < low.length; j++) pairs[row + 2 * low[j]!]! |= bit;
    }
  }

  finished(): Int32Array {
    const pairs = this.#pairs;
    for (let code = 0; code < 128; code++) {
      const ending = this.#ending[code]!;
      const beginning = this.#beginning[code]!;
      if (ending !== 0) for (let at = 2 * (code << 8); at < 2 * ((code + 1) << 8); at += 2) pairs[at]! |= ending;
      if (beginning !== 0) for (let at = 2 * code + 1; at < pairs.length; at += 512) pairs[at]! |= beginning;
    }
    return pairs;
  }
}

/** The groups of a seed, for either place (`HERE`, `NEXT`). Groups keep a pair of one seed from going on with a pair of another: which seed is in which is a matter of speed alone, and those that take much stay away from those that take little. */
function groupsOf([first, second, third, fourth]: readonly (readonly number[] | undefined)[], isShape: boolean): readonly [number, number] {
  const code = first![0]! | 0x20;
  if (isShape) {
    if (!third) return [SHORT, SHORT];
    const group = isLetter(code) && first!.length < 3 ? 2 : isLetter(code) || isDigit(code) ? 0 : code === DOT ? 1 : 3;
    return [group, 16 + group];
  }
  const [a, b, c, d] = [first, second, third, fourth].map((set) => !set || isLetter(set[0]!));
  const late = a && b && c ? 21 + (code % 8) : 20;
  if ([first, second, third, fourth].some((set) => set?.[0] === SPACE)) return [14, late];
  if (!a || !b) return [4, late];
  if (!c || !d) return [5, late];
  if (!fourth) return [third![0] === T ? 15 : 6, late];
  return [7 + ((code + second![0]!) % 7), late];
}

/** Known by its first pair alone. */
const SHORT = 31;
const DOT = 46, SPACE = 32, T = 84;
const isLetter = (code: number): boolean => (code | 0x20) >= 97 && (code | 0x20) <= 122;
const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const bothCases = (char: string): number[] => [...new Set([char.charCodeAt(0), char.toUpperCase().charCodeAt(0)])];

/** The first bytes of the machine's memory. */
export function memoryOf({ pairs, hashes, starts }: Tables): Uint8Array {
  const memory = new Uint8Array(STOPS_AT);
  for (let code = 0; code < 128; code++) memory[BASE64_AT + code] = isBase64(code) ? 1 : 0;
  memory.set(new Uint8Array(starts.buffer), STARTS_AT);
  memory.set(hashes, HASHES_AT);
  memory.set(new Uint8Array(pairs.buffer), PAIRS_AT);
  return memory;
}
