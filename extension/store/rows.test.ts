import { expect, test } from "vitest";
import { aMalformed, aMessage } from "../ui/fixtures.ts";
import { countersOf, dayOf, rowOf, startOfDay, verdictOf } from "./rows.ts";

test.each([
  ["block", "block", 0, "block"],
  ["redact", "redact", 1, "redact"],
  ["block", "monitor", 0, "watch"],
  ["redact", "monitor", 0, "watch"],
  ["monitor", "monitor", 0, undefined],
  ["allow", "allow", 0, undefined],
  ["approve", "approve", 0, "block"],
] as const)("policy said %s, %s happened, %i values replaced: %s", (effect, enforced, redacted, verdict) => {
  expect(verdictOf(aMessage({ effect, enforced, redacted }))).toBe(verdict);
});

test("what could not be judged counts as blocked only when it was stopped", () => {
  expect(verdictOf(aMalformed("refused"))).toBe("block");
  expect(verdictOf(aMalformed("passed"))).toBe("watch");
});

test("counters grow by day and verdict; quiet traffic only by the total", () => {
  const noon = new Date(2026, 7, 1, 12).getTime();
  const rows = [
    rowOf(aMessage({ effect: "block", enforced: "block", time: noon })),
    rowOf(aMessage({ effect: "block", enforced: "block", time: noon + 60_000 })),
    rowOf(aMessage({ effect: "block", enforced: "block", time: noon + 86_400_000 })),
    rowOf(aMessage({ effect: "allow", enforced: "allow", time: noon })),
  ];
  expect(Object.fromEntries(countersOf(rows))).toEqual({ events: 4, "day 2026-08-01 block": 2, "day 2026-08-02 block": 1 });
});

test("a quiet row has no verdict key at all, so that it stays out of the index", () => {
  expect("verdict" in rowOf(aMessage({ effect: "allow", enforced: "allow" }))).toBe(false);
});

test("days are the person's own", () => {
  const late = new Date(2026, 7, 1, 23, 59, 59).getTime();
  expect(dayOf(late)).toBe("2026-08-01");
  expect(startOfDay(late)).toBe(new Date(2026, 7, 1).getTime());
});
