/** Where things stand in the memory of the sweep's machine, and its hashes. */

/** Texts are swept in pieces of so many UTF-16 units, each with a few more units of the next behind it. */
export const PIECE = 32_768;
/** A seed has at most four characters, so the next piece's first three belong to a place at the end of this one. */
export const OVERLAP = 3;

/** Characters fall into 64 kinds, so three of them make an 18-bit number. */
export const KIND_BITS = 6;
export const KINDS_AT = 0;
/** One byte for each byte: may stand in base64 of either alphabet. */
export const BASE64_AT = 256;
/** One byte for each value of a hash: some anchor's seed is four such characters. */
export const HASHES_AT = 4096;
export const HASH_BITS = 13;
export const HASH_FACTOR = 0x9e3779b1 | 0;
/** One byte for each three kinds: what may stand where they follow each other. */
export const SLOTS_AT = HASHES_AT + (1 << HASH_BITS);
/** The first four characters decide; below it the first three are enough. */
export const SLOT_OF_FOUR = 1;
export const SLOT_OF_THREE = 2;
/** Offsets found, 32 bits each. */
export const STOPS_AT = SLOTS_AT + (1 << (3 * KIND_BITS));
/** More stops than that in one go are not looked at. */
export const MAX_STOPS = PIECE + 64;
/** What the machine is given to read: UTF-8 of a text's piece (three bytes a unit), or bytes of a message. */
export const INPUT_AT = STOPS_AT + 4 * MAX_STOPS;
/** What a step may read behind the end. */
const SLACK = 64;

/** From here on: what skimming a message needs (skim-program.ts). First its state between two pieces, as numbers of 32 bits. */
export const STATE_AT = INPUT_AT + 3 * (PIECE + OVERLAP) + SLACK - ((INPUT_AT + 3 * (PIECE + OVERLAP)) % 16);
export const STATE = { out: 0, state: 1, depth: 2, leaf: 3, inKey: 4, code: 5, need: 6, least: 7, nodes: 8, marks: 9, top: 10, key: 11, flags: 12, kind: 13, base: 14, names: 15, altered: 16, runs: 17, stops: 18 } as const;
/** Open containers, 16 bytes each: key (2), its flags (1), kind (1), first of its keys (4), names (1). */
export const FRAMES_AT = STATE_AT + 128;
export const MAX_DEPTH = 60;
/** Keys of the open containers, 16 bits each. */
export const KEYS_OPEN_AT = FRAMES_AT + 16 * (MAX_DEPTH + 2);
export const MAX_KEYS_OPEN = 1024;
/** An object with more keys is left to the full reading: comparing each with each would take too long. */
export const MAX_KEYS = 64;
/** Members that the envelope is read from, 16 bytes each: key (2), key above (2), depth (1), type (1), –, start (4), end (4). */
export const MARKS_AT = KEYS_OPEN_AT + 2 * MAX_KEYS_OPEN;
export const MAX_MARKS = 32;
export const MARK_DEPTH = 3;
/** Runs of base64, 8 bytes each: start, end. */
export const RUNS_AT = MARKS_AT + 16 * MAX_MARKS;
export const MAX_RUNS = 64;
export const MIN_RUN = 20;
/** Known keys, 8 bytes a slot: where its text stands (4), its length (1), its flags (1), its number (2). */
export const KEY_SLOTS_AT = RUNS_AT + 8 * MAX_RUNS;
export const KEY_SLOTS = 2048;
export const KEY_TEXTS_AT = KEY_SLOTS_AT + 8 * KEY_SLOTS;
export const MAX_KEY = 64;
export const KEY_TEXTS = 32_768;
/** What is known of each character beyond ASCII: one of `CHARACTER`. */
export const CHARACTERS_AT = KEY_TEXTS_AT + KEY_TEXTS;
export const CHARACTER = { unknown: 0, plain: 1, dash: 2, special: 3 } as const;
/** What the strings of a message say, each behind a zero and its key's number; grows with the message. */
export const OUT_AT = CHARACTERS_AT + 65_536;
export const PAGES = Math.ceil((OUT_AT + 65_536) / 65_536);
/** So many bytes of a message are read in one go. */
export const SKIM_PIECE = 65_536;

/** What a skim is told of its piece. */
export const PIECES = { first: 1, last: 2 } as const;
export const FLAG = { name: 1, value: 2, harmful: 4, mark: 8 } as const;
/** Why the full reading has to look. */
export const UNSURE = { no: 0, syntax: 1, depth: 2, key: 3, twice: 4, sibling: 5, harmful: 6, character: 7, number: 8, marks: 9, escape: 10 } as const;
/** State of a message that is complete. */
export const DONE = 16;
/** Shorter values are passed over: nothing fits into so little. */
export const SHORTEST_TEXT = 6;
export const SHORTEST_NUMBER = 7;
/** Before each kept leaf: a zero, and its key's number in two bytes that no seed knows. */
export const LEAF_HEAD = 3;

/** Of four characters, the first one lowest, each with its 32's bit set: a letter and its other case are one. */
export function hashOf(four: number): number {
  return Math.imul(four, HASH_FACTOR) >>> (32 - HASH_BITS);
}

export const KEY_HASH_FACTOR = 0x01000193;

/** Of a key's bytes. */
export function keyHash(bytes: ArrayLike<number>): number {
  let hash = 0;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, KEY_HASH_FACTOR);
  return (hash ^ (hash >>> 15)) & (KEY_SLOTS - 1);
}
