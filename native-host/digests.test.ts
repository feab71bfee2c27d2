/** Node's digests are the portable ones, sooner. */
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { fingerprint, sha256Hex, useDigests } from "../shared/base/digest.ts";
import { NODE_DIGESTS } from "./digests.ts";

afterAll(() => useDigests(null));

test("any text, any key: the same digest", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.uint8Array({ maxLength: 100 }), (text, key) => {
      const both = [null, NODE_DIGESTS].map((own) => {
        useDigests(own);
        return [sha256Hex(text), fingerprint(key, text)];
      });
      expect(both[1]).toEqual(both[0]);
    }),
  );
});
