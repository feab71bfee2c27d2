import { expect, test } from "vitest";
import { sha256Hex } from "../../shared/base/digest.ts";
import { fail, ok } from "../../shared/base/result.ts";
import type { PolicySnapshot } from "../../shared/messages/extension.ts";
import type { PolicySource } from "../../shared/policy/decision.ts";
import type { Policy } from "../../shared/policy/language.ts";
import type { ManagedState } from "./managed-config.ts";
import type { PolicyPart } from "./policy-parts.ts";
import { createPolicyStore, type PolicyDoors, type StoredPolicy } from "./policy-store.ts";

function policy(id: string, revision: number, mode: Policy["mode"] = "enforce"): Policy {
  return { version: 1, id, revision, mode, admission: { default: "block", servers: [] }, rules: [] };
}

const BASELINE = policy("baseline", 1);
const digest = (value: Policy): string => sha256Hex(JSON.stringify(value));
const UNMANAGED: ManagedState = { management: "unmanaged", values: {}, notices: [] };
const managedWith = (values: ManagedState["values"]): ManagedState => ({ management: "managed", values, notices: [] });

function bench(start?: StoredPolicy) {
  const world: { stored: unknown } = { stored: start };
  const applied: PolicySnapshot[] = [];
  const rejected: { source: PolicySource; errors: readonly string[]; kept: { id: string; revision: number } }[] = [];
  const doors: PolicyDoors = {
    load: async () => world.stored,
    save: async (value) => void (world.stored = structuredClone(value)),
    now: () => 5_000,
    // Stands for the real schema: what matters here is that a refusal is obeyed.
    validate: (value) => {
      const given = value as Policy;
      return given.version === 1 && Array.isArray(given.rules) ? ok(given) : fail([{ path: ["rules", 0, "efect"], message: "unknown key.", fix: "Did you mean effect?" }]);
    },
    digest,
    baseline: BASELINE,
    onApplied: (snapshot) => void applied.push(snapshot),
    onRejected: (what) => void rejected.push(what),
  };
  return { world, applied, rejected, store: createPolicyStore(doors) };
}

function partsOf(value: unknown, source: PolicySource = "local", count = 3): PolicyPart[] {
  const text = JSON.stringify(value);
  const size = Math.ceil(text.length / count);
  return Array.from({ length: count }, (_, part) => ({ kind: "policy", digest: digest(value as Policy), source, part, parts: count, text: text.slice(part * size, (part + 1) * size) }));
}

async function hand(store: ReturnType<typeof createPolicyStore>, parts: readonly PolicyPart[]): Promise<void> {
  for (const part of parts) await store.hostPart(part);
}

test("a fresh install is under the baseline at once, and stays so while management is unknown", async () => {
  const { store, world } = bench();
  await store.start();
  expect(store.current()).toMatchObject({ policy: { id: "baseline" }, source: "baseline" });
  expect((world.stored as StoredPolicy).snapshot).toEqual(store.current());
  await hand(store, partsOf(policy("mine", 3, "monitor")));
  expect(store.current()?.policy.id).toBe("baseline");
  await store.managed(UNMANAGED);
  expect(store.current()).toMatchObject({ policy: { id: "mine" }, source: "local" });
});

test("parts may come in any order and twice", async () => {
  const { store } = bench();
  await store.managed(UNMANAGED);
  const [first, second, third] = partsOf(policy("mine", 1)) as [PolicyPart, PolicyPart, PolicyPart];
  await hand(store, [third, first, first, third]);
  expect(store.current()?.source).toBe("baseline");
  await store.hostPart(second);
  expect(store.current()?.policy.id).toBe("mine");
});

test("parts of two snapshots never mix; each completes from its own", async () => {
  const { store, applied } = bench();
  await store.managed(UNMANAGED);
  const one = partsOf(policy("one", 1));
  const two = partsOf(policy("two", 1));
  await hand(store, [one[0]!, two[1]!, two[2]!, one[1]!, two[0]!, one[2]!]);
  expect(applied.map((snapshot) => snapshot.policy.id)).toEqual(["baseline", "two", "one"]);
});

test("a lost connection forgets half a snapshot", async () => {
  const { store } = bench();
  await store.managed(UNMANAGED);
  const parts = partsOf(policy("mine", 1));
  await hand(store, parts.slice(0, 2));
  store.hostGone();
  await store.hostPart(parts[2]!);
  expect(store.current()?.source).toBe("baseline");
});

test("a part that comes twice with different text spoils the snapshot", async () => {
  const { store, rejected } = bench();
  await store.managed(UNMANAGED);
  const parts = partsOf(policy("mine", 1));
  await hand(store, [parts[0]!, { ...parts[0]!, text: "{" }, parts[1]!, parts[2]!]);
  expect(store.current()?.source).toBe("baseline");
  expect(rejected).toHaveLength(1);
});

test("a wrong digest is refused and the old policy stays", async () => {
  const { store, rejected, applied } = bench();
  await store.managed(UNMANAGED);
  await hand(store, partsOf(policy("mine", 1)));
  await hand(store, partsOf(policy("mine", 2)).map((part) => ({ ...part, digest: "0".repeat(64) })));
  expect(store.current()?.policy).toMatchObject({ id: "mine", revision: 1 });
  expect(rejected).toMatchObject([{ source: "local", kept: { id: "mine", revision: 1 } }]);
  expect(rejected[0]?.errors.join()).toContain("digest");
  expect(applied).toHaveLength(2);
});

