/** Publishing into a folder that any static host can hand out: the root of trust, policies in their channels, shares, revocations, and the daily renewal. */
import { join } from "node:path";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import { canonicalJson } from "../../../shared/policy/canonical.ts";
import type { Policy } from "../../../shared/policy/language.ts";
import type { SigningKey } from "../signing.ts";
import type { FailMode } from "./bootstrap.ts";
import { fields, holds, newRoot, ROLES, signAs, writeOnce, writeTimestamp, type Repository, type RoleKeys, type RoleName } from "./metadata.ts";
import { MetaFile, Metadata, Snapshot, TargetFile, Targets, Timestamp, type Root } from "./models.ts";
import { pathOf, releasesOf, type Release } from "./release-note.ts";
import { targetFile } from "./updater.ts";
import { sha256 } from "./verify.ts";

const DAY_MS = 24 * 60 * 60_000;
/** How long a signature holds. A frozen fleet notices after the first; the others are renewed on the way. */
export const VALID_MS = { timestamp: 7 * DAY_MS, snapshot: 14 * DAY_MS, targets: 90 * DAY_MS, root: 365 * DAY_MS } as const;

export interface Publishing {
  readonly folder: string;
  readonly keys: readonly SigningKey[];
  /** Unix milliseconds. */
  readonly now: number;
  /** How long the list of policies holds (for the root: the root); default as in `VALID_MS`. */
  readonly validMs?: number;
}

/** The first root of a folder, or the next one, signed by the old keys and the new. @returns the digest that machines pin. */
export async function writeRoot({ folder, keys, now, validMs = VALID_MS.root }: Publishing, before: Repository | null, roles: Readonly<Record<RoleName, RoleKeys>>): Promise<Result<{ readonly version: number; readonly sha256: string }>> {
  const version = (before?.root.signed.version ?? 0) + 1;
  const root = newRoot(version, now + validMs, roles);
  const own = signAs(root, "root", root, keys);
  if (!own.ok) return own;
  if (before) {
    const old = signAs(before.root, "root", root, keys);
    if (!old.ok) return fail(`${old.why}: a new root must be signed by the old keys as well`);
  }
  const text = JSON.stringify(root.toJSON());
  // What stands there must hold under the new root; what does not is signed anew, and before anything is written.
  const next = before ? resign({ folder, keys, now }, before, root) : ok([]);
  if (!next.ok) return next;
  const digest = sha256(Buffer.from(text));
  await writeOnce(join(folder, `${version}.root.json`), text);
  await writeOnce(join(folder, `${digest}.root.json`), text);
  for (const write of next.value) await write();
  return ok({ version, sha256: digest });
}

export interface Change {
  /** New policies, or those of the list with another share. */
  readonly releases: readonly Release[];
  /** Texts of new ones, by path. */
  readonly texts: Readonly<Record<string, string>>;
}

export function releasesIn({ targets }: Repository): Release[] {
  return targets ? releasesOf(JSON.parse(JSON.stringify(targets.signed.toJSON()))["targets"]) : [];
}

export interface NewRelease {
  readonly policy: Policy;
  readonly channel: string;
  readonly rollout: number;
  readonly failMode: FailMode;
  readonly graceDays: number;
}

/** A policy joins the list of its channel; what everybody has moved on from leaves it. */
export function withRelease(before: readonly Release[], { policy, channel, rollout, failMode, graceDays }: NewRelease): Change {
  const text = canonicalJson(policy);
  const bytes = Buffer.from(text);
  const path = pathOf(channel, policy.revision);
  const fresh: Release = { path, sha256: sha256(bytes), length: bytes.length, channel, revision: policy.revision, rollout, failMode, graceDays };
  return { releases: settled([...before, fresh], channel), texts: { [path]: text } };
}

/** Older than the newest that is for everybody: no machine would choose it. */
export function settled(releases: readonly Release[], channel: string): Release[] {
  const floor = Math.max(0, ...releases.filter((each) => each.channel === channel && each.rollout === 100).map(({ revision }) => revision));
  return releases.filter((each) => each.channel !== channel || each.revision >= floor);
}

