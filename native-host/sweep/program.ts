/** The program of the sweep's machine, written for WebAssembly with SIMD, and the few lines that assemble it. Only the test and `build.ts` read this: the product carries the bytes in machine-code.ts. */
import { HASH_BITS, HASH_FACTOR, HASHES_AT, INPUT_AT, KIND_BITS, KINDS_AT, OUTPUT_AT, PAGES, SLOT_OF_THREE, SLOTS_AT } from "../../shared/inspect/data/kernel/layout.ts";

type Code = number | readonly Code[];

const flat = (code: Code): number[] => (typeof code === "number" ? [code] : code.flatMap(flat));

/** Unsigned and signed LEB128. */
function u32(value: number): number[] {
  const low = value & 0x7f;
  return value >>> 7 === 0 ? [low] : [low | 0x80, ...u32(value >>> 7)];
}
function s32(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >> 7;
  return (rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40) ? [low] : [low | 0x80, ...s32(rest)];
}

const I32 = 0x7f, V128 = 0x7b, VOID = 0x40;
const get = (local: number): Code => [0x20, u32(local)];
const set = (local: number, value: Code): Code => [value, 0x21, u32(local)];
const int = (value: number): Code => [0x41, s32(value)];
const add = (a: Code, b: Code): Code => [a, b, 0x6a];
const sub = (a: Code, b: Code): Code => [a, b, 0x6b];
const mul = (a: Code, b: Code): Code => [a, b, 0x6c];
const and = (a: Code, b: Code): Code => [a, b, 0x71];
const or = (a: Code, b: Code): Code => [a, b, 0x72];
const shr = (a: Code, b: Code): Code => [a, b, 0x76];
const shl = (a: Code, by: number): Code => [a, int(by), 0x74];
const less = (a: Code, b: Code): Code => [a, b, 0x49];
const atMost = (a: Code, b: Code): Code => [a, b, 0x4d];
const same = (a: Code, b: Code): Code => [a, b, 0x46];
const isZero = (a: Code): Code => [a, 0x45];
const load8 = (at: Code, offset = 0): Code => [at, 0x2d, 0, u32(offset)];
const load32 = (at: Code, offset = 0): Code => [at, 0x28, 0, u32(offset)];
const store8 = (at: Code, value: Code, offset = 0): Code => [at, value, 0x3a, 0, u32(offset)];
const store16 = (at: Code, value: Code): Code => [at, value, 0x3b, 0, u32(0)];
const when = (condition: Code, then: Code, otherwise: Code = []): Code => [condition, 0x04, VOID, then, flat(otherwise).length > 0 ? [0x05, otherwise] : [], 0x0b];
const choose = (condition: Code, then: Code, otherwise: Code): Code => [then, otherwise, condition, 0x1b];
/** Runs the body while the condition holds. */
const during = (condition: Code, body: Code): Code => [0x02, VOID, 0x03, VOID, isZero(condition), 0x0d, 1, body, 0x0c, 0, 0x0b, 0x0b];

const simd = (op: number): Code => [0xfd, u32(op)];
const vload = (at: Code, offset = 0): Code => [at, simd(0x00), 0, u32(offset)];
const vstore = (at: Code, value: Code): Code => [at, value, simd(0x0b), 0, u32(0)];
const bitmask = (a: Code): Code => [a, simd(0x64)];

/** How many places one step looks at. */
const STEP = 4;

/** `sweep(units)`: writes the offset of every place where a seed may stand, 16 bits each, and returns how many. Reads a few bytes behind the end, which the caller fills. */
function sweep(): Code {
  const n = 0, p = 1, end = 2, out = 3, q = 4, kind = 5, slot = kind + STEP + 2;
  const slotAt = (i: number): Code => load8(or(or(shl(get(kind + i), 2 * KIND_BITS), shl(get(kind + i + 1), KIND_BITS)), get(kind + i + 2)), SLOTS_AT);
  const hashed = load8(shr(mul(or(load32(get(q)), int(0x20202020)), int(HASH_FACTOR)), int(32 - HASH_BITS)), HASHES_AT);
  const body: Code = [
    set(p, int(INPUT_AT)),
    set(end, add(get(p), get(n))),
    set(out, int(OUTPUT_AT)),
    set(kind, load8(load8(get(p)), KINDS_AT)),
    set(kind + 1, load8(load8(get(p), 1), KINDS_AT)),
    during(less(get(p), get(end)), [
      Array.from({ length: STEP }, (_, i) => set(kind + i + 2, load8(load8(get(p), i + 2), KINDS_AT))),
      Array.from({ length: STEP }, (_, i) => set(slot + i, slotAt(i))),
      when(Array.from({ length: STEP }, (_, i) => get(slot + i)).reduce(or), [
        Array.from({ length: STEP }, (_, i) =>
          when(get(slot + i), [
            set(q, add(get(p), int(i))),
            // The number of the next free place grows only where something stands.
            store16(get(out), sub(get(q), int(INPUT_AT))),
            set(out, add(get(out), choose(or(shr(get(slot + i), int(SLOT_OF_THREE >> 1)), hashed), int(2), int(0)))),
          ]),
        ),
      ]),
      set(kind, get(kind + STEP)),
      set(kind + 1, get(kind + STEP + 1)),
      set(p, add(get(p), int(STEP))),
    ]),
    shr(sub(get(out), int(OUTPUT_AT)), int(1)),
  ];
  return [u32(1), [u32(slot + STEP - 1), I32], body, 0x0b];
}

/** `narrow(bytes)`: UTF-8 to one byte for each UTF-16 unit, in place; what is not ASCII becomes 255, and the Kelvin sign, whose small letter is k, a k. Returns the number of units. */
function narrow(): Code {
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
  return [u32(2), [u32(4), I32], [u32(1), V128], body, 0x0b];
}

const section = (id: number, content: Code): Code => [id, u32(flat(content).length), content];
const sized = (content: Code): Code => [u32(flat(content).length), content];
const name = (text: string): Code => sized([...text].map((char) => char.charCodeAt(0)));

/** The whole module: one memory, two functions. */
export function assemble(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    flat([
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, [u32(1), 0x60, u32(1), I32, u32(1), I32]),
      section(3, [u32(2), u32(0), u32(0)]),
      section(5, [u32(1), 1, u32(PAGES), u32(PAGES)]),
      section(7, [u32(3), [name("memory"), 2, u32(0)], [name("sweep"), 0, u32(0)], [name("narrow"), 0, u32(1)]]),
      section(10, [u32(2), sized(sweep()), sized(narrow())]),
    ]),
  );
}
