/** What the signed list says of each policy in it: whose channel, which revision, for how large a share of the machines. */
import { isObject } from "../../../shared/mcp/message.ts";
import { CHANNEL, type FailMode } from "./bootstrap.ts";
import { isInRollout } from "./cohort.ts";

export interface Release {
  /** Path of the policy among the targets. */
  readonly path: string;
  readonly sha256: string;
  readonly length: number;
  readonly channel: string;
  readonly revision: number;
  /** Percent of the channel's machines. */
  readonly rollout: number;
  /** What holds when this list is over and nothing newer can be had. */
  readonly failMode: FailMode;
  /** How long the policy holds after the list's time is over. */
  readonly graceDays: number;
}

const PATH = /^policy\/[a-z0-9-]{1,32}\/\d{1,15}\.json$/;
export const MAX_POLICY_BYTES = 8 * 1024 * 1024;

/** Undefined for an entry that is not a policy as this build knows it; it is passed over, so that later builds can add more. */
export function releaseOf(path: string, target: unknown): Release | undefined {
  if (!PATH.test(path) || !isObject(target) || !isObject(target["hashes"]) || !isObject(target["custom"])) return undefined;
  const { length } = target;
  const { sha256 } = target["hashes"];
  const { channel, revision, rollout, failMode, graceDays } = target["custom"];
  if (typeof length !== "number" || !Number.isSafeInteger(length) || length < 2 || length > MAX_POLICY_BYTES) return undefined;
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256) || typeof channel !== "string" || !CHANNEL.test(channel)) return undefined;
  if (typeof revision !== "number" || !Number.isSafeInteger(revision) || revision < 1 || path !== pathOf(channel, revision)) return undefined;
  if (typeof rollout !== "number" || !(rollout >= 0 && rollout <= 100) || (failMode !== "open" && failMode !== "closed")) return undefined;
  if (typeof graceDays !== "number" || !(graceDays >= 0 && graceDays <= 365)) return undefined;
  return { path, sha256, length, channel, revision, rollout, failMode, graceDays };
}

export function pathOf(channel: string, revision: number): string {
  return `policy/${channel}/${revision}.json`;
}

/** All policies of a list (the `targets` of TUF's `signed`), in no order. */
export function releasesOf(targets: unknown): Release[] {
  if (!isObject(targets)) return [];
  return Object.entries(targets).flatMap(([path, target]) => releaseOf(path, target) ?? []);
}

/**
 * The newest that is meant for this machine.
 * @param held path of the policy it has already: that stays good while it is listed, also when its share is lowered.
 */
export function choose(releases: readonly Release[], channel: string, cohort: number, held: string | null): Release | undefined {
  const meant = releases.filter((each) => each.channel === channel && (each.path === held || isInRollout(cohort, each.rollout)));
  return meant.reduce<Release | undefined>((newest, each) => (newest && newest.revision > each.revision ? newest : each), undefined);
}
