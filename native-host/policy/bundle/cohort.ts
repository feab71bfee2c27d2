/** Which machines go first: a machine has a fixed place between 0 and 100 in each channel, and a release at 10 % takes the machines below 10. */
import { createHash } from "node:crypto";

/** From 0 up to but not including 100, in hundredths; the same for the same machine and channel, so that raising a share only adds machines. */
export function cohortOf(device: string, channel: string): number {
  const drawn = createHash("sha256").update(`${device}:${channel}`).digest().readUInt32BE(0);
  return Math.floor((drawn / 2 ** 32) * 10_000) / 100;
}

/** @param rollout share of the machines in percent, 0 to 100. */
export function isInRollout(cohort: number, rollout: number): boolean {
  return cohort < rollout;
}
