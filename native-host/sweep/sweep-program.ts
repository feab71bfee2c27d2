/** The machine's part that looks for seeds, over a text's characters or over a message's skimmed strings. */
import { BLOCKS_AT, HASH_BITS, HASH_FACTOR, HASHES_AT, HERE, INPUT_AT, MANY_STOPS, NEXT, PAIRS_AT, SHAPED, STARTS, STARTS_AT, STOPS_AT, STRETCH } from "../../shared/inspect/data/kernel/layout.ts";
import { add, and, and64, atMost, bitmask, choose, during, get, int, isZero, less, load16, load32, load64, load8, lower, mul, or, or64, same, set, shl, shr, store32, store8, sub, trailingZeros, upper, vload, vstore, when, type Code, type Part } from "./assembler.ts";

/** How many pairs of bytes one step looks at. */
const STEP = 4;

/** `sweep(from, to)`: writes the address of every place where a seed may stand, and returns how many there are. Reads a few bytes behind the end. What comes after the last stop that there is room for is not looked at. */
export function sweep(): Part {
  // Two bytes at a time: looking up pairs takes half the loads that looking up bytes takes, and says more. (Sixteen at a time, by nibbles, cannot tell so many seeds from prose.)
  const p = 0, end = 1, out = 2, q = 3, found = 4, places = 5, block = 6, blocks = 7, stretch = 8, pair = 9;
  const pairAt = (offset: number): Code => load64(shl(load16(get(p), offset), 3), PAIRS_AT);
  const goesOn = (i: number): Code => and64(get(pair + i), upper(get(pair + i + 1)));
  const isHashed = (chars: Code): Code => {
    const hash: Code = shr(mul(chars, int(HASH_FACTOR)), int(32 - HASH_BITS));
    return and(shr(load8(shr(hash, int(3)), HASHES_AT), and(hash, int(7))), int(1));
  };
  const begins = Array.from({ length: STARTS }, (_, i) => load32(shl(load8(get(q), i), 2), STARTS_AT + 4 * 256 * i)).reduce(and);
  const seeded = (chars: Code): Code => or(isHashed(chars), isHashed(and(chars, int(0xffffff))));
  const bitIf = (condition: Code, bit: number): Code => choose(condition, int(1 << bit), int(0));
  /** A bit for each place of the block where a group of that sort goes on. */
  const placesOf = (sort: number): Code =>
    Array.from({ length: STEP }, (_, i): Code[] => [bitIf(and(lower(goesOn(i)), int(HERE & sort)), 2 * i), bitIf(and(lower(goesOn(i)), int(NEXT & sort)), 2 * i + 1)]).flat().reduce(or);
  /** Puts the places of which it is so into `found`. */
  const keep = (sort: number, condition: Code): Code => [
    set(places, placesOf(sort)),
    during(get(places), [
      set(q, add(get(p), trailingZeros(get(places)))),
      set(found, or(get(found), choose(condition, and(get(places), sub(int(0), get(places))), int(0)))),
      set(places, and(get(places), sub(get(places), int(1)))),
    ]),
  ];
  const following: Code = Array.from({ length: STEP }, (_, i) => set(pair + i + 1, pairAt(2 * i + 2)));
  const body: Code = [
    set(out, int(STOPS_AT)),
    during(and(less(get(p), get(end)), less(get(out), int(STOPS_AT + 4 * MANY_STOPS))), [
      set(stretch, add(get(p), int(STRETCH))),
      when(less(get(end), get(stretch)), set(stretch, get(end))),
      // At first only where to look closer: no branch depends on the text, because nobody could foresee it.
      set(blocks, int(BLOCKS_AT)),
      set(pair, pairAt(0)),
      during(less(get(p), get(stretch)), [
        following,
        store32(get(blocks), get(p)),
        set(blocks, add(get(blocks), choose(lower(Array.from({ length: STEP }, (_, i) => goesOn(i)).reduce(or64)), int(4), int(0)))),
        set(pair, get(pair + STEP)),
        set(p, add(get(p), int(2 * STEP))),
      ]),
      set(stretch, get(p)),
      set(block, int(BLOCKS_AT)),
      during(less(get(block), get(blocks)), [
        set(p, load32(get(block))),
        set(pair, pairAt(0)),
        following,
        set(found, int(0)),
        keep(~SHAPED, seeded(or(load32(get(q)), int(0x20202020)))),
        keep(SHAPED, begins),
        during(get(found), [
          store32(get(out), add(get(p), trailingZeros(get(found)))),
          set(out, add(get(out), int(4))),
          set(found, and(get(found), sub(get(found), int(1)))),
        ]),
        set(block, add(get(block), int(4))),
      ]),
      set(p, get(stretch)),
    ]),
    shr(sub(get(out), int(STOPS_AT)), int(2)),
  ];
  return { name: "sweep", parameters: 2, numbers: pair - 2, longs: STEP + 1, vectors: 0, body };
}

/** `narrow(bytes)`: UTF-8 to one byte for each UTF-16 unit, in place; what is not ASCII becomes 255, and the Kelvin sign, whose small letter is k, a k. Returns the number of units. */
export function narrow(): Part {
  const n = 0, src = 1, dst = 2, end = 3, byte = 4, v = 5;
  const step = (from: number, to: number): Code => [set(src, add(get(src), int(from))), set(dst, add(get(dst), int(to)))];
  const body: Code = [
    set(src, int(INPUT_AT)),
    set(dst, get(src)),
    set(end, add(get(src), get(n))),
    during(less(get(src), get(end)), [
      set(v, vload(get(src))),
      when(
        and(atMost(add(get(src), int(16)), get(end)), isZero(bitmask(get(v)))),
        [vstore(get(dst), get(v)), step(16, 16)],
        [
          set(byte, load8(get(src))),
          when(less(get(byte), int(0x80)), [store8(get(dst), get(byte)), step(1, 1)], [
            when(less(get(byte), int(0xe0)), [store8(get(dst), int(0xff)), step(2, 1)], [
              when(
                less(get(byte), int(0xf0)),
                [store8(get(dst), choose(same(and(load32(get(src)), int(0xffffff)), int(0xaa84e2)), int(0x6b), int(0xff))), step(3, 1)],
                [store8(get(dst), int(0xff)), store8(get(dst), int(0xff), 1), step(4, 2)],
              ),
            ]),
          ]),
        ],
      ),
    ]),
    sub(get(dst), int(INPUT_AT)),
  ];
  return { name: "narrow", parameters: 1, numbers: 4, vectors: 1, body };
}
