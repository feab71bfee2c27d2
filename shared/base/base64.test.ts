import { Buffer } from "node:buffer";
import fc from "fast-check";
import { expect, test } from "vitest";
import { asciiToBase64, decodeBase64, encodeBase64, fromBase64 } from "./base64.ts";

test("any bytes come back, and the text is the one that Node writes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = encodeBase64(bytes);
      expect(text).toBe(Buffer.from(bytes).toString("base64"));
      expect(decodeBase64(text)).toEqual(bytes);
      expect(fromBase64(Buffer.from(bytes).toString("base64url"))).toEqual(bytes);
    }),
  );
});

test("ASCII text is encoded by its characters", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme-ascii" }), (text) => void expect(asciiToBase64(text)).toBe(Buffer.from(text, "latin1").toString("base64"))));
});

test.each(["a-_b", "ab cd", "=ab", "é", "ab\n"])("%j is not strict base64", (text) => {
  expect(decodeBase64(text)).toBeNull();
});