/** Writes texts, list, snapshot and, last, the timestamp that leads to them. */
export async function writeList(publishing: Publishing, repository: Repository, { releases, texts }: Change): Promise<Result<{ readonly version: number }>> {
  const { folder, keys, now, validMs = VALID_MS.targets } = publishing;
  const version = (repository.targets?.signed.version ?? 0) + 1;
  const targets = Object.fromEntries(releases.map((release) => [release.path, targetOf(release)]));
  const list = new Metadata(new Targets({ ...fields(version, now + validMs), targets }));
  const signed = signAs(repository.root, "targets", list, keys);
  if (!signed.ok) return signed;
  const rest = renewed(publishing, repository, list, signed.value);
  if (!rest.ok) return rest;
  for (const { path, sha256: digest } of releases) if (texts[path] !== undefined) await writeOnce(join(folder, targetFile(path, digest)), texts[path]);
  await writeOnce(join(folder, `${version}.targets.json`), signed.value);
  for (const write of rest.value) await write();
  return ok({ version });
}

/** Says anew that what is published is the newest: a new timestamp, and a new snapshot where the old one nears its end. */
export async function renew(publishing: Publishing, repository: Repository): Promise<Result<{ readonly version: number }>> {
  const { targets } = repository;
  if (!targets) return fail("nothing is published there yet");
  const writes = renewed(publishing, repository, targets, JSON.stringify(targets.toJSON()), false);
  if (!writes.ok) return writes;
  for (const write of writes.value) await write();
  return ok({ version: (repository.timestamp?.signed.version ?? 0) + 1 });
}

type Write = () => Promise<void>;

function renewed({ folder, keys, now }: Publishing, { root, snapshot, timestamp }: Repository, targets: Metadata<Targets>, text: string, changed = true): Result<Write[]> {
  const writes: Write[] = [];
  const keeps = !changed && snapshot && Date.parse(snapshot.signed.expires) - now > VALID_MS.timestamp;
  const next = keeps ? snapshot : new Metadata(new Snapshot({ ...fields((snapshot?.signed.version ?? 0) + 1, now + VALID_MS.snapshot), meta: { "targets.json": metaOf(targets.signed.version, text) } }));
  const named = keeps ? ok(JSON.stringify(next.toJSON())) : signAs(root, "snapshot", next, keys);
  if (!named.ok) return named;
  if (!keeps) writes.push(() => writeOnce(join(folder, `${next.signed.version}.snapshot.json`), named.value));
  const version = (timestamp?.signed.version ?? 0) + 1;
  const stamp = new Metadata(new Timestamp({ ...fields(version, now + VALID_MS.timestamp), snapshotMeta: metaOf(next.signed.version, named.value) }));
  const stamped = signAs(root, "timestamp", stamp, keys);
  if (!stamped.ok) return stamped;
  // The numbered copy lets the publisher see how far versions have come; machines read the other.
  writes.push(() => writeOnce(join(folder, `${version}.timestamp.json`), stamped.value), async () => writeTimestamp(folder, stamped.value));
  return ok(writes);
}

/** After a change of keys: the lists once more, signed by keys that the new root names. */
function resign(publishing: Publishing, before: Repository, root: Metadata<Root>): Result<Write[]> {
  const { targets } = before;
  if (!targets) return ok([]);
  const repository: Repository = { ...before, root };
  // A new timestamp in any case: it is what makes machines ask for the new root.
  if (holds(root, "targets", targets)) return renewed(publishing, repository, targets, JSON.stringify(targets.toJSON()), !(before.snapshot && holds(root, "snapshot", before.snapshot)));
  const version = targets.signed.version + 1;
  const list = new Metadata(new Targets({ version, specVersion: targets.signed.specVersion, expires: targets.signed.expires, targets: targets.signed.targets }));
  const signed = signAs(root, "targets", list, publishing.keys);
  if (!signed.ok) return signed;
  const rest = renewed(publishing, repository, list, signed.value);
  return rest.ok ? ok([() => writeOnce(join(publishing.folder, `${version}.targets.json`), signed.value), ...rest.value]) : rest;
}

function metaOf(version: number, text: string): MetaFile {
  const bytes = Buffer.from(text);
  return new MetaFile({ version, length: bytes.length, hashes: { sha256: sha256(bytes) } });
}

function targetOf({ path, sha256: digest, length, channel, revision, rollout, failMode, graceDays }: Release): TargetFile {
  return new TargetFile({ path, length, hashes: { sha256: digest }, unrecognizedFields: { custom: { channel, revision, rollout, failMode, graceDays } } });
}

/** All roles with the same keys: what a small publisher begins with. */
export function sameKeys(keys: RoleKeys["keys"], threshold: number): Record<RoleName, RoleKeys> {
  return Object.fromEntries(ROLES.map((role) => [role, { keys, threshold }])) as Record<RoleName, RoleKeys>;
}
