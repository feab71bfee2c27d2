/** A folder of published policies, as a static server can hand it out: one file a revision that never changes, its signature beside it, and `release.json`, written last, that names the newest. */
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fail, ok, type Result } from "../../shared/base/result.ts";
import { isObject } from "../../shared/mcp/message.ts";
import { canonicalJson } from "../../shared/policy/canonical.ts";
import type { Policy } from "../../shared/policy/language.ts";
import { problemText } from "../../shared/policy/schema-problems.ts";
import { validatePolicy } from "../../shared/policy/schema.ts";
import { writeWhole } from "../install/write-file.ts";
import { isSigned, signPolicyText, type Signature, type SigningKey, type TrustedKey } from "./signing.ts";

/** What `release.json` says. All of it is said again by the signed policy. */
export interface ReleaseNote {
  readonly v: 1;
  readonly id: string;
  readonly revision: number;
  readonly file: string;
  readonly sha256: string;
  readonly length: number;
  readonly signature: Signature;
}

export interface Release {
  readonly policy: Policy;
  readonly text: string;
  readonly sha256: string;
  readonly keyid: string;
}

const NOTE = "release.json";
const FILE = /^policy-(\d{1,15})\.json$/;
const MAX_BYTES = 8 * 1024 * 1024;

/** The newest release of a folder, its signature checked; null where the folder holds none. */
export async function readRelease(folder: string, trusted: readonly TrustedKey[]): Promise<Result<Release | null>> {
  const note = await readIfThere(join(folder, NOTE));
  if (note === null) return ok(null);
  let named: unknown;
  try {
    named = JSON.parse(note.toString("utf8"));
  } catch {
    return fail(`${NOTE} is no JSON`);
  }
  if (!isObject(named) || named["v"] !== 1 || typeof named["file"] !== "string" || !FILE.test(named["file"])) return fail(`${NOTE} is not what "sluice policy publish" writes`);
  return readRevision(folder, named["file"], named["signature"], trusted);
}

/** The highest revision that was ever published here with one of these keys, whatever `release.json` says now; 0: none. */
export async function highestRevision(folder: string, trusted: readonly TrustedKey[]): Promise<number> {
  let highest = 0;
  for (const file of await namesIn(folder)) {
    const revision = Number(FILE.exec(file)?.[1] ?? 0);
    if (revision <= highest) continue;
    const signature = await readIfThere(join(folder, `${file}.sig`));
    if (signature === null) continue;
    const read = await readRevision(folder, file, tryJson(signature), trusted);
    if (read.ok) highest = Math.max(highest, read.value.policy.revision);
  }
  return highest;
}

async function readRevision(folder: string, file: string, signature: unknown, trusted: readonly TrustedKey[]): Promise<Result<Release>> {
  const bytes = await readIfThere(join(folder, file));
  if (bytes === null) return fail(`${file} is missing`);
  // Nothing of an unsigned text is even parsed.
  if (!isSigned(bytes, signature, trusted)) return fail(`${file} is not signed with a key that is trusted here`);
  const text = bytes.toString("utf8");
  const value = tryJson(bytes);
  const checked = validatePolicy(value);
  if (!checked.ok) return fail(`${file}: ${checked.why.slice(0, 3).map(problemText).join("; ")}`);
  if (canonicalJson(checked.value) !== text) return fail(`${file} is not in canonical form`);
  if (file !== fileName(checked.value)) return fail(`${file} holds revision ${checked.value.revision}`);
  return ok({ policy: checked.value, text, sha256: sha256(bytes), keyid: (signature as Signature).keyid });
}

/** Writes a revision and points to it. Files of a revision are written once and never again. */
export async function writeRelease(folder: string, policy: Policy, key: SigningKey): Promise<ReleaseNote> {
  const text = canonicalJson(policy);
  const bytes = Buffer.from(text);
  const file = fileName(policy);
  const signature = signPolicyText(bytes, key);
  const note: ReleaseNote = { v: 1, id: policy.id, revision: policy.revision, file, sha256: sha256(bytes), length: bytes.length, signature };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, file), bytes, { flag: "wx", flush: true });
  await writeFile(join(folder, `${file}.sig`), `${JSON.stringify(signature)}\n`, { flag: "wx", flush: true });
  await writeFile(join(folder, `${file}.sha256`), `${note.sha256}  ${file}\n`, { flag: "wx", flush: true });
  writeWhole(join(folder, NOTE), `${JSON.stringify(note, null, 2)}\n`, 0o644);
  return note;
}

function fileName({ revision }: Policy): string {
  return `policy-${revision}.json`;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function tryJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function readIfThere(file: string): Promise<Buffer | null> {
  try {
    const bytes = await readFile(file);
    return bytes.length > MAX_BYTES ? null : bytes;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
