/** One pass over a text that says which detectors have anything to look at, and where: by the machine where there is one, else by the same rules in plain JavaScript. */
import type { Detector } from "./detector.ts";
import { hashOf, INPUT_AT, KIND_BITS, OUTPUT_AT, OVERLAP, PIECE, SLOT_OF_FOUR } from "./kernel/layout.ts";
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
  const tables = buildTables(anchors, triggers);
  const byThree = Map.groupBy(anchors.filter(({ text }) => text.length === 3), ({ text }) => fourAt(text, 0) & 0xffffff);
  const byFour = Map.groupBy(anchors.filter(({ text }) => text.length > 3), ({ text, offset }) => fourAt(text, offset));
  const starts = startBits(triggers);
  let memory: Uint8Array | null = null;

  function machineFor(text: string): Machine | null {
    const machine = text.length < LONG ? null : currentMachine();
    if (machine !== null && (memory === null || machine.tables !== memory)) {
      memory ??= memoryOf(tables);
      machine.memory.set(memory);
      machine.tables = memory;
    }
    return machine;
  }

  return {
    sweep(text) {
      const found = new Map<number, number[]>();
      const ends = triggers.map(() => 0);
      const judge = (at: number): void => {
        const four = fourAt(text, at);
        if (tables.hashes[hashOf(four)] !== 0) compare(byFour.get(four), text, at, found);
        compare(byThree.get(four & 0xffffff), text, at, found);
        let begun = startsAt(starts, text, at);
        for (let i = 0; begun !== 0; i++, begun >>>= 1) {
          if ((begun & 1) === 0 || at < ends[i]!) continue; // inside the match before, as a search would have it
          const { owner, pattern } = triggers[i]!;
          pattern.lastIndex = at;
          if (!pattern.test(text)) continue;
          ends[i] = Math.max(at + 1, pattern.lastIndex);
          add(found, owner, at);
        }
      };
      const machine = machineFor(text);
      const ascii = machine ? sweepByMachine(machine, text, judge) : sweepByLoop(text, tables, judge);
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
function sweepByMachine({ memory, write, narrow, sweep }: Machine, text: string, judge: (at: number) => void): boolean {
  let ascii = true;
  for (let from = 0; from < text.length; from += PIECE) {
    const { read, written } = write(text.slice(from, from + PIECE + OVERLAP));
    if (read !== written) ascii = false;
    const units = read === written ? written : narrow(written);
    memory.fill(0, INPUT_AT + units, INPUT_AT + units + 32);
    const count = sweep(units);
    for (let i = 0; i < count; i++) {
      const at = memory[OUTPUT_AT + 2 * i]! | (memory[OUTPUT_AT + 2 * i + 1]! << 8);
      // The rest belongs to the next piece.
      if (at >= PIECE) break;
      judge(from + at);
    }
  }
  return ascii;
}
