/**
 * Messages that are judged without being parsed. Rule 8 of the wire: a message may skip the full reading only where a linear scan
 * has shown that it is unambiguous and holds nothing that any detector, its decodings included, could act on. The machine skims the
 * bytes (kernel/layout.ts); here stands what its stops mean. Whatever is not certain is left to the full reading, which is the
 * reference: a test holds the two against each other.
 */
import { JSON_LIMITS } from "../../base/json.ts";
import type { Message } from "../../mcp/message.ts";
import { characterKind, holdsEscape, saysSomething } from "./decode.ts";
import { CHARACTER, CHARACTERS_AT, INPUT_AT, LEAF_HEAD, MARKS_AT, MAX_RUNS, MANY_STOPS, OUT_AT, PIECES, RUNS_AT, SKIM_PIECE, STATE, STATE_AT, STOPS_AT, UNSURE } from "./kernel/layout.ts";
import { currentMachine, type Machine } from "./kernel/machine.ts";
import { KnownWords } from "./known-words.ts";
import type { Prefilter } from "./prefilter.ts";

/** A member near the top of a message that has been skimmed. */
export interface SkimmedMember {
  readonly depth: number;
  readonly key: string;
  /** Key of the object in which it stands; empty at the top. */
  readonly above: string;
  /** `s`tring, `n`umber, `t`rue, `f`alse, `0` null, `{`, `[`. */
  readonly type: string;
  /** Of a string or number, else empty. Null: not readable here. */
  readonly text: string | null;
}

export interface Skimmer {
  /**
   * @param parts the bytes of one line, in order.
   * @returns the members that the envelope is read from; null where the full reading has to look.
   */
  skim(parts: readonly Uint8Array[]): readonly SkimmedMember[] | null;
  /** Learns the keys of a message that was read in full because of them, so that the next one can be skimmed. */
  meet(message: Message): void;
  /** Learns a word that comes again and again as a value: a method, a tool. */
  learn(word: string): void;
}

/** Does a text hold nothing, judged at these places? */
export type TextJudge = (text: string, places: ReadonlyMap<number, readonly number[]>, key: string) => boolean;

/** Longer messages are left to the full reading: the strings of a skimmed one are all in memory. */
const MAX_SKIMMED = 4 * 1024 * 1024;
const BEYOND_ASCII = /[\x80-\xff]/;
const EQUALS = 61, PERCENT = 37, AMPERSAND = 38, BACKSLASH = 92;
const STATE_WORDS = STATE_AT / 4;
const TYPES: Readonly<Record<number, string>> = Object.fromEntries([..."snwtf0{["].map((type) => [type.charCodeAt(0), type]));
const WORD = "w".charCodeAt(0), STRING = "s".charCodeAt(0), NUMBER = "n".charCodeAt(0);

interface Leaf {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly key: string;
  readonly judge: ReturnType<Prefilter["judge"]>;
}

