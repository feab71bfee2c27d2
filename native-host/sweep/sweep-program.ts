/** The machine's part that looks for seeds, over a text's characters or over a message's skimmed strings. */
import { HASH_BITS, HASH_FACTOR, HASHES_AT, INPUT_AT, KIND_BITS, KINDS_AT, MAX_STOPS, SLOT_OF_THREE, SLOTS_AT, STOPS_AT } from "../../shared/inspect/data/kernel/layout.ts";
import { add, and, atMost, bitmask, choose, during, get, int, isZero, less, load32, load8, mul, or, same, set, shl, shr, store32, store8, sub, vload, vstore, when, type Code, type Part } from "./assembler.ts";

/** How many places one step looks at. */
const STEP = 4;

/** `sweep(from, to)`: writes the address of every place where a seed may stand, and returns how many there are. Reads a few bytes behind the end. What comes after the last stop that there is room for is not looked at. */
export function sweep(): Part {
  const p = 0, end = 1, out = 2, q = 3, kind = 4, slot = kind + STEP + 2;
  const slotAt = (i: number): Code => load8(or(or(shl(get(kind + i), 2 * KIND_BITS), shl(get(kind + i + 1), KIND_BITS)), get(kind + i + 2)), SLOTS_AT);
  const hashed = load8(shr(mul(or(load32(get(q)), int(0x20202020)), int(HASH_FACTOR)), int(32 - HASH_BITS)), HASHES_AT);
  const body: Code = [
    set(out, int(STOPS_AT)),
    set(kind, load8(load8(get(p)), KINDS_AT)),
    set(kind + 1, load8(load8(get(p), 1), KINDS_AT)),
    during(and(less(get(p), get(end)), less(get(out), int(STOPS_AT + 4 * (MAX_STOPS - STEP)))), [
      Array.from({ length: STEP }, (_, i) => set(kind + i + 2, load8(load8(get(p), i + 2), KINDS_AT))),
      Array.from({ length: STEP }, (_, i) => set(slot + i, slotAt(i))),
      when(Array.from({ length: STEP }, (_, i) => get(slot + i)).reduce(or), [
        Array.from({ length: STEP }, (_, i) =>
          when(get(slot + i), [
            set(q, add(get(p), int(i))),
            // The number of the next free place grows only where something stands.
            store32(get(out), get(q)),
            set(out, add(get(out), choose(or(shr(get(slot + i), int(SLOT_OF_THREE >> 1)), hashed), int(4), int(0)))),
          ]),
        ),
      ]),
      set(kind, get(kind + STEP)),
      set(kind + 1, get(kind + STEP + 1)),
      set(p, add(get(p), int(STEP))),
    ]),
    shr(sub(get(out), int(STOPS_AT)), int(2)),
  ];
  return { name: "sweep", parameters: 2, numbers: slot + STEP - 2, vectors: 0, body };
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
