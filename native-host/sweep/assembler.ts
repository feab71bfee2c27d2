/** A few words of WebAssembly: just enough to write the sweep's machine readably. Expressions are nested byte lists; every word says which value it leaves on the stack, if any. */

export type Code = number | readonly Code[];

export const flat = (code: Code): number[] => (typeof code === "number" ? [code] : code.flatMap(flat));

/** Unsigned and signed LEB128. */
export function u32(value: number): number[] {
  const low = value & 0x7f;
  return value >>> 7 === 0 ? [low] : [low | 0x80, ...u32(value >>> 7)];
}
function s32(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >> 7;
  return (rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40) ? [low] : [low | 0x80, ...s32(rest)];
}

export const I32 = 0x7f, I64 = 0x7e, V128 = 0x7b;
const VOID = 0x40;

export const get = (local: number): Code => [0x20, u32(local)];
export const set = (local: number, value: Code): Code => [value, 0x21, u32(local)];
export const int = (value: number): Code => [0x41, s32(value)];
export const add = (a: Code, b: Code): Code => [a, b, 0x6a];
export const sub = (a: Code, b: Code): Code => [a, b, 0x6b];
export const mul = (a: Code, b: Code): Code => [a, b, 0x6c];
export const and = (a: Code, b: Code): Code => [a, b, 0x71];
export const or = (a: Code, b: Code): Code => [a, b, 0x72];
export const xor = (a: Code, b: Code): Code => [a, b, 0x73];
export const shl = (a: Code, by: number): Code => [a, int(by), 0x74];
export const shr = (a: Code, b: Code): Code => [a, b, 0x76];
/** All comparisons are of unsigned numbers. */
export const same = (a: Code, b: Code): Code => [a, b, 0x46];
export const differs = (a: Code, b: Code): Code => [a, b, 0x47];
export const less = (a: Code, b: Code): Code => [a, b, 0x49];
export const atMost = (a: Code, b: Code): Code => [a, b, 0x4d];
export const isZero = (a: Code): Code => [a, 0x45];
export const trailingZeros = (a: Code): Code => [a, 0x68];
export const load8 = (at: Code, offset = 0): Code => [at, 0x2d, 0, u32(offset)];
export const load16 = (at: Code, offset = 0): Code => [at, 0x2f, 0, u32(offset)];
export const load32 = (at: Code, offset = 0): Code => [at, 0x28, 0, u32(offset)];
export const store8 = (at: Code, value: Code, offset = 0): Code => [at, value, 0x3a, 0, u32(offset)];
export const store16 = (at: Code, value: Code, offset = 0): Code => [at, value, 0x3b, 0, u32(offset)];
export const store32 = (at: Code, value: Code, offset = 0): Code => [at, value, 0x36, 0, u32(offset)];
/** Of numbers of 64 bits. */
export const load64 = (at: Code, offset = 0): Code => [at, 0x29, 0, u32(offset)];
export const and64 = (a: Code, b: Code): Code => [a, b, 0x83];
export const or64 = (a: Code, b: Code): Code => [a, b, 0x84];
/** The upper 32 bits, the lower 32 bits, as a number of 64 and of 32. */
export const upper = (a: Code): Code => [a, 0x42, s32(32), 0x88];
export const lower = (a: Code): Code => [a, 0xa7];
export const choose = (condition: Code, then: Code, otherwise: Code): Code => [then, otherwise, condition, 0x1b];

/** Calls the function of that number in the module's list. */
export const call = (number: number, ...given: readonly Code[]): Code => [given, 0x10, u32(number)];

export const when = (condition: Code, then: Code, otherwise: Code = []): Code => [condition, 0x04, VOID, then, flat(otherwise).length > 0 ? [0x05, otherwise] : [], 0x0b];
/** Runs the body while the condition holds. */
export const during = (condition: Code, body: Code): Code => [0x02, VOID, 0x03, VOID, isZero(condition), 0x0d, 1, body, 0x0c, 0, 0x0b, 0x0b];
/** Runs the case of that number; there must be one. */
export const among = (value: Code, cases: readonly Code[]): Code => {
  const open = Array.from({ length: cases.length + 1 }, (): Code => [0x02, VOID]);
  const table: Code = [value, 0x0e, u32(cases.length - 1), cases.map((_, i) => u32(i))];
  return [open, table, cases.map((body, i): Code => [0x0b, body, 0x0c, u32(cases.length - 1 - i)]), 0x0b];
};

const simd = (op: number): Code => [0xfd, u32(op)];
export const vload = (at: Code, offset = 0): Code => [at, simd(0x00), 0, u32(offset)];
export const vstore = (at: Code, value: Code, offset = 0): Code => [at, value, simd(0x0b), 0, u32(offset)];
/** One byte sixteen times. */
export const splat = (byte: Code): Code => [byte, simd(0x0f)];
export const vsame = (a: Code, b: Code): Code => [a, b, simd(0x23)];
export const vless = (a: Code, b: Code): Code => [a, b, simd(0x26)];
export const vor = (a: Code, b: Code): Code => [a, b, simd(0x50)];
/** The highest bit of each byte. */
export const bitmask = (a: Code): Code => [a, simd(0x64)];

const section = (id: number, content: Code): Code => [id, u32(flat(content).length), content];
const sized = (content: Code): Code => [u32(flat(content).length), content];
const name = (text: string): Code => sized([...text].map((char) => char.charCodeAt(0)));

/** One function: `parameters` numbers in, one number out. Its locals follow the parameters: numbers, longs, vectors. */
export interface Part {
  readonly name: string;
  readonly parameters: number;
  readonly numbers: number;
  /** Numbers of 64 bits. */
  readonly longs?: number;
  readonly vectors: number;
  readonly body: Code;
}

/** A module of one memory and these functions. */
export function assemble(pages: number, parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const types = parts.map(({ parameters }): Code => [0x60, u32(parameters), Array.from({ length: parameters }, () => I32), u32(1), I32]);
  const bodies = parts.map(({ numbers, longs = 0, vectors, body }) => sized([u32(3), [u32(numbers), I32], [u32(longs), I64], [u32(vectors), V128], body, 0x0b]));
  return Uint8Array.from(
    flat([
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, [u32(parts.length), types]),
      section(3, [u32(parts.length), parts.map((_, i) => u32(i))]),
      section(5, [u32(1), 0, u32(pages)]),
      section(7, [u32(parts.length + 1), [name("memory"), 2, u32(0)], parts.map((part, i): Code => [name(part.name), 0, u32(i)])]),
      section(10, [u32(parts.length), bodies]),
    ]),
  );
}