export function createSkimmer(prefilter: Prefilter, judge: TextJudge, isHarmless: (key: string) => boolean): Skimmer {
  const known = new KnownWords(isHarmless);
  const letters = new Map(prefilter.letters?.map(({ owner, code }) => [code, owner]));
  /** The last message had a key that is not known. */
  let wanting = false;

  /** @returns true once the last piece has been read. */
  function read(machine: Machine, parts: readonly Uint8Array[]): boolean {
    let which = 0;
    let begun = false;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!;
      for (let from = 0; from < part.length; from += SKIM_PIECE) {
        const piece = part.length <= SKIM_PIECE ? part : part.subarray(from, from + SKIM_PIECE);
        machine.memory.set(piece, INPUT_AT);
        // An empty part has no piece, so the first piece need not be of the first part.
        which = (begun ? 0 : PIECES.first) | (i === parts.length - 1 && from + SKIM_PIECE >= part.length ? PIECES.last : 0);
        begun = true;
        const why = machine.skim(piece.length, which);
        if (why === UNSURE.no) continue;
        if (why === UNSURE.character) classify(machine);
        wanting = why === UNSURE.key;
        return false;
      }
    }
    return (which & PIECES.last) !== 0;
  }

  /** Is there nothing in the strings? */
  function isClean(machine: Machine): boolean {
    const { words } = machine;
    return (words[STATE_WORDS + STATE.runs] === 0 || runsSayNothing(machine)) && (words[STATE_WORDS + STATE.stops] === 0 || stopsMeanNothing(machine));
  }

  function runsSayNothing({ memory, words, text }: Machine): boolean {
    const runs = words[STATE_WORDS + STATE.runs]!;
    if (runs === MAX_RUNS) return false;
    for (let i = 0; i < runs; i++) {
      const from = words[RUNS_AT / 4 + 2 * i]!;
      const to = words[RUNS_AT / 4 + 2 * i + 1]!;
      const behind = memory[to];
      // Lines that follow each other are one run.
      if (to - from >= 60 && (behind === 10 || behind === 13)) return false;
      const padding = behind !== EQUALS ? 0 : memory[to + 1] !== EQUALS ? 1 : 2;
      if (saysSomething(text(from, to + padding))) return false;
    }
    return true;
  }

  function stopsMeanNothing(machine: Machine): boolean {
    const { memory, words } = machine;
    const altered = words[STATE_WORDS + STATE.altered] !== 0;
    const end = words[STATE_WORDS + STATE.out]!;
    const stops = words[STATE_WORDS + STATE.stops]!;
    if (stops >= MANY_STOPS) return false;
    let leaf: Leaf | null = null;
    for (let i = 0; i < stops; i++) {
      const at = words[STOPS_AT / 4 + i]!;
      const code = memory[at]!;
      const escapes = code === PERCENT || code === AMPERSAND || code === BACKSLASH;
      const owner = letters.get(code);
      if (!escapes && owner === undefined && !prefilter.mayStand(memory, at)) continue;
      if (leaf === null || at >= leaf.end) {
        if (leaf !== null && !isSettled(leaf, altered)) return false;
        leaf = leafAt(machine, at, end);
      }
      const place = at - leaf.start;
      if (escapes && holdsEscape(leaf.text, place)) return false;
      leaf.judge.at(place);
      if (owner !== undefined) leaf.judge.found.set(owner, [...(leaf.judge.found.get(owner) ?? []), place]);
    }
    return leaf === null || isSettled(leaf, altered);
  }

  function leafAt(machine: Machine, at: number, end: number): Leaf {
    const head = machine.before(0, at);
    const start = head + LEAF_HEAD;
    const next = machine.after(0, at);
    const stop = next < 0 || next > end ? end : next;
    const text = machine.text(start, stop);
    return { start, end: stop, text, key: known.word((machine.memory[head + 1]! & 0x7f) | ((machine.memory[head + 2]! & 0x7f) << 7)), judge: prefilter.judge(text) };
  }

  function isSettled({ text, key, judge: { found } }: Leaf, altered: boolean): boolean {
    if (found.size === 0) return true;
    // What stands for a character beyond ASCII is not that character.
    if (altered || BEYOND_ASCII.test(text)) return false;
    // Several stops may have noted the same place.
    for (const [owner, places] of found) if (places.length > 1) found.set(owner, [...new Set(places)].sort((a, b) => a - b));
    return judge(text, found, key);
  }

  function membersOf({ words, text }: Machine): SkimmedMember[] {
    const altered = words[STATE_WORDS + STATE.altered] !== 0;
    const members: SkimmedMember[] = [];
    for (let i = 0; i < words[STATE_WORDS + STATE.marks]!; i++) {
      const at = MARKS_AT / 4 + 4 * i;
      const keys = words[at]!;
      const type = (words[at + 1]! >>> 8) & 0xff;
      const start = words[at + 2]!;
      const said = type === WORD ? known.word(start) : type === STRING || type === NUMBER ? text(start, words[at + 3]!) : "";
      // Any dash is read as `-`: what was found under a known word may be another word.
      const isUncertain = type === STRING ? altered || BEYOND_ASCII.test(said) : type === WORD && altered && said.includes("-");
      members.push({ key: known.word(keys & 0xffff), above: known.word(keys >>> 16), depth: words[at + 1]! & 0xff, type: type === WORD ? "s" : TYPES[type]!, text: isUncertain ? null : said });
    }
    return members;
  }

  return {
    skim(parts) {
      let size = 0;
      for (let i = 0; i < parts.length; i++) size += parts[i]!.length;
      const machine = size > MAX_SKIMMED || prefilter.letters === null ? null : currentMachine();
      if (machine === null) return null;
      machine.reserve(OUT_AT + Math.ceil(1.25 * size) + 1024);
      prefilter.load(machine);
      known.load(machine);
      return read(machine, parts) && machine.words[STATE_WORDS + STATE.nodes]! <= JSON_LIMITS.maxNodes && isClean(machine) ? membersOf(machine) : null;
    },
    meet(message) {
      if (!wanting || message.kind !== "single") return;
      wanting = false;
      known.meet(message.leaves.flatMap(({ kind, path }) => (kind === "key" && typeof path?.step === "string" ? [path.step] : [])));
    },
    learn: (word) => known.meet([word]),
  };
}

/** An unknown character: with it, the 255 others of its block become known. */
function classify({ words, memory }: Machine): void {
  const block = words[STATE_WORDS + STATE.code]! & ~0xff;
  if (block > 0xffff || memory[CHARACTERS_AT + block + 0xff] !== CHARACTER.unknown) return;
  for (let code = block; code < block + 256; code++) memory[CHARACTERS_AT + code] = characterKind(code);
}
