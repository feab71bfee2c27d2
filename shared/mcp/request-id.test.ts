import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sameId } from "./request-id.ts";

describe("ids that a peer may take for the same are the same", () => {
  test.each([
    ["1", "1.0"],
    ["1", '"1"'],
    ["1", "1e0"],
    ["0", "-0"],
    ['"1"', '" 1 "'],
    ['"a/b"', '"a\\/b"'],
    ['"é"', '"\\u00e9"'],
    // `Number("")` is 0.
    ["0", '""'],
    ["9007199254740991", '"9007199254740991"'],
  ])("%s and %s", (a, b) => expect(sameId(a)).toBe(sameId(b)));
});

describe("ids that every peer keeps apart stay apart", () => {
  test.each([
    ["1", "2"],
    ["1", '"a"'],
    ["1", "1.5"],
    ['"a"', '"A"'],
    // A number of JavaScript cannot tell these two apart; their digits can.
    ["9007199254740993", "9007199254740992"],
    ["12345678901234567890", "12345678901234567891"],
  ])("%s and %s", (a, b) => expect(sameId(a)).not.toBe(sameId(b)));
});

test("whole numbers are known again however they are written", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (number) => {
      expect(sameId(`"${number}"`)).toBe(sameId(String(number)));
      expect(sameId(`${number}.0`)).toBe(sameId(String(number)));
    }),
  );
});
