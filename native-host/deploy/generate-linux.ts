/** Linux: JSON files as they lie on the machine, below `files/`. */
import { basename } from "node:path";
import { fail, ok, type Result } from "../../shared/base/result.ts";
import type { Ask } from "./ask.ts";
import { FAMILY, FIREFOX } from "./browsers.ts";
import type { DeployProblem, ExistingFile, Generated, OutputFile } from "./generate.ts";
import { hostFiles, type MachineFile } from "./host-files.ts";
import { isObject, jsonFile, objectOf, type Json, type JsonObject } from "./json.ts";
import { mergePolicies, withManaged } from "./merge.ts";
import { settingsFor, type Settings } from "./settings.ts";
import type { DeployBrowser, FamilyBrowser } from "./target.ts";

export function linuxFiles(ask: Ask, browser: DeployBrowser, existing: readonly ExistingFile[]): Result<Generated, DeployProblem[]> {
  const settings = settingsFor(browser, ask);
  const made = browser === "firefox" ? firefoxFile(settings, existing) : familyFiles(browser, settings, existing);
  if (!made.ok) return made;
  return ok({ notes: made.value.notes, files: [...made.value.files, ...hostFiles(browser, "linux", ask)].map(onDisk) });
}

interface Made {
  readonly files: readonly MachineFile[];
  readonly notes: readonly string[];
}

/** As it lies on the machine, so that copying the folder over `/` puts everything in its place. */
export function onDisk({ path, text, executable }: MachineFile): OutputFile {
  return { path: `files${path}`, content: text, ...(executable && { executable }) };
}

/**
 * Chromium browsers read all files of a folder, and where two set the same policy, one of them is lost. So what an existing file sets is
 * written back into a file of that name, with ours added; the rest goes into a file of our own. The extension's settings have a file to themselves:
 * a slip there must not uninstall the extension.
 */
function familyFiles(browser: FamilyBrowser, settings: Settings, existing: readonly ExistingFile[]): Result<Made, DeployProblem[]> {
  const folder = `${FAMILY[browser].linuxHome}/policies/managed`;
  const theirs: { file: string; name: string; policies: JsonObject }[] = [];
  const problems: DeployProblem[] = [];
  for (const { name: file, bytes } of existing) {
    const read = readJsonObject(bytes);
    const name = basename(file);
    if (!read.ok) problems.push({ file, message: read.why, fix: "correct the file first: the browser drops the whole of it" });
    else if (name === "sluice-install.json" || name === "sluice-settings.json") problems.push({ file, message: "is one of our own, and is written anew", fix: "leave it out of --merge" });
    else if (theirs.some((other) => other.name === name)) problems.push({ file, message: `there are two files named ${name}`, fix: "merge files of one folder" });
    else theirs.push({ file, name, policies: read.value });
  }
  const all: Record<string, Json> = {};
  for (const { file, policies } of theirs) {
    for (const [name, value] of Object.entries(policies)) {
      if (name === "3rdparty") continue;
      if (name in all && name in settings.policies) problems.push({ file, message: `sets ${name}, and another file of the folder does too: the browser reads only one of them`, fix: "put both into one file first" });
      all[name] = value;
    }
  }
  if (problems.length > 0) return fail(problems);
  const merged = mergePolicies(all, settings);
  if (!merged.ok) return fail(merged.why.map(({ policy, why, fix }) => ({ file: theirs.find(({ policies }) => policy in policies)?.file ?? "", message: `${policy} ${why}`, fix })));

  const own: Record<string, Json> = {};
  const changed = new Map<string, Record<string, Json>>();
  for (const name of Object.keys(settings.policies)) {
    const holder = theirs.find(({ policies }) => name in policies);
    const into = holder ? (changed.get(holder.name) ?? { ...holder.policies }) : own;
    into[name] = merged.value.policies[name]!;
    if (holder) changed.set(holder.name, into);
  }
  const files = [...changed].map(([name, policies]) => ({ path: `${folder}/${name}`, text: jsonFile(policies) }));
  if (Object.keys(own).length > 0) files.push({ path: `${folder}/sluice-install.json`, text: jsonFile(own) });
  files.push({ path: `${folder}/sluice-settings.json`, text: jsonFile({ "3rdparty": { extensions: { [settings.extensionId]: settings.managed } } }) });
  return ok({ files, notes: merged.value.notes });
}

/** Firefox reads one file, whole. */
function firefoxFile(settings: Settings, existing: readonly ExistingFile[]): Result<Made, DeployProblem[]> {
  const merged = mergeFirefoxJson(settings, existing);
  return merged.ok ? ok({ files: [{ path: FIREFOX.linuxPolicy, text: merged.value.text }], notes: merged.value.notes }) : merged;
}

/** `policies.json` with ours in it. */
export function mergeFirefoxJson(settings: Settings, existing: readonly ExistingFile[]): Result<{ text: string; notes: readonly string[] }, DeployProblem[]> {
  const [there, more] = existing;
  if (more) return fail([{ file: more.name, message: "Firefox reads one policies.json, so there is only one to merge", fix: "name one file" }]);
  const read = there ? readJsonObject(there.bytes) : ok<JsonObject>({});
  if (!read.ok) return fail([{ file: there!.name, message: read.why, fix: "correct the file first: Firefox drops the whole of it" }]);
  const before = objectOf(read.value["policies"]);
  const merged = mergePolicies(before, settings);
  if (!merged.ok) return fail(merged.why.map(({ policy, why, fix }) => ({ file: there?.name ?? "", message: `${policy} ${why}`, fix })));
  const policies = { ...merged.value.policies, "3rdparty": withManaged(before["3rdparty"], "Extensions", settings) };
  return ok({ text: jsonFile({ ...read.value, policies }), notes: merged.value.notes });
}

function readJsonObject(bytes: Uint8Array): Result<JsonObject> {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return isObject(value) ? ok(value) : fail("is not a JSON object");
  } catch {
    return fail("is not JSON");
  }
}
