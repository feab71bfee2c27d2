/** Checks a stored bundle from the pinned digest to the policy's last byte, each time it is read: what lies on the disk is trusted no more than what comes from the network. */
import { createHash } from "node:crypto";
import { Metadata, MetadataKind, type Root } from "@tufjs/models";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import { releaseOf, type Release } from "./release-note.ts";
import type { StoredBundle, Versions } from "./vault.ts";

export interface VerifiedBundle {
  readonly versions: Versions;
  readonly release: Release;
  /** Canonical JSON, as it was signed. */
  readonly policy: string;
  /** Unix milliseconds: the time of the first of its lists is over. */
  readonly expiresAt: number;
  readonly timestampExpiresAt: number;
  /** Keys that vouch for the list of policies: first sixteen digits of their ids. */
  readonly signers: readonly string[];
}

/** Says nothing about time: whoever asks knows what time it is, and what to do with one that is over. */
export function verifyBundle(stored: StoredBundle, rootSha256: string): Result<VerifiedBundle> {
  try {
    return ok(verified(stored, rootSha256));
  } catch (error) {
    return fail(error instanceof Error ? error.message.slice(0, 200) : "unknown error");
  }
}

function verified(stored: StoredBundle, rootSha256: string): VerifiedBundle {
  const root = lastRoot(stored.roots, rootSha256);
  const timestamp = Metadata.fromJSON(MetadataKind.Timestamp, JSON.parse(stored.timestamp));
  root.verifyDelegate("timestamp", timestamp);
  const { snapshotMeta } = timestamp.signed;
  snapshotMeta.verify(Buffer.from(stored.snapshot));
  const snapshot = Metadata.fromJSON(MetadataKind.Snapshot, JSON.parse(stored.snapshot));
  root.verifyDelegate("snapshot", snapshot);
  must(snapshot.signed.version === snapshotMeta.version, "the snapshot is not the one that the timestamp names");
  const listed = snapshot.signed.meta["targets.json"];
  must(listed, "the snapshot names no list of policies");
  listed.verify(Buffer.from(stored.targets));
  const targets = Metadata.fromJSON(MetadataKind.Targets, JSON.parse(stored.targets));
  root.verifyDelegate("targets", targets);
  must(targets.signed.version === listed.version, "the list of policies is not the one that the snapshot names");
  const target = Object.hasOwn(targets.signed.targets, stored.path) ? targets.signed.targets[stored.path] : undefined;
  const release = target && releaseOf(stored.path, target.toJSON());
  must(release, "the list does not name this policy");
  const bytes = Buffer.from(stored.policy);
  must(bytes.length === release.length && sha256(bytes) === release.sha256, "the policy is not the one that the list names");
  const expiries = [root, timestamp, snapshot, targets].map(({ signed }) => Date.parse(signed.expires));
  return {
    versions: { root: root.signed.version, timestamp: timestamp.signed.version, snapshot: snapshot.signed.version, targets: targets.signed.version },
    release,
    policy: stored.policy,
    expiresAt: Math.min(...expiries),
    timestampExpiresAt: Date.parse(timestamp.signed.expires),
    signers: Object.keys(targets.signatures).filter((id) => root.signed.roles["targets"]?.keyIDs.includes(id)).map((id) => id.slice(0, 16)),
  };
}

/** From the pinned one on, each signed by enough keys of the one before and of its own. */
function lastRoot(texts: readonly string[], rootSha256: string): Metadata<Root> {
  const [first, ...later] = texts;
  must(first !== undefined && sha256(Buffer.from(first)) === rootSha256, "the root of trust is not the pinned one");
  let root = Metadata.fromJSON(MetadataKind.Root, JSON.parse(first));
  root.verifyDelegate("root", root);
  for (const text of later) {
    const next = Metadata.fromJSON(MetadataKind.Root, JSON.parse(text));
    root.verifyDelegate("root", next);
    next.verifyDelegate("root", next);
    must(next.signed.version === root.signed.version + 1, "the roots of trust do not follow one another");
    root = next;
  }
  return root;
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function must(holds: unknown, why: string): asserts holds {
  if (!holds) throw new Error(why);
}
