import { expect, test } from "vitest";
import { checkManaged, createManagedConfig, FIRST_START_MS, type ManagedDoors, type ManagedState } from "./managed-config.ts";

/** A browser whose policy, clock and storage the test sets. */
function bench(options: { stored?: unknown; raw?: Record<string, unknown>; now?: number; final?: boolean } = {}) {
  const world = { raw: options.raw ?? {}, now: options.now ?? 1_000, stored: options.stored as unknown, broken: false };
  const timers: { at: number; run: () => void }[] = [];
  const states: ManagedState[] = [];
  const alarms: string[] = [];
  const doors: ManagedDoors = {
    read: async () => {
      if (world.broken) throw new Error("no managed storage");
      return world.raw;
    },
    load: async () => world.stored,
    save: async (value) => void (world.stored = structuredClone(value)),
    now: () => world.now,
    after: (ms, run) => void timers.push({ at: world.now + ms, run }),
    firstAnswerIsFinal: async () => options.final ?? false,
    onState: (state) => void states.push(state),
    onAlarm: (detail) => void alarms.push(detail),
  };
  return { world, timers, states, alarms, doors, managed: createManagedConfig(doors) };
}

test("an empty first answer is unknown until the eight seconds are over, then unmanaged", async () => {
  const { managed, world, timers, states } = bench();
  await managed.start();
  expect(managed.current().management).toBe("unknown");
  expect(states).toEqual([]);
  expect(timers[0]?.at).toBe(1_000 + FIRST_START_MS);
  world.now = timers[0]!.at;
  timers[0]!.run();
  await managed.changed(); // waits for the timer's read, which stands before it
  expect(managed.current().management).toBe("unmanaged");
});

test("values that come late make it managed, never passing through unmanaged", async () => {
  const { managed, world, states } = bench();
  await managed.start();
  world.raw = { mode: "monitor" };
  world.now += 3_000;
  await managed.changed();
  expect(states.map((state) => state.management)).toEqual(["managed"]);
  expect(managed.current().values).toEqual({ mode: "monitor" });
});

test("a worker that restarts within the window goes on counting from the first start", async () => {
  const first = bench();
  await first.managed.start();
  const second = bench({ stored: first.world.stored, now: 1_000 + FIRST_START_MS + 1 });
  await second.managed.start();
  expect(second.managed.current().management).toBe("unmanaged");
});

test("a development install takes the first answer", async () => {
  const { managed } = bench({ final: true });
  await managed.start();
  expect(managed.current().management).toBe("unmanaged");
});

// threat: managed-emptied
test("empty after a policy is an alarm: the last configuration holds, and one alarm is enough", async () => {
  const first = bench({ raw: { policy: "{}", mode: "enforce" } });
  await first.managed.start();
  first.world.raw = {};
  await first.managed.changed();
  expect(first.managed.current()).toMatchObject({ management: "managed", values: { policy: "{}", mode: "enforce" } });
  expect(first.alarms).toHaveLength(1);
  expect(first.alarms[0]).toContain("empty");

  const woken = bench({ stored: first.world.stored });
  await woken.managed.start();
  expect(woken.managed.current()).toMatchObject({ management: "managed", values: { mode: "enforce" } });
  expect(woken.alarms).toEqual([]);
  expect(woken.managed.current().notices.join()).toContain("empty");

  woken.world.raw = { policy: "{}", mode: "enforce" };
  await woken.managed.changed();
  expect(woken.managed.current().notices).toEqual([]);
});

test("the last known configuration stands before the browser has answered", async () => {
  const first = bench({ raw: { mode: "enforce" } });
  await first.managed.start();
  const { doors, states } = bench({ stored: first.world.stored });
  let answer: (value: Record<string, unknown>) => void = () => undefined;
  const managed = createManagedConfig({ ...doors, read: () => new Promise((resolve) => (answer = resolve)) });
  const started = managed.start();
  await expect.poll(() => states.length).toBe(1);
  expect(managed.current()).toMatchObject({ management: "managed", values: { mode: "enforce" } });
  await expect.poll(() => (answer({ mode: "monitor" }), managed.current().values.mode)).toBe("monitor");
  await started;
});

test("a key that vanishes while configVersion stays is kept; raising the number lets it go", async () => {
  const { managed, world, alarms } = bench({ raw: { configVersion: 4, policy: "{}", orgName: "Acme" } });
  await managed.start();
  world.raw = { configVersion: 4, orgName: "Acme" };
  await managed.changed();
  expect(managed.current().values.policy).toBe("{}");
  expect(alarms.join()).toContain("policy vanished");
  world.raw = { configVersion: 5, orgName: "Acme" };
  await managed.changed();
  expect(managed.current().values).toEqual({ configVersion: 5, orgName: "Acme" });
});

test("an empty answer that is still on its way cannot undo a full one", async () => {
  const { doors, states } = bench({ final: true });
  const answers: ((value: Record<string, unknown>) => void)[] = [];
  const managed = createManagedConfig({ ...doors, read: () => new Promise((resolve) => answers.push(resolve)) });
  const started = managed.start();
  const changed = managed.changed();
  await expect.poll(() => answers.length).toBe(1);
  answers[0]!({});
  await expect.poll(() => answers.length).toBe(2);
  answers[1]!({ mode: "enforce" });
  await Promise.all([started, changed]);
  expect(states.at(-1)?.management).toBe("managed");
});

test("a policy of which every key is wrong still means managed", async () => {
  const { managed, alarms } = bench({ raw: { mode: "loud" }, final: true });
  await managed.start();
  expect(managed.current()).toMatchObject({ management: "managed", values: {} });
  expect(alarms).toHaveLength(1);
});

test("a browser without managed storage counts as unmanaged", async () => {
  const { managed, world } = bench({ final: true });
  world.broken = true;
  await managed.start();
  expect(managed.current().management).toBe("unmanaged");
});

test.each([
  [{ mode: "loud" }, "mode"],
  [{ policy: { rules: [] } }, "policy"],
  [{ requireHost: "yes" }, "requireHost"],
  [{ supportUrl: "javascript:alert(1)" }, "supportUrl"],
  [{ rootSha256: "abc" }, "rootSha256"],
  [{ configVersion: 1.5 }, "configVersion"],
  [{ polcy: "{}" }, "polcy"],
])("a wrong value costs only its own key: %j", (wrong, key) => {
  const { values, dropped } = checkManaged({ ...wrong, orgName: "Acme" });
  expect(values).toEqual({ orgName: "Acme" });
  expect(dropped).toHaveLength(1);
  expect(dropped[0]).toContain(key);
});
