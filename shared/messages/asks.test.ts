import fc from "fast-check";
import { expect, test } from "vitest";
import { anAsk } from "./ask.fixture.ts";
import { isAnswer, isAsk, isReceipt, receipt } from "./asks.ts";

const ask = anAsk({ spans: ["call", "session", 3_600_000] });
const answer = { call: ask.call, say: "go", span: 3_600_000, reason: null, via: "popup" } as const;

test("what a gate asks and a person answers comes through JSON whole", () => {
  expect(JSON.parse(JSON.stringify(ask))).toSatisfy(isAsk);
  expect(JSON.parse(JSON.stringify(answer))).toSatisfy(isAnswer);
  expect(receipt(ask.ticket, "already")).toSatisfy(isReceipt);
});

test("every field is needed, and of its type", () => {
  for (const [whole, is] of [[ask, isAsk], [answer, isAnswer]] as const) {
    for (const key of Object.keys(whole)) {
      const { [key as never]: _, ...rest } = whole as Record<string, unknown>;
      expect({ key, taken: is(rest) }).toEqual({ key, taken: false });
      expect({ key, taken: is({ ...whole, [key]: { odd: true } }) }).toEqual({ key, taken: false });
    }
  }
});

test("nothing too long gets through, and nothing at all throws", () => {
  expect(isAsk({ ...ask, shown: "x".repeat(100_000) })).toBe(false);
  expect(isAsk({ ...ask, spans: [] })).toBe(false);
  expect(isAnswer({ ...answer, reason: "x".repeat(3000) })).toBe(false);
  fc.assert(fc.property(fc.anything(), (value) => void (isAsk(value), isAnswer(value), isReceipt(value))));
});
