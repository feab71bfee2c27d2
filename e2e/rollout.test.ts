import { expect, test } from "vitest";
import { simulateRollout } from "./rollout.ts";

// threat: bundle-rollout
test("a canary reaches its share, a release and a revocation reach every machine within one look", async () => {
  const { phases, quiet } = await simulateRollout(60, 2);
  const [first, canary, raised, next, revoked] = phases;
  for (const all of [first!, raised!, revoked!]) expect(all.reached).toBe(60);
  for (const share of [canary!, next!]) {
    expect(share.reached).toBeGreaterThan(0);
    expect(share.reached).toBeLessThan(20);
  }
  // The same machines go first every time.
  expect(next!.reached).toBe(canary!.reached);
  // Fifteen minutes and a fifth.
  for (const { minutes } of phases) expect(minutes).toBeLessThanOrEqual(18);
  expect(quiet.requests).toBeGreaterThan(0);
  expect(quiet.empty / quiet.requests).toBeGreaterThan(0.7);
}, 120_000);
