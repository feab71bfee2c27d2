/** All files for a target, from what is asked and what is there already. Nothing is written here. */
import { basename } from "node:path";
import { fail, ok, type Result } from "../../shared/base/result.ts";
import type { Ask } from "./ask.ts";
import { linuxFiles } from "./generate-linux.ts";
import { macosFiles } from "./generate-macos.ts";
import { windowsFiles } from "./generate-windows.ts";
import { jsonFile, type Json } from "./json.ts";
import { steps } from "./steps.ts";

export interface OutputFile {
  /** Below the output folder, with forward slashes. */
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly executable?: boolean;
}

/** A file with what other products have set. */
export interface ExistingFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** One thing that has to be settled before files can be written. */
export interface DeployProblem {
  readonly file: string;
  readonly message: string;
  readonly fix: string;
}

export interface Generated {
  readonly files: readonly OutputFile[];
  readonly notes: readonly string[];
}

export function generate(ask: Ask, existing: readonly ExistingFile[]): Result<Generated, DeployProblem[]> {
  const { target } = ask;
  const made = target.kind === "cloud" ? cloudFiles(ask, existing) : target.system === "linux" ? linuxFiles(ask, target.browser, existing) : target.system === "macos" ? macosFiles(ask, target.browser, existing) : windowsFiles(ask, target.browser, existing);
  if (!made.ok) return made;
  const { files, notes } = made.value;
  return ok({ files: [...files, { path: "README.txt", content: steps(ask, files, existing.map(({ name }) => basename(name)), notes) }], notes });
}

/** "Policy for extensions" in the console: each key wrapped in a `Value`. */
function cloudFiles(ask: Ask, existing: readonly ExistingFile[]): Result<Generated, DeployProblem[]> {
  const [there] = existing;
  if (there) return fail([{ file: there.name, message: "the console keeps each extension's settings apart, so there is nothing to merge", fix: "leave --merge out" }]);
  const wrapped = Object.fromEntries(Object.entries(ask.managed).map(([name, value]): [string, Json] => [name, { Value: value }]));
  return ok({ files: [{ path: "policy-for-extensions.json", content: jsonFile(wrapped) }], notes: [] });
}
