/** One pass over a text that says which detectors have anything to look at, and where: by the machine where there is one, else by the same rules in plain JavaScript. */
import type { Detector } from "./detector.ts";
import { hashOf, INPUT_AT, KIND_BITS, OVERLAP, PIECE, SLOT_OF_FOUR, STOPS_AT } from "./kernel/layout.ts";
import { currentMachine, type Machine } from "./kernel/machine.ts";
import { buildTables, fourAt, KELVIN, memoryOf, seedAnchors, seedTriggers, type SeededAnchor, type SeededTrigger, type Tables } from "./kernel/seeds.ts";

/** What stands in a text. */
export interface Swept {
  /** No character beyond ASCII. */
  readonly ascii: boolean;
  /** Places per detector (index into the list), ascending; a detector that is absent cannot match. */
  readonly places: ReadonlyMap<number, readonly number[]>;
}

export interface Prefilter {
  sweep(text: string): Swept;
  /** Makes the machine look for what this prefilter looks for. */
  load(machine: Machine): void;
  /** May anything stand there, in bytes that are one a character? Says no at most of the machine's stops without asking for their text. */
  mayStand(bytes: Uint8Array, at: number): boolean;
  /** Judges the machine's stops in one text. */
  judge(text: string): StopJudge;
  /** Triggers that are a single character each, which stands in every match of theirs; null where some trigger is neither that nor says how it begins. */
  readonly letters: readonly { readonly owner: number; readonly code: number }[] | null;
}

/** What stands at the places of one text that it was asked about, in ascending order. */
export interface StopJudge {
  at(place: number): void;
  readonly found: Map<number, number[]>;
}

const NOTHING: Swept = { ascii: true, places: new Map() };
/** Shorter texts are done before the machine has been fed. */
const LONG = 96;

/**
 * Soundness: the machine and the plain loop both stop wherever a seed may stand, and both may stop too often, never too seldom;
 * at each stop the same exact comparison decides. A seed is part of its anchor, so no anchor stands where there is no stop;
 * a trigger declares what all its matches begin with, or is run over the whole text. A test holds both against a search without any filter.
 */
export function buildPrefilter(detectors: readonly Detector[]): Prefilter {
  const anchors = seedAnchors(detectors);
  const triggers = seedTriggers(detectors);
  const searches = detectors.flatMap(({ trigger, starts }, owner) => (trigger && !starts ? [{ owner, trigger }] : []));
  const letters = lettersOf(searches);
  const tables = buildTables(anchors, triggers, letters?.map(({ code }) => code) ?? []);
  const byThree = Map.groupBy(anchors.filter(({ text }) => text.length === 3), ({ text }) => fourAt(text, 0) & 0xffffff);
  const byFour = Map.groupBy(anchors.filter(({ text }) => text.length > 3), ({ text, offset }) => fourAt(text, offset));
  const starts = startBits(triggers);
  let memory: Uint8Array | null = null;

  function load(machine: Machine): void {
    if (memory !== null && machine.tables === memory) return;
    memory ??= memoryOf(tables);
    machine.memory.set(memory);
    machine.tables = memory;
  }

  function judge(text: string): StopJudge {
    const found = new Map<number, number[]>();
    const ends = triggers.map(() => 0);
    return {
      found,
      at(place) {
        const four = fourAt(text, place);
        if (tables.hashes[hashOf(four)] !== 0) compare(byFour.get(four), text, place, found);
        compare(byThree.get(four & 0xffffff), text, place, found);
        let begun = startsAt(starts, text, place);
        for (let i = 0; begun !== 0; i++, begun >>>= 1) {
          if ((begun & 1) === 0 || place < ends[i]!) continue; // inside the match before, as a search would have it
          const { owner, pattern } = triggers[i]!;
          pattern.lastIndex = place;
          if (!pattern.test(text)) continue;
          ends[i] = Math.max(place + 1, pattern.lastIndex);
          add(found, owner, place);
        }
      },
    };
  }

  return {
    load,
    judge,
    mayStand(bytes, at) {
      const four = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) | 0x20202020;
      if (tables.hashes[hashOf(four)] !== 0 && byFour.get(four)?.some((anchor) => standsIn(bytes, at - anchor.offset, anchor))) return true;
      if (byThree.get(four & 0xffffff)?.some((anchor) => standsIn(bytes, at - anchor.offset, anchor))) return true;
      let all = -1;
      for (let position = 0; position < STARTS && all !== 0; position++) {
        const code = bytes[at + position]!;
        // Behind the end of a text, and beyond ASCII, anything may stand.
        if (code === 0 || code > 127) return all !== 0 && position > 0;
        all &= starts[position * 128 + code]!;
      }
      return all !== 0;
    },
    letters,
    sweep(text) {
      const { at, found } = judge(text);
      const machine = text.length < LONG ? null : currentMachine();
      if (machine) load(machine);
      const ascii = machine ? sweepByMachine(machine, text, at) : sweepByLoop(text, tables, at);
      for (const { owner, trigger } of searches) {
        trigger.lastIndex = 0;
        for (let match = trigger.exec(text); match; match = trigger.exec(text)) add(found, owner, match.index);
      }
      if (found.size === 0) return ascii ? NOTHING : { ascii, places: NOTHING.places };
      for (const [index, list] of found) if (list.length > 1) found.set(index, tidy(list));
      return { ascii, places: found };
    },
  };
}

