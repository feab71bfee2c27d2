/** Where things stand in the memory of the sweep's machine, and its hashes. */

/** Texts are swept in pieces of so many UTF-16 units, each with a few more units of the next behind it. */
export const PIECE = 32_768;
/** So many characters of a trigger's beginning are compared before a place counts as a stop. */
export const STARTS = 8;
/** What a place at the end of this piece is compared with stands in the next piece. */
export const OVERLAP = STARTS - 1;

/** One byte for each byte: may stand in base64 of either alphabet. */
export const BASE64_AT = 256;
/** Per position of a beginning and byte, 32 bits: the beginnings that may have it there. */
export const STARTS_AT = 4096;
/** One bit for each value of a hash: some anchor's seed is three or four such characters. */
export const HASHES_AT = STARTS_AT + 4 * 256 * STARTS;
export const HASH_BITS = 16;
export const HASH_FACTOR = 0x9e3779b1 | 0;
/** Per two bytes, 32 bits and 32 bits: the groups of which some seed begins with these two, and those of which one goes on with them. */
export const PAIRS_AT = HASHES_AT + (1 << (HASH_BITS - 3));
/** Groups of seeds that begin with the first of the two bytes, and with the second; one bit is both. */
export const HERE = 0x8000ffff | 0;
export const NEXT = 0xffff0000 | 0;
/** Groups of those that are known by their beginnings; the others are known by their hash. */
export const SHAPED = 0x800f000f | 0;
/** A stretch of so many bytes is looked over before it is looked into: blocks of eight bytes to look into, 32 bits each. */
export const STRETCH = 4096;
export const BLOCKS_AT = PAIRS_AT + 8 * 65_536;
/** Offsets found, 32 bits each. */
export const STOPS_AT = BLOCKS_AT + STRETCH / 2 + 64;
/** After so many stops the rest is not looked at; more than a piece of text can have. */
export const MANY_STOPS = PIECE + 64;
/** Room for them, and for those of the stretch that is looked into. */
export const MAX_STOPS = MANY_STOPS + STRETCH + 64;
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

/** Of three or four characters, the first one lowest, each with its 32's bit set: a letter and its other case are one. */
export function hashOf(chars: number): number {
  return Math.imul(chars, HASH_FACTOR) >>> (32 - HASH_BITS);
}

export const KEY_HASH_FACTOR = 0x01000193;

/** Of a key's bytes. */
export function keyHash(bytes: ArrayLike<number>): number {
  let hash = 0;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, KEY_HASH_FACTOR);
  return (hash ^ (hash >>> 15)) & (KEY_SLOTS - 1);
}
