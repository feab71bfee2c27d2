/** Writes and reads TUF metadata on the publisher's side: who may sign what, and what stands in a folder now. Nothing in a folder is built upon before its signatures hold. */
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { sign } from "node:crypto";
import { dirname, join } from "node:path";
import { Key, Metadata, MetadataKind, Role, Root, Signature, type Snapshot, type Targets, type Timestamp } from "./models.ts";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import { writeWhole } from "../../install/write-file.ts";
import { publicKeyFile, type SigningKey, type TrustedKey } from "../signing.ts";

export const ROLES = ["root", "targets", "snapshot", "timestamp"] as const;
export type RoleName = (typeof ROLES)[number];

export interface RoleKeys {
  readonly keys: readonly TrustedKey[];
  readonly threshold: number;
}

/** A published folder whose signatures hold; the lists are null where none is there yet. */
export interface Repository {
  readonly root: Metadata<Root>;
  readonly targets: Metadata<Targets> | null;
  readonly snapshot: Metadata<Snapshot> | null;
  readonly timestamp: Metadata<Timestamp> | null;
}

const SPEC = "1.0.31";

export function newRoot(version: number, expires: number, roles: Readonly<Record<RoleName, RoleKeys>>): Metadata<Root> {
  const keys: Record<string, Key> = {};
  for (const role of ROLES) for (const { keyid, key } of roles[role].keys) keys[keyid] = Key.fromJSON(keyid, { ...publicKeyFile(key) });
  const named = Object.fromEntries(ROLES.map((role) => [role, new Role({ keyIDs: [...new Set(roles[role].keys.map(({ keyid }) => keyid))], threshold: roles[role].threshold })]));
  return new Metadata(new Root({ version, specVersion: SPEC, expires: when(expires), keys, roles: named, consistentSnapshot: true }));
}

export function when(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

export const fields = (version: number, expires: number) => ({ version, specVersion: SPEC, expires: when(expires) });

/** Signs with those of the keys that the role names. Why not, in words, when they are too few. */
export function signAs(root: Metadata<Root>, role: RoleName, metadata: Metadata<Root | Targets | Snapshot | Timestamp>, keys: readonly SigningKey[]): Result<string> {
  const named = root.signed.roles[role]!;
  for (const { keyid, secret } of keys) {
    if (named.keyIDs.includes(keyid)) metadata.sign((bytes) => new Signature({ keyID: keyid, sig: sign(null, bytes, secret).toString("hex") }));
  }
  try {
    root.verifyDelegate(role, metadata);
  } catch {
    const known = keys.filter(({ keyid }) => named.keyIDs.includes(keyid)).length;
    return fail(`the role "${role}" needs ${named.threshold} of its ${named.keyIDs.length} keys, and ${known} ${known === 1 ? "is" : "are"} given`);
  }
  return ok(JSON.stringify(metadata.toJSON()));
}

/**
 * What a folder holds; null where it holds no root.
 * @param trusted the newest root must be signed, or name as its own, one of these keys: a folder that somebody else has put there is not built upon.
 */
export async function readRepository(folder: string, trusted: readonly TrustedKey[]): Promise<Result<Repository | null>> {
  const names: string[] = await readdir(folder).catch(() => []);
  let root: Metadata<Root> | null = null;
  for (let version = 1; names.includes(`${version}.root.json`); version++) {
    const next = await parse(join(folder, `${version}.root.json`), (data) => Metadata.fromJSON(MetadataKind.Root, data));
    if (!next || !holds(root ?? next, "root", next) || !holds(next, "root", next)) return fail(`${version}.root.json is not signed as it must be`);
    root = next;
  }
  if (!root) return ok(null);
  const { signed } = root;
  if (!trusted.some(({ keyid }) => Object.hasOwn(signed.keys, keyid))) return fail("its root of trust does not name any of these keys");
  // The numbered files, not the timestamp: an old one that somebody has put there must not make versions go back.
  const newest = async <T extends Targets | Snapshot | Timestamp>(role: RoleName, read: (data: object) => Metadata<T>): Promise<Metadata<T> | null> => {
    const version = Math.max(0, ...names.flatMap((name) => (name.endsWith(`.${role}.json`) ? [Number(name.split(".")[0])] : [])));
    if (version === 0) return null;
    const found = await parse(join(folder, `${version}.${role}.json`), read);
    if (!found || found.signed.version !== version || !holds(root!, role, found)) throw new Error(`${version}.${role}.json is not signed as it must be: it was changed`);
    return found;
  };
  try {
    return ok({
      root,
      targets: await newest("targets", (data) => Metadata.fromJSON(MetadataKind.Targets, data as never)),
      snapshot: await newest("snapshot", (data) => Metadata.fromJSON(MetadataKind.Snapshot, data as never)),
      timestamp: await newest("timestamp", (data) => Metadata.fromJSON(MetadataKind.Timestamp, data as never)),
    });
  } catch (error) {
    return fail(error instanceof Error ? error.message : "unknown error");
  }
}

export function holds(root: Metadata<Root>, role: RoleName, metadata: Metadata<Root | Targets | Snapshot | Timestamp>): boolean {
  try {
    root.verifyDelegate(role, metadata);
    return true;
  } catch {
    return false;
  }
}

async function parse<T>(file: string, read: (data: never) => T): Promise<T | null> {
  try {
    return read(JSON.parse(await readFile(file, "utf8")) as never);
  } catch {
    return null;
  }
}

/** A file that never changes: written once; the same bytes again are no harm. */
export async function writeOnce(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeFile(file, text, { flag: "wx", flush: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST" || (await readFile(file, "utf8")) !== text) throw error;
  }
}

/** The one file that is replaced; everything that it leads to is there already. */
export function writeTimestamp(folder: string, text: string): void {
  writeWhole(join(folder, "timestamp.json"), text, 0o644);
}
