/** Settings that are there already and cannot hold together with ours: nothing is written then, a person has to decide. */
import { HOST_NAME } from "../../shared/messages/host.ts";
import { isObject, objectOf, stringsOf, type JsonObject } from "./json.ts";
import type { Settings } from "./settings.ts";

export interface Contradiction {
  readonly policy: string;
  /** Why both cannot hold, in a sentence without its end. */
  readonly why: string;
  readonly fix: string;
}

/** Without one of these the extension does not work. */
const NEEDED_PERMISSIONS = ["storage", "unlimitedStorage", "nativeMessaging", "alarms", "scripting", "webRequest", "webRequestBlocking"];

export function contradictions(existing: JsonObject, { policies, extensionId: id }: Settings): Contradiction[] {
  const found: Contradiction[] = [];
  const against = (policy: string, why: string, fix: string): void => void found.push({ policy, why, fix });

  for (const [name, value] of Object.entries(policies)) {
    const there = existing[name];
    if (there === undefined) continue;
    if (isObject(value) && !isObject(there)) against(name, "is there but is no map, so the browser does not read it", "correct it first");
    else if (Array.isArray(value) && !Array.isArray(there)) against(name, "is there but is no list, so the browser does not read it", "correct it first");
    else if (!isObject(value) && !Array.isArray(value) && !sameScalar(there, value)) against(name, `is ${JSON.stringify(there)} there, and Sluice needs ${JSON.stringify(value)}`, otherWay(name));
  }

  const own = objectOf(objectOf(existing["ExtensionSettings"])[id]);
  const mode = own["installation_mode"];
  if (mode === "blocked" || mode === "removed") against("ExtensionSettings", `forbids this very extension (${id} is "${mode}")`, `take the entry of ${id} out`);
  if (stringsOf(own["runtime_blocked_hosts"]).length > 0) against("ExtensionSettings", `keeps the extension away from some sites (runtime_blocked_hosts of ${id}), so nothing is guarded there`, "take runtime_blocked_hosts out of that entry");
  const forbidden = stringsOf(own["blocked_permissions"]).filter((permission) => NEEDED_PERMISSIONS.includes(permission));
  if (forbidden.length > 0) against("ExtensionSettings", `takes away what the extension needs (blocked_permissions of ${id}: ${forbidden.join(", ")})`, "take blocked_permissions out of that entry");

  if (stringsOf(existing["ExtensionInstallBlocklist"]).includes(id)) against("ExtensionInstallBlocklist", `forbids this very extension (${id})`, "take the id off the list");
  if (Array.isArray(existing["ExtensionAllowedTypes"]) && !stringsOf(existing["ExtensionAllowedTypes"]).includes("extension")) against("ExtensionAllowedTypes", "allows no extensions at all, and forced ones are not spared", `add "extension" to the list`);
  const source = objectOf(objectOf(policies["ExtensionSettings"])[id])["update_url"];
  for (const forced of stringsOf(existing["ExtensionInstallForcelist"])) {
    const [forcedId, from] = forced.split(";", 2);
    if (forcedId === id && from !== source) against("ExtensionInstallForcelist", `installs ${id} from another address (${from ?? "the store"})`, "take that entry off the list: ExtensionSettings installs it");
  }
  if (stringsOf(existing["NativeMessagingBlocklist"]).includes(HOST_NAME)) against("NativeMessagingBlocklist", `forbids ${HOST_NAME} by name`, "take it off the list");
  if (stringsOf(objectOf(existing["Extensions"])["Uninstall"]).includes(id)) against("Extensions", `uninstalls ${id}`, "take the id out of Extensions.Uninstall");
  return found;
}

/** The registry knows no true and false, only 1 and 0. */
function sameScalar(there: unknown, value: unknown): boolean {
  return there === value || (typeof value === "boolean" && (there === Number(value) || there === String(Number(value)))) || (typeof value === "number" && there === String(value));
}

function otherWay(name: string): string {
  if (name === "NativeMessagingUserLevelHosts") return "take it out, or add --user-hosts keep if people may go on using hosts of their own";
  if (name.endsWith("Availability")) return "take it out, or add --incognito mandatory to leave private windows open";
  return "take it out, or change it there";
}
