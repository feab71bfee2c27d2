/** How it stands with a machine's bundle: fresh, cached, in grace or over, and which policy that puts in force. */
import type { BundleSeen } from "../../../shared/events/record.ts";
import type { Policy } from "../../../shared/policy/language.ts";
import { BASELINE } from "../../../shared/policy/baseline.ts";
import type { Bootstrap, FailMode } from "./bootstrap.ts";
import type { Trouble } from "./trouble.ts";
import type { PollNote } from "./vault.ts";
import type { VerifiedBundle } from "./verify.ts";

/**
 * `fresh`: the source has confirmed it at the last try. `cached`: the source could not be asked, and its time is not over.
 * `grace`: its time is over, and the policy stays for a while. `expired`: the grace is over, the fail mode holds. `none`: there has been none yet.
 */
export type BundleState = "fresh" | "cached" | "grace" | "expired" | "none";

export interface BundleStatus {
  readonly state: BundleState;
  readonly channel: string;
  /** Version of the signed list; 0: none. */
  readonly version: number;
  /** Place of this machine in staged rollouts, 0 up to 100. */
  readonly cohort: number;
  /** Unix milliseconds. */
  readonly confirmedAt: number | null;
  readonly expiresAt: number | null;
  readonly graceEndsAt: number | null;
  readonly nextAt: number | null;
  readonly signers: readonly string[];
  readonly failMode: FailMode;
  readonly trouble: Trouble | null;
}

const DAY_MS = 24 * 60 * 60_000;

/** @param time what is taken for now: never earlier than the latest time this machine has seen. */
export function statusOf(bootstrap: Bootstrap, cohort: number, verified: VerifiedBundle | null, note: PollNote | null, time: number): BundleStatus {
  const graceEndsAt = verified && verified.expiresAt + verified.release.graceDays * DAY_MS;
  return {
    state: stateOf(verified, graceEndsAt, note, time),
    channel: bootstrap.channel,
    version: verified?.versions.targets ?? 0,
    cohort,
    confirmedAt: note?.confirmedAt ?? null,
    expiresAt: verified?.expiresAt ?? null,
    graceEndsAt,
    nextAt: note?.nextAt ?? null,
    signers: verified?.signers ?? [],
    failMode: bootstrap.failMode === "closed" || (verified ? verified.release.failMode === "closed" : false) ? "closed" : (bootstrap.failMode ?? "open"),
    trouble: note?.trouble ?? null,
  };
}

/** For the record: who in a fleet runs what, and how old it is. */
export function seen({ state, channel, version, cohort, confirmedAt }: BundleStatus, now: number): BundleSeen {
  return { state, channel, version, cohort, ageMs: confirmedAt === null ? null : Math.max(0, now - confirmedAt) };
}

function stateOf(verified: VerifiedBundle | null, graceEndsAt: number | null, note: PollNote | null, time: number): BundleState {
  if (!verified || graceEndsAt === null) return "none";
  if (time >= graceEndsAt) return "expired";
  if (time >= verified.expiresAt) return "grace";
  return note && note.failures === 0 ? "fresh" : "cached";
}

/** What holds when there is no policy to go by any more (or none yet, on a machine that is to fail closed). @param last the last one that held up. */
export function failPolicy(mode: FailMode, last: Policy | null): Policy {
  const revision = last?.revision ?? 1;
  const title = "No valid policy from your organization";
  if (mode === "open") return { ...BASELINE, id: "sluice-fail-open", title, revision, mode: "monitor" };
  const message = "This computer has not had a valid policy from your organization for too long, so only servers that it allows outright can be used. Connect it to your organization's network, or ask for help.";
  if (!last) return { ...BASELINE, id: "sluice-fail-closed", title, revision, admission: { default: "block", message, servers: [] } };
  // Rules stay; of the servers, those that were allowed outright.
  const servers = last.admission.servers.filter(({ effect }) => effect === "allow" || effect === "block");
  return { ...last, id: "sluice-fail-closed", title, mode: "enforce", admission: { default: "block", message, servers } };
}
