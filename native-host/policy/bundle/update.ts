/** One look at the source: ask, verify, compare with everything this machine has seen, and only then replace what is stored, whole. Whatever is refused, the last known good stays. */
import { ok, fail, type Result } from "../../../shared/base/result.ts";
import { problemText } from "../../../shared/policy/schema-problems.ts";
import { validatePolicy } from "../../../shared/policy/schema.ts";
import type { Bootstrap } from "./bootstrap.ts";
import { cohortOf } from "./cohort.ts";
import { choose, type Release } from "./release-note.ts";
import { nextPoll } from "./schedule.ts";
import type { BundleSource } from "./source.ts";
import { BundleError, type Trouble } from "./trouble.ts";
import { MAX_METADATA_BYTES, MAX_TIMESTAMP_BYTES, refresh, type Refreshed } from "./updater.ts";
import type { Floor, PollNote, StoredBundle, Vault, Versions } from "./vault.ts";
import { sha256, verifyBundle, type VerifiedBundle } from "./verify.ts";

export interface UpdateDoors {
  readonly bootstrap: Bootstrap;
  readonly device: string;
  readonly source: BundleSource;
  readonly vault: Vault;
  /** Folder for what is thrown away again. */
  readonly scratch: string;
  /** Unix milliseconds, as the clock says. */
  readonly now: number;
  /** 0 up to 1: spreads the machines' next tries. */
  readonly chance: number;
}

export type Outcome =
  /** The source has nothing newer for this machine. */
  | { readonly kind: "unchanged"; readonly revision: number }
  | { readonly kind: "updated"; readonly revision: number; readonly before: number | null }
  | { readonly kind: "trouble"; readonly trouble: Trouble; readonly kept: number | null };

interface Held {
  readonly stored: StoredBundle;
  readonly verified: VerifiedBundle;
}

/** A changed root shows in a new timestamp, but a source may forget that: everything is asked for once a day. */
const WHOLE_MS = 24 * 60 * 60_000;

/** @throws when the machine's own disk fails; never because of what the source does. */
export async function updateBundle(doors: UpdateDoors): Promise<Outcome> {
  const { vault, bootstrap, now } = doors;
  const [stored, floor, note] = [await vault.bundle(), await vault.floor(), await vault.note()];
  const read = stored && verifyBundle(stored, bootstrap.rootSha256);
  const held: Held | null = stored && read?.ok ? { stored, verified: read.value } : null;
  const time = Math.max(now, floor.time);
  const whole = !held || !note || Math.abs(now - note.wholeAt) >= WHOLE_MS;
  const done = await look(doors, { held, floor, time, whole, etag: held && note ? note.etag : null });
  const good = done.ok ? done.value.held : held;
  // It is at least this late. Not later than the list's own end: one day with a wrong clock must not refuse every later list.
  const known = good ? Math.max(floor.time, Math.min(time, good.verified.timestampExpiresAt)) : floor.time;
  if (known !== floor.time) await vault.raise({ ...(await vault.floor()), time: known });
  const failures = done.ok ? 0 : (note?.failures ?? 0) + 1;
  const next: PollNote = {
    at: now,
    confirmedAt: done.ok ? now : (note?.confirmedAt ?? null),
    nextAt: nextPoll(now, failures, doors.chance),
    failures,
    etag: done.ok ? done.value.etag : (note?.etag ?? null),
    wholeAt: done.ok && whole ? now : (note?.wholeAt ?? 0),
    trouble: done.ok ? null : done.why,
  };
  await vault.write(next);
  if (!done.ok) return { kind: "trouble", trouble: done.why, kept: held?.verified.release.revision ?? null };
  const { revision } = done.value.held.verified.release;
  const before = held?.verified.release.revision ?? null;
  return revision === before ? { kind: "unchanged", revision } : { kind: "updated", revision, before };
}

interface Asked {
  readonly held: Held | null;
  readonly floor: Floor;
  readonly time: number;
  readonly whole: boolean;
  readonly etag: string | null;
}

