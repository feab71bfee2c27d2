import fc from "fast-check";
import { expect, test } from "vitest";
import { readVersionRange } from "./version-range.ts";

function includes(range: string, version: string): boolean | undefined {
  const read = readVersionRange(range);
  if (!read.ok) throw new Error(read.why);
  return read.value(version);
}

test.each<[string, string[], string[]]>([
  ["1.2.3", ["1.2.3", "v1.2.3", "1.2.3+build.5"], ["1.2.4", "1.2.3-rc.1", "1.2.3.post1"]],
  ["1.2", ["1.2.0", "1.2.9"], ["1.3.0", "12.0.0"]],
  ["1.x", ["1.0.0", "1.99.0"], ["2.0.0"]],
  ["*", ["0.0.0", "9.9.9-beta"], []],
  ["^1.4", ["1.4.0", "1.99.1"], ["1.3.9", "2.0.0", "2.0.0-rc.1"]],
  ["^0.2.3", ["0.2.3", "0.2.99"], ["0.3.0", "0.2.2"]],
  ["^0.0.3", ["0.0.3"], ["0.0.4"]],
  ["^0", ["0.0.1", "0.9.0"], ["1.0.0"]],
  ["~1.2.3", ["1.2.3", "1.2.10"], ["1.3.0", "1.2.2"]],
  ["~1.2", ["1.2.0", "1.2.10"], ["1.3.0"]],
  ["~=1.4.2", ["1.4.2", "1.4.9"], ["1.5.0", "1.4.1"]],
  ["~=1.4", ["1.4", "1.9.3"], ["2.0", "1.3"]],
  ["==1.4.*", ["1.4", "1.4.7"], ["1.5"]],
  ["==1.4", ["1.4", "1.4.0"], ["1.4.1"]],
  ["!=1.5.*", ["1.4", "1.6"], ["1.5", "1.5.3"]],
  [">=1.4,<2,!=1.5.0", ["1.4", "1.5.1", "2.0.0-rc.1"], ["1.5.0", "2.0", "1.3.9"]],
  [">= 1.2.0 < 1.3.0 || ^3", ["1.2.5", "3.1.0"], ["1.3.0", "2.0.0", "4.0.0"]],
  ["1.2.0 - 1.9.0", ["1.2.0", "1.9.0"], ["1.9.1", "1.1.9"]],
  ["1.2 - 1.9", ["1.2.0", "1.9.7"], ["1.10.0"]],
  [">1.2.3", ["1.2.4", "1.2.3.post1"], ["1.2.3", "1.2.3-rc.1"]],
  ["<=1.2.3", ["1.2.3", "1.2.3rc1", "1.2.3.dev4"], ["1.2.4"]],
  [">=2024.11", ["2024.11.5", "2025.1"], ["2024.10.30"]],
  [">=1.0.0-rc.2", ["1.0.0-rc.10", "1.0.0"], ["1.0.0-rc.1", "1.0.0-beta.9", "1.0.0-alpha"]],
])("%s", (range, inside, outside) => {
  expect(inside.filter((version) => includes(range, version) !== true)).toEqual([]);
  expect(outside.filter((version) => includes(range, version) !== false)).toEqual([]);
});

test.each(["latest", "", "sha256:abcdef", "1!2.0", "x", "1.2.3.4.5.6.7.8"])("%j is no version that could be compared", (version) => {
  expect(includes(">=0.0.0", version)).toBeUndefined();
});

test.each(["newest", "", "1.2.3 or later", ">1.2", "<=2", ">=1.x", "||", "~=1", "1".repeat(600)])("%j is no range", (range) => {
  expect(readVersionRange(range).ok).toBe(false);
});

test("before, at and after: every pair of releases has one order", () => {
  const version = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(12)).map((parts) => parts.join("."));
  fc.assert(
    fc.property(version, version, (a, b) => {
      expect([includes(`<${b}`, a), includes(`==${b}`, a), includes(`>${b}`, a)].filter(Boolean)).toHaveLength(1);
      expect(includes(`>=${b}`, a)).toBe(!includes(`<${b}`, a));
      expect(includes(`^${b}`, a) && includes(`<${b}`, a)).toBe(false);
    }),
  );
});

test("no text makes it slow or throw", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60, unit: fc.constantFrom(..."0123456789.x*^~<>=! |,-v ") }), fc.string({ maxLength: 30 }), (range, version) => {
      const read = readVersionRange(range);
      if (read.ok) expect([true, false, undefined]).toContain(read.value(version));
    }),
  );
});