function lettersOf(searches: readonly { readonly owner: number; readonly trigger: RegExp }[]): Prefilter["letters"] {
  const letters = searches.map(({ owner, trigger }) => ({ owner, code: /^[\x21-\x7e]$/.test(trigger.source) ? trigger.source.charCodeAt(0) : -1 }));
  return letters.some(({ code }) => code < 0) ? null : letters;
}

function add(found: Map<number, number[]>, index: number, at: number): void {
  const list = found.get(index);
  if (list === undefined) found.set(index, [at]);
  else list.push(at);
}

/** Ascending, each once: two anchors may stand at one place, and are not met in the order in which they begin. */
function tidy(list: number[]): number[] {
  list.sort((a, b) => a - b);
  return list.filter((at, i) => at !== list[i - 1]);
}

/** Notes those of the anchors that stand where a seed of theirs begins. */
function compare(anchors: readonly SeededAnchor[] | undefined, text: string, at: number, found: Map<number, number[]>): void {
  if (anchors === undefined) return;
  for (const anchor of anchors) if (stands(text, at - anchor.offset, anchor)) for (const owner of anchor.owners) add(found, owner, at - anchor.offset);
}

function stands(text: string, at: number, { text: anchor }: SeededAnchor): boolean {
  return at >= 0 && text.slice(at, at + anchor.length).toLowerCase() === anchor;
}

function standsIn(bytes: Uint8Array, from: number, { text }: SeededAnchor): boolean {
  for (let i = 0; i < text.length; i++) {
    const byte = bytes[from + i]!;
    if ((byte >= 65 && byte <= 90 ? byte | 0x20 : byte) !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** So many characters of a trigger's beginning are compared before the trigger itself is tried. */
const STARTS = 8;

/** Per position and character of ASCII: the triggers one of whose beginnings may have it there, as bits. Exact, unlike the groups: it tells small from capital letters. */
function startBits(triggers: readonly SeededTrigger[]): Int32Array {
  if (triggers.length > 31) throw new Error("too many triggers for this table");
  const bits = new Int32Array(STARTS * 128);
  triggers.forEach(({ starts }, i) => {
    for (const sets of starts) for (let position = 0; position < STARTS; position++) for (let code = 0; code < 128; code++) if (sets[position]?.includes(code) ?? true) bits[position * 128 + code]! |= 1 << i;
  });
  return bits;
}

function startsAt(bits: Int32Array, text: string, at: number): number {
  let all = -1;
  for (let position = 0; position < STARTS && at + position < text.length && all !== 0; position++) {
    const code = text.charCodeAt(at + position);
    all &= code < 128 ? bits[position * 128 + code]! : position === 0 ? 0 : -1;
  }
  return all;
}

const KINDS = (1 << (3 * KIND_BITS)) - 1;

/** @returns whether the text is ASCII. */
function sweepByLoop(text: string, { kinds, slots, hashes }: Tables, judge: (at: number) => void): boolean {
  let all = 0;
  let last = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    all |= code;
    last = ((last << KIND_BITS) | (code < 128 ? kinds[code]! : code === KELVIN ? kinds[0x6b]! : 0)) & KINDS;
    const slot = slots[last]!;
    if (slot !== 0 && (slot !== SLOT_OF_FOUR || hashes[hashOf(fourAt(text, i - 2))] !== 0)) judge(i - 2);
  }
  return all < 128;
}

/** @returns whether the text is ASCII. */
function sweepByMachine({ memory, words, write, narrow, sweep }: Machine, text: string, judge: (at: number) => void): boolean {
  let ascii = true;
  for (let from = 0; from < text.length; from += PIECE) {
    const { read, written } = write(text.slice(from, from + PIECE + OVERLAP));
    if (read !== written) ascii = false;
    const units = read === written ? written : narrow(written);
    memory.fill(0, INPUT_AT + units, INPUT_AT + units + 32);
    const count = sweep(INPUT_AT, INPUT_AT + units);
    for (let i = 0; i < count; i++) {
      const at = words[STOPS_AT / 4 + i]! - INPUT_AT;
      // The rest belongs to the next piece.
      if (at >= PIECE) break;
      judge(from + at);
    }
  }
  return ascii;
}
