import { expect, test } from "vitest";
import { citations, mismatches } from "./threats.ts";

test("every claim is cited by a test, and every citation is a claim", () => {
  expect(mismatches(citations())).toEqual([]);
});

test("the check bites: a claim that nobody proves and a proof of nothing are both named", () => {
  const catalogue = { proven: { kind: "attack", title: "x", references: [] }, unproven: { kind: "attack", title: "y", references: [] } } as const;
  const wrong = mismatches([{ id: "proven", where: "a.test.ts:1" }, { id: "invented", where: "b.test.ts:2" }], catalogue);
  expect(wrong).toHaveLength(2);
  expect(wrong[0]).toContain('b.test.ts:2 cites "invented"');
  expect(wrong[1]).toContain('"unproven"');
});
