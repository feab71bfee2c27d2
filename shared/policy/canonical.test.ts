import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, policyDigest } from "./canonical.ts";

test("keys are sorted by UTF-16 code unit, as in the example of RFC 8785, section 3.2.3", () => {
  const value = { "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One", "\u{1f600}": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis" };
  const order = ["Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign", "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh"];
  expect([...canonicalJson(value).matchAll(/:"([^"]*)"/g)].map((match) => match[1])).toEqual(order);
});

test("numbers and literals are written as ECMAScript writes them", () => {
  expect(canonicalJson([333333333.33333329, 1e30, 4.5, 0.002, 1e-27, -0, true, null])).toBe("[333333333.3333333,1e+30,4.5,0.002,1e-27,0,true,null]");
});

test("the text reads back as the same value and canonicalises to itself", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const text = canonicalJson(value);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(JSON.parse(text))).toBe(text);
    }),
  );
});

test("the order in which keys were written does not change the digest; a value does", () => {
  expect(policyDigest({ a: 1, b: { c: 2, d: 3 } })).toBe(policyDigest({ b: { d: 3, c: 2 }, a: 1 }));
  expect(policyDigest({ a: 1, b: undefined })).toBe(policyDigest({ a: 1 }));
  expect(policyDigest({ a: 1 })).not.toBe(policyDigest({ a: 2 }));
});
