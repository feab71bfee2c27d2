import fc from "fast-check";
import { expect, test } from "vitest";
import { localServer } from "../mcp/identity.ts";
import type { Facts, RateQuestion } from "./decision.ts";
import { exampleFacts } from "./example-facts.ts";
import { RateCounter } from "./rate-counter.ts";

const SERVER = localServer("desk", []);
const call = (now: number, changes: Partial<Facts> = {}): Facts => exampleFacts(SERVER, { tool: "x", now, ...changes });
const perMinute: RateQuestion = { of: "calls", per: 60_000, by: "session" };

/** Asks, as every message does, and lets it pass. */
function pass(counter: RateCounter, question: RateQuestion, facts: Facts): number | undefined {
  const before = counter.read(question, facts);
  counter.add(facts);
  return before;
}

test("counts what passed in the window, and forgets it when the window has gone by", () => {
  const counter = new RateCounter();
  expect([0, 10_000, 20_000].map((now) => pass(counter, perMinute, call(now)))).toEqual([0, 1, 2]);
  expect(counter.read(perMinute, call(59_999))).toBe(3);
  expect(counter.read(perMinute, call(66_000))).toBe(2);
  expect(counter.read(perMinute, call(200_000))).toBe(0);
});

test("what is only asked about does not count, and only calls are calls", () => {
  const counter = new RateCounter();
  counter.read(perMinute, call(0));
  counter.read(perMinute, call(0));
  for (const changes of [{ direction: "to-client" as const }, { tool: null }, { began: "tools/call" }, { unplaced: true }]) counter.add(call(0, changes));
  expect(counter.read(perMinute, call(0))).toBe(0);
  counter.add(call(0, { tool: undefined }));
  expect(counter.read(perMinute, call(0))).toBe(1);
});

test("bytes are counted in each direction apart", () => {
  const counter = new RateCounter();
  const bytes: RateQuestion = { of: "bytes", per: 60_000, by: "server" };
  const answer = call(0, { direction: "to-client", bytes: 700 });
  pass(counter, bytes, answer);
  pass(counter, bytes, call(0, { bytes: 50 }));
  expect([counter.read(bytes, answer), counter.read(bytes, call(0))]).toEqual([700, 50]);
});

test("tools, servers and connections are told apart", () => {
  const counter = new RateCounter();
  const byTool: RateQuestion = { ...perMinute, by: "tool" };
  const byServer: RateQuestion = { ...perMinute, by: "server" };
  const other = call(0, { tool: "y" });
  const elsewhere = { ...call(0), channel: { ...call(0).channel, id: "other" } };
  for (const question of [byTool, byServer, perMinute]) counter.read(question, call(0));
  counter.add(call(0));
  expect([byTool, byServer, perMinute].map((question) => counter.read(question, other))).toEqual([0, 1, 1]);
  expect([byTool, byServer, perMinute].map((question) => counter.read(question, elsewhere))).toEqual([1, 1, 0]);
});

test("tool names without end share one count, which is at least as high as each alone", () => {
  const counter = new RateCounter();
  const byTool: RateQuestion = { ...perMinute, by: "tool" };
  for (let at = 0; at < 1000; at++) pass(counter, byTool, call(0, { tool: `t${at}` }));
  expect(counter.read(byTool, call(0, { tool: "t999" }))).toBeGreaterThanOrEqual(1);
  expect(counter.read(byTool, call(0, { tool: "t3" }))).toBe(1);
});

test("more windows than can be counted are not known, which restricts", () => {
  const counter = new RateCounter();
  const answers = Array.from({ length: 20 }, (_, at) => counter.read({ ...perMinute, per: 60_000 + at * 1000 }, call(0)));
  expect([answers[0], answers[19]]).toEqual([0, undefined]);
});

test("never less than what passed within the window, never more than within the window and a twelfth", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20_000), { maxLength: 60 }), (pauses) => {
      const counter = new RateCounter();
      const times: number[] = [];
      let now = 1_700_000_000_000;
      for (const pause of pauses) {
        now += pause;
        const count = pass(counter, perMinute, call(now))!;
        expect(count).toBeGreaterThanOrEqual(times.filter((time) => time > now - 60_000).length);
        expect(count).toBeLessThanOrEqual(times.filter((time) => time > now - 65_000).length);
        times.push(now);
      }
    }),
  );
});
