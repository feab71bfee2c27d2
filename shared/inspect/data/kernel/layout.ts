/** Where things stand in the memory of the sweep's machine, and its hash. */

/** Texts are swept in pieces of so many UTF-16 units, each with a few more units of the next behind it. */
export const PIECE = 32_768;
/** A seed has at most four characters, so the next piece's first three belong to a place at the end of this one. */
export const OVERLAP = 3;

/** Characters fall into 64 kinds, so three of them make an 18-bit number. */
export const KIND_BITS = 6;
export const KINDS_AT = 0;
/** One byte for each value of a hash: some anchor's seed is four such characters. */
export const HASHES_AT = 4096;
export const HASH_BITS = 13;
export const HASH_FACTOR = 0x9e3779b1 | 0;
/** One byte for each three kinds: what may stand where they follow each other. */
export const SLOTS_AT = HASHES_AT + (1 << HASH_BITS);
/** The first four characters decide; below it the first three are enough. */
export const SLOT_OF_FOUR = 1;
export const SLOT_OF_THREE = 2;
/** Offsets found, 16 bits each. */
export const OUTPUT_AT = SLOTS_AT + (1 << (3 * KIND_BITS));
export const INPUT_AT = OUTPUT_AT + 2 * (PIECE + 64);
/** Three bytes of UTF-8 a unit, and what a step may read behind the end. */
export const PAGES = Math.ceil((INPUT_AT + 3 * (PIECE + OVERLAP) + 64) / 65_536);

/** Of four characters, the first one lowest, each with its 32's bit set: a letter and its other case are one. */
export function hashOf(four: number): number {
  return Math.imul(four, HASH_FACTOR) >>> (32 - HASH_BITS);
}
