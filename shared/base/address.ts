/** IP addresses and address ranges (CIDR), both families. */
import { fail, ok, type Result } from "./result.ts";

/** Four or sixteen bytes. An IPv4 address in IPv6 clothes (`::ffff:10.0.0.1`) is the IPv4 address. Undefined: no address. */
export function readAddress(text: string): readonly number[] | undefined {
  const plain = text.replace(/%[\w.-]+$/, "");
  if (plain.length > 45) return undefined;
  if (!plain.includes(":")) return readV4(plain);
  const bytes = readV6(plain);
  const isMapped = bytes?.every((byte, at) => at >= 12 || byte === (at < 10 ? 0 : 255));
  return isMapped ? bytes!.slice(12) : bytes;
}

function readV4(text: string): number[] | undefined {
  // A leading zero is octal to some programs, so it is no address to us.
  if (!/^(?:(?:0|[1-9]\d{0,2})(?:\.(?!$)|$)){4}$/.test(text)) return undefined;
  const bytes = text.split(".").map(Number);
  return bytes.every((byte) => byte < 256) ? bytes : undefined;
}

function readV6(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = [groups(halves[0]!), halves.length === 2 ? groups(halves[1]!) : []];
  if (!head || !tail) return undefined;
  const gap = 16 - head.length - tail.length;
  if (halves.length === 2 ? gap < 2 : gap !== 0) return undefined;
  return [...head, ...Array.from({ length: gap }, () => 0), ...tail];
}

function groups(text: string): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const parts = text.split(":");
  for (const [at, part] of parts.entries()) {
    const dotted = at === parts.length - 1 && part.includes(".") ? readV4(part) : undefined;
    if (dotted) bytes.push(...dotted);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) bytes.push(Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 255);
    else return undefined;
  }
  return bytes;
}

export interface AddressRange {
  includes(address: readonly number[]): boolean;
}

/** Reads `10.0.0.0/8`, `fd00::/8` or one address. Bits beyond the prefix must be zero: a slip there means another network. */
export function readAddressRange(text: string): Result<AddressRange> {
  const [base = "", prefix, ...more] = text.split("/");
  const bytes = readAddress(base);
  if (!bytes || more.length || (prefix !== undefined && !/^\d{1,3}$/.test(prefix))) return fail("is no address range; write address and prefix length, such as 10.0.0.0/8 or fd00::/8");
  const bits = prefix === undefined ? bytes.length * 8 : Number(prefix);
  if (bits > bytes.length * 8) return fail(`has a prefix of ${bits} bits, but the address has ${bytes.length * 8}`);
  const maskOf = (at: number): number => (256 - 2 ** (8 - Math.min(8, Math.max(0, bits - at * 8)))) & 255;
  if (bytes.some((byte, at) => (byte & maskOf(at)) !== byte)) return fail(`names one address inside the range; write the range's first address, ${firstOf(bytes.map((byte, at) => byte & maskOf(at)))}/${bits}`);
  return ok({ includes: (address) => address.length === bytes.length && bytes.every((byte, at) => (address[at]! & maskOf(at)) === byte) });
}

function firstOf(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join(".");
  const words = Array.from({ length: 8 }, (_, at) => ((bytes[2 * at]! << 8) | bytes[2 * at + 1]!).toString(16));
  return words.join(":").replace(/(?:^|:)0(?::0)+$/, "::");
}
