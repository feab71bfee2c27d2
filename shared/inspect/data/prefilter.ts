/** One pass over a text that says which detectors have anything to look at, and where: by the machine where there is one, else by the same rules in plain JavaScript. */
import type { Detector } from "./detector.ts";
import { hashOf, HERE, INPUT_AT, NEXT, OVERLAP, PIECE, SHAPED, STARTS, STOPS_AT } from "./kernel/layout.ts";
import { currentMachine, type Machine } from "./kernel/machine.ts";
import { buildTables, fourAt, KELVIN, memoryOf, seedAnchors, seedTriggers, type Tables } from "./kernel/seeds.ts";

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

interface Seed {
  /** The whole anchor. */
  readonly text: string;
  /** Where in the anchor the seed begins. */
  readonly offset: number;
  readonly owners: readonly number[];
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
  const byThree = Map.groupBy(anchors.filter(({ text }) => text.length === 3).map(({ text, owners }) => ({ text, offset: 0, owners })), ({ text }) => fourAt(text, 0) & 0xffffff);
  const byFour = Map.groupBy(anchors.filter(({ text }) => text.length > 3).flatMap(({ text, offsets, owners }) => offsets.map((offset) => ({ text, offset, owners }))), ({ text, offset }) => fourAt(text, offset));
  const begun = triggers.flatMap(({ starts }, i) => starts.map(() => i));
  const triggersOnly = begun.length === 32 ? -1 : (1 << begun.length) - 1;
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
        if (isHashed(tables, four)) compare(byFour.get(four), text, place, found);
        if (isHashed(tables, four & 0xffffff)) compare(byThree.get(four & 0xffffff), text, place, found);
        let bits = startsAt(tables, text, place) & triggersOnly;
        for (; bits !== 0; bits &= bits - 1) {
          const i = begun[31 - Math.clz32(bits & -bits)]!;
          if (place < ends[i]!) continue; // inside the match before, as a search would have it
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
      if (isHashed(tables, four) && byFour.get(four)?.some((anchor) => standsIn(bytes, at - anchor.offset, anchor))) return true;
      if (byThree.get(four & 0xffffff)?.some((anchor) => standsIn(bytes, at - anchor.offset, anchor))) return true;
      let all = triggersOnly;
      for (let position = 0; position < STARTS && all !== 0; position++) all &= tables.starts[position * 256 + bytes[at + position]!]!;
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
function compare(anchors: readonly Seed[] | undefined, text: string, at: number, found: Map<number, number[]>): void {
  if (anchors === undefined) return;
  for (const anchor of anchors) if (stands(text, at - anchor.offset, anchor)) for (const owner of anchor.owners) add(found, owner, at - anchor.offset);
}

function stands(text: string, at: number, { text: anchor }: Seed): boolean {
  return at >= 0 && text.slice(at, at + anchor.length).toLowerCase() === anchor;
}

function standsIn(bytes: Uint8Array, from: number, { text }: Seed): boolean {
  for (let i = 0; i < text.length; i++) {
    const byte = bytes[from + i]!;
    if ((byte >= 65 && byte <= 90 ? byte | 0x20 : byte) !== text.charCodeAt(i)) return false;
  }
  return true;
}

function isHashed({ hashes }: Tables, chars: number): boolean {
  const hash = hashOf(chars);
  return ((hashes[hash >> 3]! >> (hash & 7)) & 1) !== 0;
}

/** Exact, unlike the groups: what begins there, as far as it was declared. Beyond ASCII, and behind the end, nothing goes on. */
function startsAt({ starts }: Tables, text: string, at: number): number {
  let all = -1;
  for (let position = 0; position < STARTS && all !== 0; position++) all &= starts[position * 256 + (at + position < text.length ? byteOf(text.charCodeAt(at + position)) : 0)]!;
  return all;
}

/** A character as the machine sees it. */
function byteOf(code: number): number {
  return code < 128 ? code : code === KELVIN ? 0x6b : 0xff;
}

/** @returns whether the text is ASCII. */
function sweepByLoop(text: string, tables: Tables, judge: (at: number) => void): boolean {
  const { pairs } = tables;
  const look = (at: number, groups: number): void => {
    if ((groups & ~SHAPED) !== 0) {
      const four = fourAt(text, at);
      if (isHashed(tables, four) || isHashed(tables, four & 0xffffff)) return judge(at);
    }
    if ((groups & SHAPED) !== 0 && startsAt(tables, text, at) !== 0) judge(at);
  };
  let all = 0;
  let begun = 0;
  // Each round looks at the pair before this one, now that it is known how it goes on.
  for (let i = 0; i < text.length + 2; i += 2) {
    let a = i < text.length ? text.charCodeAt(i) : 0;
    let b = i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
    if ((a | b) > 127) {
      all = 128;
      a = byteOf(a);
      b = byteOf(b);
    }
    const pair = 2 * (a | (b << 8));
    const groups = begun & pairs[pair + 1]!;
    if (groups !== 0) {
      if ((groups & HERE) !== 0) look(i - 2, groups & HERE);
      if ((groups & NEXT) !== 0) look(i - 1, groups & NEXT);
    }
    begun = pairs[pair]!;
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
