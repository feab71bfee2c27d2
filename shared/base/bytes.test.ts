import fc from "fast-check";
import { expect, test } from "vitest";
import { byteLength } from "./bytes.ts";
import { uuidv7 } from "./uuid.ts";

test("the length is that of the encoding", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void expect(byteLength(text)).toBe(Buffer.byteLength(text))));
  for (const text of ["", "a".repeat(100), "aé", "é".repeat(9), "😀", "a\u{10FFFF}b"]) expect(byteLength(text)).toBe(Buffer.byteLength(text));
});

test("an id has the form, the version and the time of RFC 9562", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 40), fc.uint8Array({ minLength: 10, maxLength: 10 }), (ms, random) => {
      const id = uuidv7(ms, random);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16)).toBe(ms);
      expect(id.replaceAll("-", "").slice(20)).toBe(Buffer.from(random).toString("hex").slice(8));
    }),
  );
});
