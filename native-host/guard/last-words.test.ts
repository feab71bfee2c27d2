/** That nobody waits longer than there is something to wait for. */
import process from "node:process";
import { expect, test } from "vitest";
import { lastWords } from "./last-words.ts";
import type { Flow } from "./pump.ts";

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
const flow = (parts: Partial<Flow>): Flow => ({ done: new Promise(() => {}), taken: () => 0, waits: () => false, ...parts });

test("a server whose output has ended leaves no timer that would keep the guard alive", async () => {
  const before = timers();
  await lastWords(flow({ done: Promise.resolve() }), 600_000);
  expect(timers()).toBe(before);
});

test("output that ends while it is waited for ends the waiting", async () => {
  const before = timers();
  const ended = Promise.withResolvers<void>();
  const waited = lastWords(flow({ done: ended.promise }), 600_000);
  await new Promise(setImmediate);
  ended.resolve();
  await waited;
  expect(timers()).toBe(before);
});

test("output that stays open and silent is not waited for, one that still talks is", async () => {
  const lengths = [0, 10, 20, 20, 99];
  let asked = 0;
  await lastWords(flow({ taken: () => lengths[Math.floor(asked++ / 2)] ?? 0 }), 1);
  expect(asked).toBe(7);
});

test("a reader that is behind is waited for", async () => {
  let rounds = 0;
  await lastWords(flow({ waits: () => ++rounds < 5 }), 1);
  expect(rounds).toBe(5);
});
