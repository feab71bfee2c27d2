/** The policy that this machine's bundle puts in force now, from what lies on its disk; asks nobody. */
import { validatePolicy } from "../../../shared/policy/schema.ts";
import { BASELINE } from "../../../shared/policy/baseline.ts";
import type { Policy } from "../../../shared/policy/language.ts";
import type { PolicySource } from "../../../shared/policy/decision.ts";
import type { Bootstrap } from "./bootstrap.ts";
import { cohortOf } from "./cohort.ts";
import { failPolicy, statusOf, type BundleStatus } from "./status.ts";
import { isRefusal } from "./trouble.ts";
import type { StoredBundle, Vault } from "./vault.ts";
import { verifyBundle, type VerifiedBundle } from "./verify.ts";

export interface BundlePolicy {
  readonly policy: Policy;
  readonly source: PolicySource;
  readonly status: BundleStatus;
  /** What people must hear; empty: all is well. */
  readonly errors: readonly string[];
}

interface Good {
  readonly verified: VerifiedBundle;
  readonly policy: Policy;
}

/** @param now Unix milliseconds, as the clock says. */
export async function storedPolicy(bootstrap: Bootstrap, device: string, vault: Vault, now: number): Promise<BundlePolicy> {
  const note = await vault.note();
  const good = goodOne(await vault.bundle(), bootstrap) ?? goodOne(await vault.previous(), bootstrap);
  // Turned back, a clock does not make an old list young again.
  const time = Math.max(now, (await vault.floor()).time);
  const status = statusOf(bootstrap, cohortOf(device, bootstrap.channel), good?.verified ?? null, note, time);
  const errors = status.trouble && isRefusal(status.trouble) ? [`bundle: ${status.trouble.text}`] : [];
  switch (status.state) {
    case "fresh":
    case "cached":
    case "grace":
      return { policy: good!.policy, source: "bundle", status, errors };
    case "expired":
      return { policy: failPolicy(status.failMode, good!.policy), source: "bundle", status, errors: [...errors, `bundle: its time is over since ${day(status.expiresAt!)} and nothing newer could be had, so the fail mode "${status.failMode}" holds`] };
    case "none":
      return status.failMode === "closed" ? { policy: failPolicy("closed", null), source: "bundle", status, errors } : { policy: BASELINE, source: "baseline", status, errors };
    default:
      return status.state satisfies never;
  }
}

function goodOne(stored: StoredBundle | null, bootstrap: Bootstrap): Good | null {
  const read = stored && verifyBundle(stored, bootstrap.rootSha256);
  // The machine's own floor holds for what is stored as well: a user can put any file there that was ever signed.
  if (!read?.ok || read.value.release.revision < bootstrap.minRevision) return null;
  let value: unknown;
  try {
    value = JSON.parse(read.value.policy);
  } catch {
    return null;
  }
  const checked = validatePolicy(value);
  return checked.ok ? { verified: read.value, policy: checked.value } : null;
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
