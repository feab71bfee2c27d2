/** Looks at a whole machine, browser by browser, as far as files tell. */
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { FAMILY, FIREFOX } from "../browsers.ts";
import { readPlist } from "../forms/plist.ts";
import { launcherPath, manifestFiles, usualHostPlace } from "../host-files.ts";
import { objectOf, type Json, type JsonObject } from "../json.ts";
import { DEPLOY_BROWSERS, type DeployBrowser, type System } from "../target.ts";
import { findingsOf, type Check, type Findings } from "./check.ts";
import { at, exists, namesIn, openToOthers, readObject, type Root } from "./files.ts";
import { checkHost, checkMachinePolicy, findManifest } from "./host.ts";
import { judge, type Effective } from "./judge.ts";

export interface VerifyAsk {
  readonly root: Root;
  readonly system: System;
  /** Empty: every browser that has a policy or a host here. */
  readonly browsers: readonly DeployBrowser[];
  /** Null: the one that the host's manifest names. */
  readonly ids: { readonly chromium: string | null; readonly firefox: string };
}

const PLATFORMS = { linux: "linux", macos: "darwin", windows: "win32" } as const;

/** In the order of the browsers. Empty when no browser here has anything to do with policy. */
export async function verifyMachine(ask: VerifyAsk): Promise<Check[]> {
  const browsers = ask.browsers.length > 0 ? ask.browsers : DEPLOY_BROWSERS.filter((browser) => hasTraces(ask, browser));
  const checks: Check[] = [];
  for (const browser of browsers) {
    const found = findingsOf(browser);
    await verifyBrowser(ask, browser, found);
    checks.push(...found.list);
  }
  if (browsers.length > 0) {
    const found = findingsOf("machine");
    await checkMachinePolicy(ask.root, PLATFORMS[ask.system], found);
    checks.push(...found.list);
  }
  return checks;
}

async function verifyBrowser(ask: VerifyAsk, browser: DeployBrowser, found: Findings): Promise<void> {
  const places = manifestFiles(browser, ask.system, usualHostPlace(ask.system));
  const id = browser === "firefox" ? ask.ids.firefox : (ask.ids.chromium ?? idInManifest(ask.root, places));
  if (id === null) return found.missing("host", "no host is registered for all users, so it is not known which extension to look for", "add --extension-id ID, or put the host's manifest in its place");
  checkHost(ask.root, places, browser === "firefox" ? id : `chrome-extension://${id}/`, found);
  switch (ask.system) {
    case "linux":
      return judge(browser, id, browser === "firefox" ? firefoxOnLinux(ask.root, id, found) : familyOnLinux(ask.root, browser, id, found), found);
    case "macos":
      return judge(browser, id, onMacos(ask.root, browser, id, found), found);
    case "windows":
      return found.note("registry", `the registry is read by the script that sluice deploy ${browser}-windows writes: .\\sluice.ps1 -Do Check (launcher expected at ${launcherPath("windows", usualHostPlace("windows"))})`);
  }
}

function hasTraces({ root, system }: VerifyAsk, browser: DeployBrowser): boolean {
  const names = browser === "firefox" ? FIREFOX : FAMILY[browser];
  // Brave's hosts lie in Chrome's folder: a manifest there says nothing of Brave.
  const traces = browser === "brave" ? [] : manifestFiles(browser, system, usualHostPlace(system));
  if (system === "linux") traces.push(browser === "firefox" ? FIREFOX.linuxPolicy : `${FAMILY[browser].linuxHome}/policies/managed`);
  if (system === "macos") traces.push(managedPreferences(names.domain));
  return traces.some((path) => exists(root, path));
}

function idInManifest(root: Root, places: readonly string[]): string | null {
  const manifest = findManifest(root, places)?.manifest;
  return typeof manifest === "object" ? (/^chrome-extension:\/\/([a-p]{32})\/$/.exec(manifest.callers[0] ?? "")?.[1] ?? null) : null;
}

