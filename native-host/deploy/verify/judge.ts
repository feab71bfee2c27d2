/** Does the policy that a browser reads do what Sluice needs? The same questions wherever the policy comes from. */
import { HOST_NAME } from "../../../shared/messages/host.ts";
import { fileProblemText, readPolicy } from "../../policy/read.ts";
import { FAMILY } from "../browsers.ts";
import { contradictions } from "../contradictions.ts";
import { objectOf, stringsOf, type JsonObject } from "../json.ts";
import { managedFault, managedKey } from "../managed-keys.ts";
import type { DeployBrowser, FamilyBrowser } from "../target.ts";
import type { Findings } from "./check.ts";

export interface Effective {
  /** By name, as the browser reads them. */
  readonly policies: JsonObject;
  /** What the extension would read. */
  readonly managed: JsonObject;
}

export async function judge(browser: DeployBrowser, id: string, { policies, managed }: Effective, found: Findings): Promise<void> {
  judgeInstall(browser, id, policies, found);
  for (const { policy, why, fix } of contradictions(policies, { policies: {}, extensionId: id, managed: {} })) found.wrong("contradiction", `${policy} ${why}`, fix);
  await judgeManaged(managed, found);
  if (browser !== "firefox") judgeNative(policies, found);
  judgePrivate(browser, id, policies, found);
}

function judgeInstall(browser: DeployBrowser, id: string, policies: JsonObject, found: Findings): void {
  const entry = objectOf(objectOf(policies["ExtensionSettings"])[id]);
  const source = entry[browser === "firefox" ? "install_url" : "update_url"];
  const listed = browser === "firefox" ? undefined : stringsOf(policies["ExtensionInstallForcelist"]).find((one) => one.split(";", 1)[0] === id);
  if (entry["installation_mode"] === "force_installed" && typeof source === "string") found.ok("install", `the extension ${id} is force-installed from ${source}`);
  else if (entry["installation_mode"] === "force_installed") found.wrong("install", `the extension ${id} is force-installed, but from nowhere`, `set ${browser === "firefox" ? "install_url" : "update_url"} of its entry in ExtensionSettings`);
  else if (listed !== undefined) found.ok("install", `the extension ${id} is force-installed (ExtensionInstallForcelist)`);
  else found.missing("install", `the extension ${id} is not force-installed`, 'sluice deploy writes the files; if the id is another, name it with "--extension-id" or "--firefox-id"');
}

async function judgeManaged(managed: JsonObject, found: Findings): Promise<void> {
  const names = Object.keys(managed);
  if (names.length === 0) return found.missing("keys", "the extension gets no settings: it runs with what the host gives it, or its built-in baseline", "sluice deploy … --set orgName=… --set mode=…");
  const good: string[] = [];
  for (const name of names) {
    const key = managedKey(name);
    const fault = key ? managedFault(key, managed[name]) : "is not a key of Sluice";
    if (fault === null) good.push(name);
    else found.wrong("keys", `${name}: ${fault}; the browser or the extension drops it without a word`, "correct it in the policy");
  }
  if (good.length > 0) found.ok("keys", `the extension gets ${good.join(", ")}`);
  const text = managed["policy"];
  if (typeof text === "string") await judgePolicyText(text, "the key \"policy\"", found);
}

/** @param where for people */
export async function judgePolicyText(text: string, where: string, found: Findings, name = "policy.json"): Promise<void> {
  const read = await readPolicy(text, name);
  if (read.ok) found.ok("policy", `${where} holds ${read.value.id}, revision ${read.value.revision}`);
  else found.wrong("policy", `${where} is refused: ${fileProblemText(name, read.why[0]!)}${read.why.length > 1 ? ` and ${read.why.length - 1} more` : ""}`, "sluice policy check FILE, then deploy again");
}

function judgeNative(policies: JsonObject, found: Findings): void {
  const [blocked, allowed] = [stringsOf(policies["NativeMessagingBlocklist"]), stringsOf(policies["NativeMessagingAllowlist"])];
  if (allowed.includes(HOST_NAME)) found.ok("native messaging", `${HOST_NAME} is on the list of allowed hosts`);
  else if (blocked.includes("*")) found.wrong("native messaging", "all hosts are forbidden, and ours is not on the list of allowed ones", `add ${HOST_NAME} to NativeMessagingAllowlist`);
  else found.note("native messaging", "no list of allowed hosts names ours; it works as long as nobody forbids hosts");
  if (policies["NativeMessagingUserLevelHosts"] === false) found.ok("native messaging", "only hosts that an administrator registered are started");
  else found.note("native messaging", "people can register hosts of their own, and one of them could stand in for ours (NativeMessagingUserLevelHosts)");
}

function judgePrivate(browser: DeployBrowser, id: string, policies: JsonObject, found: Findings): void {
  if (browser === "firefox") {
    const covered = objectOf(objectOf(policies["ExtensionSettings"])[id])["private_browsing"] === true;
    if (policies["PrivateBrowsingModeAvailability"] === 1 || policies["DisablePrivateBrowsing"] === true) found.ok("private windows", "there are no private windows");
    else if (covered) found.ok("private windows", "the extension runs in private windows too");
    else found.missing("private windows", "private windows are open, and the extension does not run there", "set private_browsing of its entry in ExtensionSettings, or PrivateBrowsingModeAvailability to 1");
    return;
  }
  const { privateMode, mandatoryInPrivate } = FAMILY[browser as FamilyBrowser];
  if (policies[privateMode] === 1) found.ok("private windows", "there are no private windows");
  else if (stringsOf(policies[mandatoryInPrivate]).includes(id)) found.ok("private windows", "private windows open no page before the person has let Sluice in");
  else found.missing("private windows", "private windows are open, and the extension does not run there", `set ${privateMode} to 1, or name the extension in ${mandatoryInPrivate}`);
  if (policies["BrowserGuestModeEnabled"] === false) found.ok("guest windows", "there are no guest windows");
  else found.missing("guest windows", "guest windows are open, and no extension runs there", "set BrowserGuestModeEnabled to false");
}
