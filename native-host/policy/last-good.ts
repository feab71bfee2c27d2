/** The last policy that held up, kept on disk per source: what stays in force when its file breaks, and which revisions of a local policy may not come back. Whoever uses the machine can write here, so nothing in it may outrank the machine's own file. */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isObject } from "../../shared/mcp/message.ts";
import { canonicalJson, policyDigest } from "../../shared/policy/canonical.ts";
import type { Policy } from "../../shared/policy/language.ts";

export type FileSource = "machine" | "local";

export interface LastGood {
  /** Path of the file it was read from. */
  readonly file: string;
  /** SHA-256 of that file's text: the same text need not be parsed again. */
  readonly textDigest: string;
  readonly digest: string;
  readonly policy: Policy;
  /** Highest revision that was in force, per policy id. */
  readonly floors: Readonly<Record<string, number>>;
  /** Another build has written it. */
  readonly stale: boolean;
}

export function lastGoodPath(state: string, source: FileSource): string {
  return join(state, `policy.${source}.json`);
}

export function textDigest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Undefined when there is none, or when what is there is not what was written. */
export async function loadLastGood(state: string, source: FileSource): Promise<LastGood | undefined> {
  let stored: unknown;
  try {
    stored = JSON.parse(await readFile(lastGoodPath(state, source), "utf8"));
  } catch {
    return undefined; // missing or torn: as good as none
  }
  if (!isObject(stored) || stored["v"] !== 1 || !isObject(stored["floors"])) return undefined;
  const { file, textDigest: ofText, digest, policy, floors } = stored;
  if (typeof file !== "string" || typeof ofText !== "string" || typeof digest !== "string") return undefined;
  if (!Object.values(floors).every((floor) => typeof floor === "number")) return undefined;
  const stale = stored["checks"] !== CHECKS;
  const known = source === "local" && !stale && CHECKS !== "";
  const checked = await check(policy, known);
  if (!checked || (!known && policyDigest(checked) !== digest)) return undefined;
  return { file, textDigest: ofText, digest, policy: checked, floors: floors as Record<string, number>, stale };
}

declare const SLUICE_POLICY_CHECKS: string | undefined;
/** Names the checks of this build (vite.config.ts); empty in a checkout, where they may change between two runs. */
const CHECKS = typeof SLUICE_POLICY_CHECKS === "string" ? SLUICE_POLICY_CHECKS : "";

/**
 * Another build may have written it: what this build would refuse from a file, it refuses from here.
 * @param known this very build has checked it. Believed only of the person's own policy, whose text they may change as well.
 */
async function check(policy: unknown, known: boolean): Promise<Policy | undefined> {
  if (known && isObject(policy)) return policy as unknown as Policy;
  const { validatePolicy } = await import("../../shared/policy/schema.ts");
  const checked = validatePolicy(policy);
  return checked.ok ? checked.value : undefined;
}

/** Lowest revision that may come into force under this id. */
export function floorOf(good: LastGood | undefined, id: string): number {
  return good && Object.hasOwn(good.floors, id) ? good.floors[id]! : 0;
}

/** Written whole or not at all. Several processes (host, guards) may do so at once; whoever knows an older revision steps back. */
export async function saveLastGood(state: string, source: FileSource, fresh: Omit<LastGood, "floors" | "stale">): Promise<void> {
  const before = await loadLastGood(state, source);
  const { id, revision } = fresh.policy;
  if (source === "local" && floorOf(before, id) > revision) return;
  if (before?.textDigest === fresh.textDigest && before.file === fresh.file && before.digest === fresh.digest && !before.stale) return;
  const floors = { ...before?.floors, [id]: revision };
  await mkdir(state, { recursive: true, mode: 0o700 });
  const target = lastGoodPath(state, source);
  const draft = `${target}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    await writeFile(draft, canonicalJson({ v: 1, ...fresh, floors, checks: CHECKS }), { mode: 0o600, flag: "wx", flush: true });
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
