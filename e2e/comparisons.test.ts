/** That the comparisons of conformance and of real peers see what they are there to see. */
import { describe, expect, test } from "vitest";
import { differences, type Run } from "./conformance/compare.ts";
import type { ChainName } from "./conformance/chains.ts";
import { compareExactly, compareRuns, type Recording } from "./wire/recording.ts";

describe("conformance", () => {
  const run = (chain: ChainName, scenarios: Record<string, string[]>): Run => ({
    chain,
    requirements: "2026-07-28",
    seconds: 1,
    outcome: new Map(Object.entries(scenarios).map(([name, checks]) => [name, { passed: 0, failed: 0, checks, failures: [] }])),
  });
  const bridge = run("bridge", { ping: ["answers: SUCCESS"], status: ["code: FAILURE", "code: SUCCESS"] });

  test("the same checks are no difference, in whatever order", () => {
    expect(differences(run("stdio", { status: ["code: SUCCESS", "code: FAILURE"], ping: ["answers: SUCCESS"] }), [bridge])).toEqual([]);
  });

  test.each([
    ["a check that now fails", { ping: ["answers: FAILURE"], status: ["code: FAILURE", "code: SUCCESS"] }, "ping"],
    ["a check that now passes", { ping: ["answers: SUCCESS"], status: ["code: SUCCESS", "code: SUCCESS"] }, "status"],
    ["a check less of the same name", { ping: ["answers: SUCCESS"], status: ["code: SUCCESS"] }, "status"],
    ["a scenario that did not run", { ping: ["answers: SUCCESS"] }, "status"],
    ["a scenario that only the guard has", { ping: ["answers: SUCCESS"], status: ["code: FAILURE", "code: SUCCESS"], more: ["x: SUCCESS"] }, "more"],
  ])("%s is one", (_name, scenarios, scenario) => {
    expect(differences(run("stdio", scenarios), [bridge]).map((each) => each.scenario)).toEqual([scenario]);
  });

  test("with two to go by, a check may end as in either and as in no third way", () => {
    const direct = run("direct", { ping: ["answers: SUCCESS"], status: ["code: SUCCESS", "code: SUCCESS"] });
    expect(differences(run("url", { ping: ["answers: SUCCESS"], status: ["code: SUCCESS", "code: SUCCESS"] }), [bridge, direct])).toEqual([]);
    expect(differences(run("url", { ping: ["answers: WARNING"], status: ["code: SUCCESS", "code: FAILURE"] }), [bridge, direct])).toHaveLength(1);
  });
});

describe("real peers", () => {
  const line = (message: object): string => `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`;
  const recording = (...answers: string[]): Recording => ({ "to-server": [line({ id: 1, method: "tools/list" })], "to-client": answers });
  const [first, second] = [line({ id: 1, result: { text: "a", at: "2026-11-21T00:00:00Z" } }), line({ id: 2, result: {} })];

  test("one byte is a difference on the two sides of a guard, and so is the order", () => {
    expect(compareExactly(recording(first, second), recording(first, second))).toEqual([]);
    expect(compareExactly(recording(first), recording(first.replace('"id":1', '"id": 1')))).toHaveLength(1);
    expect(compareExactly(recording(first, second), recording(second, first))).toHaveLength(1);
    expect(compareExactly(recording(first, second), recording(first))).toEqual([{ direction: "to-client", at: 1, expected: second, got: undefined }]);
  });

  test("between two runs only order and what is named as varying may differ", () => {
    const varying = [/\d{4}-\d\d-\d\dT[\d:]+Z/g];
    expect(compareRuns(recording(first, second), recording(second, first.replace("T00", "T11")), { varying })).toEqual([]);
    expect(compareRuns(recording(first), recording(first.replace("T00", "T11")), { varying: [] })).toHaveLength(1);
    expect(compareRuns(recording(first), recording(first.replace('"a"', '"b"')), { varying })).toHaveLength(1);
  });

  test("where a server's numbers vary, the numbers of its own questions do, and the client's do not", () => {
    const asked = (id: number): Recording => ({ "to-server": [line({ id, result: { roots: [] } })], "to-client": [line({ id, method: "roots/list" })] });
    expect(compareRuns(asked(1), asked(2), { varying: [], numbersVary: true })).toEqual([]);
    expect(compareRuns(asked(1), asked(2), { varying: [] })).toHaveLength(2);
    expect(compareRuns(recording(first), recording(first.replace('"id":1', '"id":2')), { varying: [], numbersVary: true })).toHaveLength(1);
  });
});
