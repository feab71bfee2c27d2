import fc from "fast-check";
import { expect, test } from "vitest";
import { readAddress, readAddressRange } from "./address.ts";

function isIn(range: string, address: string): boolean {
  const read = readAddressRange(range);
  if (!read.ok) throw new Error(read.why);
  return read.value.includes(readAddress(address)!);
}

test.each<[string, string[], string[]]>([
  ["10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3", "::ffff:a01:203"], ["11.0.0.0", "9.255.255.255", "fd00::a00:1"]],
  ["192.168.4.0/22", ["192.168.4.1", "192.168.7.255"], ["192.168.8.0", "192.168.3.255"]],
  ["172.16.5.9", ["172.16.5.9"], ["172.16.5.8"]],
  ["0.0.0.0/0", ["1.2.3.4"], ["::1"]],
  ["fd00::/8", ["fd12:3456::1", "FD00::"], ["fe80::1", "fc00::1"]],
  ["2001:db8:8::/45", ["2001:db8:f:ffff::1"], ["2001:db8:10::1"]],
  ["fe80::/10", ["fe80::1%eth0", "febf::1"], ["fec0::1"]],
  ["::1/128", ["::1", "0:0:0:0:0:0:0:1"], ["::2"]],
])("%s", (range, inside, outside) => {
  expect(inside.filter((address) => !isIn(range, address))).toEqual([]);
  expect(outside.filter((address) => isIn(range, address))).toEqual([]);
});

test.each(["10.0.0", "10.0.0.256", "010.0.0.1", "1.2.3.4.", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::1::2", "12345::", "host", "", "1::2:3:4:5:6:7:8"])("%j is no address", (text) => {
  expect(readAddress(text)).toBeUndefined();
});

test.each(["10.0.0.0/33", "10.0.0.0/8/8", "10.0.0.0/", "10.0.0.0/-1", "fd00::/129", "office"])("%j is no range", (text) => {
  expect(readAddressRange(text).ok).toBe(false);
});

test("a slip behind the prefix is told with what was probably meant", () => {
  expect(readAddressRange("10.1.2.3/8")).toMatchObject({ why: expect.stringContaining("10.0.0.0/8") as string });
  expect(readAddressRange("fd00::1/8")).toMatchObject({ why: expect.stringContaining("fd00::/8") as string });
});

test("a range takes in just the addresses that share its first bits", () => {
  const bytes = fc.array(fc.nat(255), { minLength: 4, maxLength: 4 });
  const bits = (each: readonly number[]): string => each.map((byte) => byte.toString(2).padStart(8, "0")).join("");
  fc.assert(
    fc.property(bytes, bytes, fc.nat(32), (base, other, length) => {
      const first = bits(base).slice(0, length).padEnd(32, "0").match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2));
      expect(isIn(`${first.join(".")}/${length}`, other.join("."))).toBe(bits(other).startsWith(bits(base).slice(0, length)));
    }),
  );
});