// threat: policy-typo
test("a policy with a typo is refused whole, shown, recorded once, and forgotten after a good one", async () => {
  const { store, rejected, world } = bench();
  await store.managed(UNMANAGED);
  const broken = partsOf({ version: 1, id: "mine", revision: 2 });
  await hand(store, broken);
  await hand(store, broken);
  expect(rejected).toHaveLength(1);
  expect(store.rejected()).toMatchObject({ source: "local", errors: ["rules.0.efect: unknown key. Did you mean effect?"] });
  expect((world.stored as StoredPolicy).rejected).toEqual(store.rejected());
  await hand(store, partsOf(policy("mine", 2)));
  expect(store.rejected()).toBeNull();
});

test("broken and ambiguous JSON are refused", async () => {
  const { store, rejected } = bench();
  await store.managed(managedWith({ policy: "{ not json" }));
  await store.managed(managedWith({ policy: '{"version":1,"id":"a","id":"b","rules":[]}' }));
  expect(store.current()?.source).toBe("baseline");
  expect(rejected.map((each) => each.errors.join())).toEqual([expect.stringContaining("not valid JSON"), expect.stringContaining("twice")]);
});

// threat: policy-rollback
test("an older revision of the same policy is refused, also after a restart", async () => {
  const first = bench();
  await first.store.managed(UNMANAGED);
  await hand(first.store, partsOf(policy("mine", 7)));
  const later = bench(first.world.stored as StoredPolicy);
  await later.store.managed(UNMANAGED);
  await hand(later.store, partsOf(policy("mine", 6)));
  expect(later.store.current()?.policy.revision).toBe(7);
  expect(later.rejected[0]?.errors.join()).toContain("revision");
  await hand(later.store, partsOf(policy("other", 1)));
  expect(later.store.current()?.policy.id).toBe("other");
});

test("browser policy beats the host, whichever comes first", async () => {
  const { store } = bench();
  await store.managed(managedWith({ policy: JSON.stringify(policy("acme", 1)) }));
  await hand(store, partsOf(policy("mine", 9), "machine"));
  expect(store.current()).toMatchObject({ policy: { id: "acme" }, source: "managed" });

  const other = bench();
  await other.store.managed(UNMANAGED);
  await hand(other.store, partsOf(policy("mine", 9)));
  await other.store.managed(managedWith({ policy: JSON.stringify(policy("acme", 1)) }));
  expect(other.store.current()).toMatchObject({ policy: { id: "acme" }, source: "managed" });
});

test("a broken browser policy does not let the host's in", async () => {
  const { store } = bench();
  await store.managed(managedWith({ policy: "{" }));
  await hand(store, partsOf(policy("mine", 9), "machine"));
  expect(store.current()?.source).toBe("baseline");
});

test("when browser policy stops carrying one, the host's waits ready", async () => {
  const { store } = bench();
  await store.managed(managedWith({ policy: JSON.stringify(policy("acme", 1)) }));
  await hand(store, partsOf(policy("machine", 1), "machine"));
  await store.managed(managedWith({ configVersion: 2 }));
  expect(store.current()).toMatchObject({ policy: { id: "machine" }, source: "machine" });
});

// threat: stand-in-host
test("a host that claims to be the browser is refused", async () => {
  const { store, rejected } = bench();
  await store.managed(UNMANAGED);
  await hand(store, partsOf(policy("mine", 1), "managed"));
  expect(store.current()?.source).toBe("baseline");
  expect(rejected).toHaveLength(1);
});

test("in a managed browser a personal policy file does not count", async () => {
  const { store, rejected } = bench();
  await store.managed(managedWith({ mode: "enforce" }));
  await hand(store, partsOf(policy("mine", 1, "monitor"), "local"));
  expect(store.current()?.source).toBe("baseline");
  expect(rejected[0]?.source).toBe("local");
  await hand(store, partsOf(policy("machine", 1), "machine"));
  expect(store.current()?.source).toBe("machine");
});

test("browser policy lays its mode and support address over any policy, under a digest of its own", async () => {
  const { store, applied } = bench();
  await store.managed(UNMANAGED);
  await hand(store, partsOf(policy("machine", 1), "machine"));
  const plain = store.current();
  await store.managed(managedWith({ mode: "monitor", supportUrl: "https://help.example/ai" }));
  expect(store.current()).toMatchObject({ policy: { id: "machine", mode: "monitor", support: { url: "https://help.example/ai" } } });
  expect(store.current()?.digest).not.toBe(plain?.digest);
  await store.managed(managedWith({}));
  expect(store.current()?.policy).toEqual(plain?.policy);
  expect(applied).toHaveLength(4);
});

test("after a restart the last known good policy stands without host and browser", async () => {
  const first = bench();
  await first.store.managed(UNMANAGED);
  await hand(first.store, partsOf(policy("mine", 7)));
  const later = bench(first.world.stored as StoredPolicy);
  await later.store.start();
  expect(later.store.current()).toEqual(first.store.current());
  expect(later.applied).toEqual([]);
});

test("what a newer language no longer accepts falls back to the baseline", async () => {
  const handed = { policy: { ...policy("old", 4), rules: "none" } as unknown as Policy, source: "local" as const, digest: "x" };
  const { store } = bench({ snapshot: { ...handed, appliedAt: 1 }, handed, floors: {}, rejected: null });
  await store.start();
  expect(store.current()?.source).toBe("baseline");
});

test("the host's own refusal is shown but not recorded a second time", async () => {
  const { store, rejected } = bench();
  await store.managed(UNMANAGED);
  await store.hostRejected("local", ["sluice.yaml:4: unknown effect bloc"]);
  expect(store.rejected()).toMatchObject({ source: "local", errors: ["sluice.yaml:4: unknown effect bloc"] });
  expect(rejected).toEqual([]);
});
