import fc from "fast-check";
import { expect, test } from "vitest";
import { parseBootstrap } from "./bootstrap.ts";
import { cohortOf, isInRollout } from "./cohort.ts";
import { choose, releaseOf, type Release } from "./release-note.ts";
import { nextPoll, POLL_MS } from "./schedule.ts";
import { openSource } from "./source.ts";

test.each([
  ["http://policy.example/", "https"],
  ["ftp://policy.example/", "https"],
  ["https://user:word@policy.example/", "without user"],
  ["https://policy.example/?sig=abc", "query"],
  ["policy.example", "no address"],
])("a source at %s is refused", (address, why) => {
  const opened = openSource(address);
  expect(opened.ok ? "" : opened.why).toContain(why);
});

test.each(["https://policy.example/acme", "http://127.0.0.1:8000/", "http://localhost/", "file:///srv/policy"])("a source at %s is taken", (address) => {
  expect(openSource(address).ok).toBe(true);
});

const PIN = "a".repeat(64);
const GOOD = { bundleUrl: "https://policy.example/", rootSha256: PIN };

test("a bootstrap file is checked as a whole: one bad key refuses it, and a bundle without a pinned root is none", () => {
  expect(parseBootstrap(JSON.stringify(GOOD))).toEqual({ ok: true, value: { ...GOOD, channel: "stable", minRevision: 0 } });
  expect(parseBootstrap(JSON.stringify({ orgName: "Acme", lockUi: true }))).toEqual({ ok: true, value: null });
  for (const bad of [{ minrevision: 3 }, { rootSha256: "abc" }, { rootSha256: undefined }, { bundleUrl: undefined }, { failMode: "maybe" }, { minRevision: -1 }, { minRevision: "3" }, { channel: "../up" }, { device: "" }]) expect(parseBootstrap(JSON.stringify({ ...GOOD, ...bad })).ok).toBe(false);
  for (const text of ["", "[]", "null", '"x"']) expect(parseBootstrap(text).ok).toBe(false);
});

// threat: bundle-rollout
test("places in a rollout are even, fixed, and another in each channel", () => {
  const machines = Array.from({ length: 4000 }, (_, at) => `device-${at}`);
  const share = machines.filter((device) => isInRollout(cohortOf(device, "stable"), 10)).length / machines.length;
  expect(share).toBeGreaterThan(0.08);
  expect(share).toBeLessThan(0.12);
  expect(machines.filter((device) => cohortOf(device, "stable") === cohortOf(device, "canary")).length).toBeLessThan(20);
  expect(machines.some((device) => isInRollout(cohortOf(device, "stable"), 0))).toBe(false);
  expect(machines.every((device) => isInRollout(cohortOf(device, "stable"), 100))).toBe(true);
});

test("raising a share only adds machines, and lowering it takes no policy away", () => {
  const release = (revision: number, rollout: number): Release => ({ path: `policy/stable/${revision}.json`, sha256: PIN, length: 10, channel: "stable", revision, rollout, failMode: "closed", graceDays: 14 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }), (place, a, b) => {
      const [low, high] = a < b ? [a, b] : [b, a];
      const at = (rollout: number, held: string | null) => choose([release(1, 100), release(2, rollout)], "stable", place / 100, held)!.revision;
      expect(at(high, null)).toBeGreaterThanOrEqual(at(low, null));
      const held = `policy/stable/${at(high, null)}.json`;
      expect(at(low, held)).toBe(at(high, null));
    }),
  );
});

test("an entry of the list that is not what it says is passed over, and nothing throws", () => {
  const good = { length: 10, hashes: { sha256: PIN }, custom: { channel: "stable", revision: 2, rollout: 10, failMode: "closed", graceDays: 14 } };
  expect(releaseOf("policy/stable/2.json", good)).toMatchObject({ revision: 2, rollout: 10 });
  expect(releaseOf("policy/canary/2.json", good)).toBeUndefined();
  expect(releaseOf("policy/stable/3.json", good)).toBeUndefined();
  expect(releaseOf("../policy/stable/2.json", good)).toBeUndefined();
  fc.assert(fc.property(fc.string(), fc.anything(), (path, value) => void [releaseOf(path, value), releaseOf("policy/stable/2.json", value)]));
  fc.assert(fc.property(fc.string(), (text) => void parseBootstrap(text)));
});

test("the next look comes after a quarter of an hour, more or less, and after six hours and a fifth at the very latest", () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.double({ min: 0, max: 1, noNaN: true }), (failures, chance) => {
      const wait = nextPoll(0, failures, chance);
      expect(wait).toBeGreaterThanOrEqual(POLL_MS * 0.8);
      expect(wait).toBeLessThanOrEqual(7.2 * 60 * 60_000);
      if (failures === 0) expect(wait).toBeLessThanOrEqual(POLL_MS * 1.2);
    }),
  );
});
