/** Puts our policies beside what other products have set: adds to lists and maps, never replaces an entry, and refuses where both cannot hold. */
import { fail, ok, type Result } from "../../shared/base/result.ts";
import { isObject, objectOf, stringsOf, type Json, type JsonObject } from "./json.ts";
import { contradictions, type Contradiction } from "./contradictions.ts";
import type { Settings } from "./settings.ts";

export interface Merged {
  /** All of theirs with ours added. */
  readonly policies: JsonObject;
  /** What the administrator should know of; nothing has to be done. */
  readonly notes: readonly string[];
}

/** @param existing policies by name, as the browser would read them */
export function mergePolicies(existing: JsonObject, ours: Settings): Result<Merged, Contradiction[]> {
  const against = contradictions(existing, ours);
  if (against.length > 0) return fail(against);
  const policies: Record<string, Json> = { ...existing };
  const notes: string[] = [];
  for (const [name, value] of Object.entries(ours.policies)) {
    const there = existing[name];
    if (name === "ExtensionSettings") policies[name] = withEntry(objectOf(there), ours.extensionId, objectOf(objectOf(value)[ours.extensionId]), notes);
    else if (Array.isArray(value)) policies[name] = [...new Set([...stringsOf(there), ...stringsOf(value)])];
    else policies[name] = value;
  }
  if (stringsOf(existing["ExtensionInstallBlocklist"]).includes("*")) notes.push("ExtensionInstallBlocklist forbids all extensions; a forced one is installed all the same");
  if (stringsOf(existing["NativeMessagingBlocklist"]).includes("*")) notes.push("NativeMessagingBlocklist forbids all hosts; NativeMessagingAllowlist lets ours through");
  return ok({ policies, notes });
}

function withEntry(map: JsonObject, id: string, entry: JsonObject, notes: string[]): JsonObject {
  const before = objectOf(map[id]);
  const changed = Object.keys(entry).filter((key) => before[key] !== undefined && JSON.stringify(before[key]) !== JSON.stringify(entry[key]));
  for (const key of changed) notes.push(`ExtensionSettings: ${key} of ${id} was ${JSON.stringify(before[key])} and is ${JSON.stringify(entry[key])} now`);
  return { ...map, [id]: { ...before, ...entry } };
}

/** Our extension's keys beside those of other extensions. @param level "extensions" in Chromium browsers, "Extensions" in Firefox */
export function withManaged(existing: Json | undefined, level: "extensions" | "Extensions", ours: Settings): JsonObject {
  const whole = objectOf(existing);
  return { ...whole, [level]: { ...objectOf(whole[level]), [ours.extensionId]: ours.managed } };
}

/** Lists and maps that Chromium also reads when they are one string of JSON, as people write them into the registry. */
export function unpacked(policies: JsonObject): JsonObject {
  const plain: Record<string, Json> = {};
  for (const [name, value] of Object.entries(policies)) plain[name] = typeof value === "string" && /^\s*[[{]/.test(value) ? parsedOr(value) : value;
  return plain;
}

function parsedOr(text: string): Json {
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) || Array.isArray(value) ? value : text;
  } catch {
    return text;
  }
}
