/** macOS: a configuration profile for the device management, and the host's files. */
import { fail, ok, type Result } from "../../shared/base/result.ts";
import type { Ask } from "./ask.ts";
import { FAMILY, FIREFOX } from "./browsers.ts";
import { locate, profile, type Payload } from "./forms/mobileconfig.ts";
import { plistText, readPlist } from "./forms/plist.ts";
import { onDisk } from "./generate-linux.ts";
import type { DeployProblem, ExistingFile, Generated } from "./generate.ts";
import { hostFiles } from "./host-files.ts";
import { objectOf, type Json, type JsonObject } from "./json.ts";
import { mergePolicies, withManaged } from "./merge.ts";
import { settingsFor, type Settings } from "./settings.ts";
import type { DeployBrowser } from "./target.ts";

export function macosFiles(ask: Ask, browser: DeployBrowser, existing: readonly ExistingFile[]): Result<Generated, DeployProblem[]> {
  const settings = settingsFor(browser, ask);
  const { domain, title } = browser === "firefox" ? FIREFOX : FAMILY[browser];
  const name = `${browser}-macos`;
  const organization = String(ask.managed["orgName"] ?? "Sluice");
  // A `3rdparty` key in the browser's own domain is not read there: the extension has a domain to itself.
  const more: Payload[] = browser === "firefox" ? [] : [{ domain: `${domain}.extensions.${settings.extensionId}`, title: "Sluice", settings: settings.managed }];

  const [there, second] = existing;
  const problem = (file: string, message: string, fix: string): Result<Generated, DeployProblem[]> => fail([{ file, message, fix }]);
  if (second) return problem(second.name, "one profile holds the browser's settings, so there is only one to merge", "name one file");
  let before: JsonObject = {};
  let replace = (merged: JsonObject): Json => profile(name, `Sluice for ${title}`, organization, [{ domain, title, settings: merged }, ...more]);
  if (there) {
    const read = readPlist(there.bytes);
    if (!read.ok) return problem(there.name, read.why, "give a plain .mobileconfig or .plist");
    const located = locate(read.value, domain, name);
    if (!located.ok) return problem(there.name, located.why, "merge a profile or preference file of this browser");
    before = located.value.settings;
    replace = (merged) => located.value.replace(merged, more);
  }
  const merged = mergePolicies(before, settings);
  if (!merged.ok) return fail(merged.why.map(({ policy, why, fix }) => ({ file: there?.name ?? "", message: `${policy} ${why}`, fix })));
  const whole = browser === "firefox" ? firefoxPayload(before, merged.value.policies, settings) : merged.value.policies;
  return ok({ notes: merged.value.notes, files: [{ path: "sluice.mobileconfig", content: plistText(replace(whole)) }, ...hostFiles(browser, "macos", ask).map(onDisk)] });
}

function firefoxPayload(before: JsonObject, policies: JsonObject, settings: Settings): JsonObject {
  return { EnterprisePoliciesEnabled: true, ...policies, "3rdparty": withManaged(objectOf(before["3rdparty"]), "Extensions", settings) };
}
