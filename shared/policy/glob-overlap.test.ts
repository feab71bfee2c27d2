import fc from "fast-check";
import { expect, test } from "vitest";
import { glob } from "../base/glob.ts";
import { globsOverlap } from "./glob-overlap.ts";

const small = (chars: string, maxLength: number) => fc.array(fc.constantFrom(...chars), { maxLength }).map((all) => all.join(""));

test("patterns overlap where they share a text", () => {
  expect(globsOverlap("secret.*", "secret.jwt")).toBe(true);
  expect(globsOverlap("secret.*", "*.jwt")).toBe(true);
  expect(globsOverlap("*", "pii.*")).toBe(true);
  expect(globsOverlap("secret.*", "pii.*")).toBe(false);
  expect(globsOverlap("a*b", "a*c")).toBe(false);
});

test("agrees with trying every short text", () => {
  const texts = [""];
  for (let at = 0; texts[at]!.length < 5; at++) for (const char of "ab") texts.push(texts[at]! + char);
  fc.assert(
    fc.property(small("ab*", 3), small("ab*", 3), (a, b) => {
      // Any two patterns this short that share a text share one of at most five characters.
      expect(globsOverlap(a, b)).toBe(texts.some((text) => glob(a).matches(text) && glob(b).matches(text)));
    }),
  );
});
