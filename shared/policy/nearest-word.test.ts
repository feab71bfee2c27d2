import { expect, test } from "vitest";
import { editDistance, nearestWord } from "./nearest-word.ts";

test("a slip finds its word", () => {
  expect(nearestWord("efect", ["effect", "expect", "when"])).toBe("effect");
  expect(nearestWord("Block", ["block", "monitor"])).toBe("block");
  expect(nearestWord("toosl", ["tools", "title"])).toBe("tools");
  expect(nearestWord("banana", ["block", "monitor"])).toBeUndefined();
});

test("distance counts insertions, deletions, replacements and swapped neighbours once each", () => {
  expect(editDistance("abcd", "abcd")).toBe(0);
  expect(editDistance("abcd", "abd")).toBe(1);
  expect(editDistance("abcd", "abxcd")).toBe(1);
  expect(editDistance("abcd", "abxd")).toBe(1);
  expect(editDistance("abcd", "acbd")).toBe(1);
  expect(editDistance("", "abc")).toBe(3);
});