async function look(doors: UpdateDoors, { held, floor, time, whole, etag }: Asked): Promise<Result<{ held: Held; etag: string | null }, Trouble>> {
  const { source, bootstrap, vault, scratch } = doors;
  try {
    const first = held ? await source.fetch("timestamp.json", { maxBytes: MAX_TIMESTAMP_BYTES, etag }) : null;
    if (first?.kind === "absent") throw new BundleError("broken", "the source has no timestamp.json");
    const same = held && (first?.kind === "same" || (first?.kind === "body" && first.bytes.toString("utf8") === held.stored.timestamp));
    const tag = first?.kind === "body" ? first.etag : etag;
    if (same && time >= held.verified.timestampExpiresAt) throw new BundleError("expired", "what the source hands out is over: nobody renews it, or somebody holds newer files back");
    // A raised share or a changed bootstrap may name another release of the same list.
    if (same && !whole && isStillMeant(doors, held)) return ok({ held, etag: tag });
    const from = held?.stored ?? (await pinnedRoot(source, bootstrap.rootSha256));
    return await refresh({ source, from, time, timestamp: first?.kind === "body" ? first.bytes : null, scratch }, async (refreshed) => {
      const fresh = await take(doors, refreshed, held, floor);
      await vault.raise({ ...floor, versions: highest(floor.versions, fresh.verified.versions), revisions: { ...floor.revisions, [bootstrap.channel]: fresh.verified.release.revision } });
      await vault.keep(fresh.stored);
      return ok({ held: fresh, etag: first ? tag : refreshed.etag });
    });
  } catch (error) {
    if (error instanceof BundleError) return fail(error.trouble);
    throw error;
  }
}

function isStillMeant({ bootstrap }: UpdateDoors, { verified: { release } }: Held): boolean {
  return release.channel === bootstrap.channel && release.revision >= bootstrap.minRevision;
}

async function pinnedRoot(source: BundleSource, digest: string): Promise<string> {
  const fetched = await source.fetch(`${digest}.root.json`, { maxBytes: MAX_METADATA_BYTES });
  if (fetched.kind !== "body") throw new BundleError("wrong-root", "the source does not have the root of trust that this computer is told to trust (rootSha256): check the address and the digest");
  if (sha256(fetched.bytes) !== digest) throw new BundleError("wrong-root", "what the source hands out as root of trust is not the one that this computer is told to trust (rootSha256)");
  return fetched.bytes.toString("utf8");
}

/** Everything that TUF itself cannot know: what this machine has seen before, whose channel it is on, what is a policy. */
async function take({ bootstrap, device }: UpdateDoors, refreshed: Refreshed, held: Held | null, floor: Floor): Promise<Held> {
  const { roots, timestamp, snapshot, targets, releases } = refreshed;
  const ours = held?.verified.release.channel === bootstrap.channel ? held.verified.release.path : null;
  const release = choose(releases, bootstrap.channel, cohortOf(device, bootstrap.channel), ours);
  if (!release) throw new BundleError("no-release", `nothing is published for this computer in the channel "${bootstrap.channel}"`);
  const lowest = Object.hasOwn(floor.revisions, bootstrap.channel) ? floor.revisions[bootstrap.channel]! : 0;
  if (release.revision < lowest) throw new BundleError("rollback", `the source hands out revision ${release.revision}, and this computer has had ${lowest}`);
  if (release.revision < bootstrap.minRevision) throw new BundleError("below-minimum", `the source hands out revision ${release.revision}, and this computer takes none below ${bootstrap.minRevision} (minRevision)`);
  const have = held && held.stored.path === release.path && held.verified.release.sha256 === release.sha256;
  const policy = have ? held.stored.policy : await refreshed.download(release);
  mustBePolicy(policy, release);
  const stored: StoredBundle = { roots, timestamp, snapshot, targets, path: release.path, policy };
  const verified = verifyBundle(stored, bootstrap.rootSha256);
  // The second reader is the one that every start relies on: what it would refuse is not stored.
  if (!verified.ok) throw new BundleError("mismatch", `what was fetched does not hold together: ${verified.why}`);
  for (const role of ["root", "timestamp", "snapshot", "targets"] as const) {
    if (verified.value.versions[role] < floor.versions[role]) throw new BundleError("rollback", `the source hands out ${role} ${verified.value.versions[role]}, and this computer has seen ${floor.versions[role]}`);
  }
  return { stored, verified: verified.value };
}

function mustBePolicy(text: string, { revision, path }: Release): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BundleError("policy", `${path} is no JSON`);
  }
  const checked = validatePolicy(value);
  if (!checked.ok) throw new BundleError("policy", `${path}: ${checked.why.slice(0, 3).map(problemText).join("; ")}`);
  if (checked.value.revision !== revision) throw new BundleError("policy", `${path} holds revision ${checked.value.revision}`);
}

function highest(a: Versions, b: Versions): Versions {
  return { root: Math.max(a.root, b.root), timestamp: Math.max(a.timestamp, b.timestamp), snapshot: Math.max(a.snapshot, b.snapshot), targets: Math.max(a.targets, b.targets) };
}
