/** Reads a policy back out of a published folder, its digest checked against the signed list. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import type { Policy } from "../../../shared/policy/language.ts";
import { validatePolicy } from "../../../shared/policy/schema.ts";
import type { Release } from "./release-note.ts";
import { targetFile } from "./updater.ts";
import { sha256 } from "./verify.ts";

export async function publishedPolicy(folder: string, { path, sha256: digest }: Release): Promise<Result<Policy>> {
  const name = targetFile(path, digest);
  const bytes = await readFile(join(folder, name)).catch(() => null);
  if (bytes === null) return fail(`${name} is missing`);
  if (sha256(bytes) !== digest) return fail(`${name} was changed`);
  const checked = validatePolicy(JSON.parse(bytes.toString("utf8")));
  return checked.ok ? ok(checked.value) : fail(`${name} is no policy that this version of Sluice knows`);
}
