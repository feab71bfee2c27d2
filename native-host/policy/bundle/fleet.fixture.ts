/** A publisher with its folder, and machines that follow it, on one clock that tests turn. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Policy } from "../../../shared/policy/language.ts";
import { createKeyFiles, readSigningKey, type SigningKey } from "../signing.ts";
import type { Bootstrap } from "./bootstrap.ts";
import { readRepository, type Repository, type RoleKeys, type RoleName } from "./metadata.ts";
import { releasesIn, renew, sameKeys, settled, withRelease, writeList, writeRoot } from "./publish.ts";
import { openSource } from "./source.ts";
import { storedPolicy, type BundlePolicy } from "./stored.ts";
import { updateBundle, type Outcome } from "./update.ts";
import { openVault } from "./vault.ts";

export const DAY = 24 * 60 * 60_000;
/** Where tests begin; the real clock plays no part. */
export const START = Date.UTC(2031, 4, 1);

export function newKey(): SigningKey {
  const read = readSigningKey(createKeyFiles().secret);
  if (!read.ok) throw new Error(read.why);
  return read.value;
}

export function aPolicy(revision: number, changes: Partial<Policy> = {}): Policy {
  return { version: 1, id: "acme", revision, mode: "enforce", admission: { default: "approve", servers: [{ id: "good", match: { url: "https://good.example/*" }, effect: "allow" }, { id: "odd", match: { url: "https://odd.example/*" }, effect: "monitor" }] }, rules: [], ...changes };
}

export interface Publisher {
  readonly folder: string;
  readonly keys: Record<"root1" | "root2" | "root3" | "targets" | "online", SigningKey>;
  readonly pin: string;
  publish(revision: number, options?: { rollout?: number; channel?: string; now?: number; policy?: Policy }): Promise<void>;
  share(revision: number, rollout: number, now?: number): Promise<void>;
  /** Takes a revision out of the list. */
  drop(revision: number): Promise<void>;
  renew(now?: number): Promise<void>;
  /** @returns why not. */
  rotate(roles: Partial<Record<RoleName, RoleKeys>>, signers: readonly SigningKey[], now?: number): Promise<string | null>;
  /** A copy of the folder as it is now. */
  copy(): string;
}

export interface Place {
  readonly folder: string;
  close(): void;
}

export function openPlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), "sluice-fleet-"));
  return { folder, close: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Two of three root keys, one key for policies, one that is online. */
export async function openPublisher(place: Place, name = "site", began = START): Promise<Publisher> {
  const folder = join(place.folder, name);
  const keys = { root1: newKey(), root2: newKey(), root3: newKey(), targets: newKey(), online: newKey() };
  const roles: Record<RoleName, RoleKeys> = { ...sameKeys([keys.online], 1), root: { keys: [keys.root1, keys.root2, keys.root3], threshold: 2 }, targets: { keys: [keys.targets], threshold: 1 } };
  const all = Object.values(keys);
  const must = <T>(result: { ok: true; value: T } | { ok: false; why: unknown }): T => {
    if (!result.ok) throw new Error(String(result.why));
    return result.value;
  };
  const repository = async (): Promise<Repository> => must(await readRepository(folder, all))!;
  const { sha256: pin } = must(await writeRoot({ folder, keys: all, now: began }, null, roles));
  let copies = 0;
  return {
    folder,
    keys,
    pin,
    async publish(revision, { rollout = 100, channel = "stable", now = START, policy = aPolicy(revision) } = {}) {
      const before = await repository();
      must(await writeList({ folder, keys: all, now }, before, withRelease(releasesIn(before), { policy, channel, rollout, failMode: "closed", graceDays: 14 })));
    },
    async share(revision, rollout, now = START) {
      const before = await repository();
      const releases = releasesIn(before).map((each) => (each.revision === revision ? { ...each, rollout } : each));
      must(await writeList({ folder, keys: all, now }, before, { releases: settled(releases, "stable"), texts: {} }));
    },
    async drop(revision) {
      const before = await repository();
      must(await writeList({ folder, keys: all, now: START }, before, { releases: releasesIn(before).filter((each) => each.revision !== revision), texts: {} }));
    },
    async renew(now = START) {
      must(await renew({ folder, keys: [keys.online], now }, await repository()));
    },
    async rotate(changed, signers, now = START) {
      const result = await writeRoot({ folder, keys: signers, now }, await repository(), { ...roles, ...changed });
      return result.ok ? null : result.why;
    },
    copy() {
      const to = join(place.folder, `${name}-copy-${++copies}`);
      cpSync(folder, to, { recursive: true });
      return to;
    },
  };
}

export interface Machine {
  readonly bootstrap: Bootstrap;
  /** Where its state lies. */
  readonly folder: string;
  look(now?: number): Promise<Outcome>;
  /** What is in force. */
  holds(now?: number): Promise<BundlePolicy>;
}

export function openMachine(place: Place, name: string, bootstrap: Partial<Bootstrap> & Pick<Bootstrap, "bundleUrl" | "rootSha256">, timeoutMs = 5_000): Machine {
  const folder = join(place.folder, name);
  const whole: Bootstrap = { channel: "stable", minRevision: 0, device: name, ...bootstrap };
  const source = openSource(whole.bundleUrl, { timeoutMs });
  if (!source.ok) throw new Error(source.why);
  const vault = openVault(folder);
  return {
    bootstrap: whole,
    folder,
    look: (now = START) => updateBundle({ bootstrap: whole, device: whole.device!, source: source.value, vault, scratch: place.folder, now, chance: 0.5 }),
    holds: (now = START) => storedPolicy(whole, whole.device!, vault, now),
  };
}
