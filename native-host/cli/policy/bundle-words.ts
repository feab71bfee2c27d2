/** How it stands with this computer's signed bundle, in plain words. */
import { isRefusal } from "../../policy/bundle/trouble.ts";
import type { BundleStatus } from "../../policy/bundle/status.ts";

const MINUTE_MS = 60_000;

/** @param now Unix milliseconds. */
export function bundleLines(status: BundleStatus, now: number): string[] {
  const lines = [`Channel "${status.channel}", list ${status.version || "none"}, this computer's place in rollouts ${status.cohort} of 100.`, stateText(status, now)];
  if (status.signers.length > 0) lines.push(`Signatures hold; signed with ${status.signers.map((id) => `${id}…`).join(", ")}.`);
  if (status.trouble) lines.push(`Trouble at the last look (${status.trouble.code}): ${status.trouble.text}.`);
  return lines;
}

function stateText({ state, confirmedAt, expiresAt, graceEndsAt, failMode, trouble }: BundleStatus, now: number): string {
  const confirmed = confirmedAt === null ? "The source has not confirmed it yet." : `The source confirmed it ${ageText(now - confirmedAt)}.`;
  const after = `then only "${failMode}" holds${failMode === "closed" ? " (servers that the policy allows outright)" : " (everything passes and is recorded)"}`;
  switch (state) {
    case "fresh":
      return `Up to date. ${confirmed} Good until ${day(expiresAt)}.`;
    case "cached":
      return `${trouble && isRefusal(trouble) ? "What the source handed out was refused" : "The source cannot be asked right now"}; the last good policy stays. ${confirmed} Good until ${day(expiresAt)}.`;
    case "grace":
      return `Its time was over on ${day(expiresAt)}, and nothing newer could be had; it stays until ${day(graceEndsAt)}, ${after}. ${confirmed}`;
    case "expired":
      return `Its time was over on ${day(expiresAt)} and its grace on ${day(graceEndsAt)}: the fail mode "${failMode}" holds. ${confirmed}`;
    case "none":
      return `This computer is told to take a signed policy and has none yet; until then ${failMode === "closed" ? 'the fail mode "closed" holds' : "the built-in baseline holds"}.`;
    default:
      return state satisfies never;
  }
}

function day(time: number | null): string {
  return time === null ? "an unknown day" : new Date(time).toISOString().slice(0, 16).replace("T", " ") + " UTC";
}

function ageText(ms: number): string {
  const minutes = Math.round(ms / MINUTE_MS);
  if (minutes < 1) return "just now";
  if (minutes < 120) return `${minutes} minutes ago`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} hours ago` : `${Math.round(minutes / 60 / 24)} days ago`;
}
