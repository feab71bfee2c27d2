/** All files for a target, from what is asked and what is there already. Nothing is written here. */
import { basename } from "node:path";
import { fail, ok, type Result } from "../../shared/base/result.ts";
import type { Ask } from "./ask.ts";
import { linuxFiles } from "./generate-linux.ts";
import { macosFiles } from "./generate-macos.ts";
import { windowsFiles } from "./generate-windows.ts";
import { xmlText } from "./forms/xml.ts";
import { jsonFile, type Json } from "./json.ts";
import { STORES } from "./settings.ts";
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
  const { notes } = made.value;
  const files = [...made.value.files, ...updateManifest(ask)];
  return ok({ files: [...files, { path: "README.txt", content: steps(ask, files, existing.map(({ name }) => basename(name)), notes) }], notes });
}

/** What browsers fetch first: which version there is, and where its package lies (beside it, as sluice.crx). A store has its own. */
function updateManifest({ target, source, ids, version }: Ask): OutputFile[] {
  if ((target.kind === "browser" && target.browser === "firefox") || STORES.includes(source)) return [];
  const content = `<?xml version="1.0" encoding="UTF-8"?>
<gupdate xmlns="http://www.google.com/update2/response" protocol="2.0">
  <app appid="${ids.chromium}">
    <updatecheck codebase="${xmlText(new URL("sluice.crx", source).href)}" version="${xmlText(version)}"/>
  </app>
</gupdate>
`;
  return [{ path: "publish/update.xml", content }];
}

/** "Policy for extensions" in the console: each key wrapped in a `Value`. */
function cloudFiles(ask: Ask, existing: readonly ExistingFile[]): Result<Generated, DeployProblem[]> {
  const [there] = existing;
  if (there) return fail([{ file: there.name, message: "the console keeps each extension's settings apart, so there is nothing to merge", fix: "leave --merge out" }]);
  const wrapped = Object.fromEntries(Object.entries(ask.managed).map(([name, value]): [string, Json] => [name, { Value: value }]));
  return ok({ files: [{ path: "policy-for-extensions.json", content: jsonFile(wrapped) }], notes: [] });
}