/** All files of the folder by name: of two that set the same, the later wins; the extension's keys add up. */
function familyOnLinux(root: Root, browser: Exclude<DeployBrowser, "firefox">, id: string, found: Findings): Effective {
  const folder = `${FAMILY[browser].linuxHome}/policies/managed`;
  const policies: Record<string, Json> = {};
  const setBy = new Map<string, string>();
  let managed: JsonObject = {};
  const names = namesIn(root, folder, ".json");
  if (names.length === 0) found.missing("files", `${folder} holds no policy`, "copy the files of sluice deploy there, as root");
  for (const name of names) {
    const path = posix.join(folder, name);
    const read = readObject(root, path);
    if (!read.ok) {
      found.wrong("files", `${path} ${read.why}: the browser drops the whole file`, "correct it");
      continue;
    }
    const open = openToOthers(root, path);
    if (open !== null) found.wrong("files", `others than root can change ${open}`, `chown root:root ${open} && chmod go-w ${open}`);
    for (const [policy, value] of Object.entries(read.value)) {
      if (policy === "3rdparty") managed = { ...managed, ...objectOf(objectOf(objectOf(value)["extensions"])[id]) };
      else {
        const before = setBy.get(policy);
        if (before !== undefined && JSON.stringify(policies[policy]) !== JSON.stringify(value)) found.wrong("files", `${before} and ${name} both set ${policy}, and only the one in ${name} holds`, "put both into one file (sluice deploy --merge)");
        policies[policy] = value;
        setBy.set(policy, name);
      }
    }
  }
  if (names.length > 0) found.ok("files", `read ${names.join(", ")} in ${folder}`);
  return { policies, managed };
}

function firefoxOnLinux(root: Root, id: string, found: Findings): Effective {
  const places = [FIREFOX.linuxPolicy, "/usr/lib/firefox-esr/distribution/policies.json", "/usr/lib/firefox/distribution/policies.json"];
  const path = places.find((place) => exists(root, place));
  if (path === undefined) {
    found.missing("files", `there is no ${FIREFOX.linuxPolicy}`, "copy the files of sluice deploy there, as root");
    return { policies: {}, managed: {} };
  }
  const read = readObject(root, path);
  if (!read.ok) found.wrong("files", `${path} ${read.why}: Firefox drops the whole file`, "correct it");
  else found.ok("files", `read ${path}`);
  const open = openToOthers(root, path);
  if (open !== null) found.wrong("files", `others than root can change ${open}`, `chown root:root ${open} && chmod go-w ${open}`);
  return firefoxEffective(objectOf(read.ok ? read.value["policies"] : {}), id);
}

function firefoxEffective(policies: JsonObject, id: string): Effective {
  return { policies, managed: objectOf(objectOf(objectOf(policies["3rdparty"])["Extensions"])[id]) };
}

/** What the device management has put down for all users. */
function onMacos(root: Root, browser: DeployBrowser, id: string, found: Findings): Effective {
  const { domain } = browser === "firefox" ? FIREFOX : FAMILY[browser];
  const policies = preferences(root, domain, found);
  if (browser === "firefox") return firefoxEffective(policies, id);
  return { policies, managed: preferences(root, `${domain}.extensions.${id}`, found) };
}

function preferences(root: Root, domain: string, found: Findings): JsonObject {
  const path = managedPreferences(domain);
  if (!exists(root, path)) {
    found.missing("files", `no profile has set ${domain} on this Mac (${path})`, 'look at System Settings > Device Management, or "profiles show -all"');
    return {};
  }
  const read = readPlist(readFileSync(at(root, path)));
  if (!read.ok) found.wrong("files", `${path} ${read.why}`, "install the profile again");
  else found.ok("files", `read ${path}`);
  return objectOf(read.ok ? read.value : {});
}

function managedPreferences(domain: string): string {
  return `/Library/Managed Preferences/${domain}.plist`;
}
