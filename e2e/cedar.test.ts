import process from "node:process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compile } from "../shared/policy/compile.ts";
import { facts, policy } from "../shared/policy/policy.fixture.ts";
import { cedarEvaluator, isCedarInstalled } from "./cedar/evaluator.ts";

// `npm ci` brings it; where it is missing, the thorough run must not pass over it in silence.
const skip = !isCedarInstalled() && process.env["SLUICE_VERIFY"] !== "1";

test.skipIf(skip)("Cedar comes to the same effect by the same rules", { timeout: 600_000 }, () => {
  let compared = 0;
  const effects = new Map<string, number>();
  fc.assert(
    fc.property(policy, fc.array(facts, { minLength: 4, maxLength: 4 }), (written, messages) => {
      const cedar = cedarEvaluator(written);
      const ours = compile(written, "local");
      for (const message of messages) {
        const { effect, matched } = ours.decide(message);
        expect({ effect, matched: matched.map(({ id }) => id).toSorted() }).toEqual(cedar(message));
        effects.set(effect, (effects.get(effect) ?? 0) + 1);
        compared++;
      }
    }),
    { numRuns: 300 },
  );
  // All effects came up, or the comparison would have been about little.
  expect([...effects.keys()].toSorted()).toEqual(["allow", "approve", "block", "coach", "monitor", "redact"]);
  expect(compared).toBeGreaterThanOrEqual(1200);
});
