/** Browser policy in the registry: how browsers read it from there, and which keys ours takes. Only additions: importing them removes nothing. */
import { HOST_NAME } from "../../../shared/messages/host.ts";
import { FAMILY, FIREFOX } from "../browsers.ts";
import { isObject, objectOf, stringsOf, type Json, type JsonObject } from "../json.ts";
import type { Settings } from "../settings.ts";
import type { DeployBrowser } from "../target.ts";
import type { RegistryKey, RegistryRemoval, RegistryValue } from "./registry.ts";

const MACHINE = "HKEY_LOCAL_MACHINE\\SOFTWARE";

/** Entries of a list are numbered values, and browsers take any number. A small one would replace another product's entry. */
const OUR_NUMBER = 758_423;

export interface WindowsPolicy {
  readonly keys: readonly RegistryKey[];
  /** Undoes it, as far as it can be undone without knowing what was there. */
  readonly removal: RegistryRemoval;
}

export function policyRoot(browser: DeployBrowser): string {
  return `${MACHINE}\\Policies\\${(browser === "firefox" ? FIREFOX : FAMILY[browser]).policyKey}`;
}

export function hostKey(browser: DeployBrowser): string {
  return `${MACHINE}\\${(browser === "firefox" ? FIREFOX : FAMILY[browser]).hostKey}\\NativeMessagingHosts\\${HOST_NAME}`;
}

/** @param merged our policies with what was there @param existing as exported, to write in the form that is used there */
export function windowsPolicy(browser: DeployBrowser, ours: Settings, merged: JsonObject, manifestFile: string, existing: readonly RegistryKey[] = []): WindowsPolicy {
  const root = policyRoot(browser);
  const keys: RegistryKey[] = [];
  const removal = { keys: [] as string[], values: [] as { path: string; name: string }[] };
  const top = new Map<string, RegistryValue>();
  for (const name of Object.keys(ours.policies)) {
    const value = merged[name];
    if (typeof value === "object" && isOneString(existing, root, name)) {
      // Subkeys would hide the string with all that others have in it: it stays one string, whole.
      top.set(name, { kind: "string", value: JSON.stringify(value) });
    } else if (name === "ExtensionSettings") {
      const path = `${root}\\${name}\\${ours.extensionId}`;
      keys.push({ path, values: valuesOf(objectOf(objectOf(ours.policies[name])[ours.extensionId])) });
      removal.keys.push(path);
    } else if (Array.isArray(value)) {
      const path = `${root}\\${name}`;
      const entry = stringsOf(ours.policies[name])[0]!;
      const number = numberFor(existing, path, entry);
      keys.push({ path, values: new Map([[number, { kind: "string", value: entry }]]) });
      removal.values.push({ path, name: number });
    } else {
      for (const [key, one] of valuesOf({ [name]: value ?? null })) top.set(key, one);
      if (valueAt(existing, root, name) === undefined) removal.values.push({ path: root, name });
    }
  }
  if (top.size > 0) keys.unshift({ path: root, values: top });
  const managed = managedKeys(browser, root, ours);
  return {
    keys: [...keys, ...managed.keys, { path: hostKey(browser), values: new Map([["", { kind: "string", value: manifestFile }]]) }],
    removal: { keys: [...removal.keys, ...managed.removal.keys, hostKey(browser)], values: [...removal.values, ...managed.removal.values] },
  };
}

function managedKeys(browser: DeployBrowser, root: string, ours: Settings): WindowsPolicy {
  if (browser !== "firefox") {
    const path = `${root}\\3rdparty\\extensions\\${ours.extensionId}`;
    return { keys: [{ path: `${path}\\policy`, values: valuesOf(ours.managed) }], removal: { keys: [path], values: [] } };
  }
  // One string of JSON: Firefox has no schema to tell a true from a 1.
  const path = `${root}\\3rdparty\\Extensions`;
  return { keys: [{ path, values: new Map([[ours.extensionId, { kind: "string", value: JSON.stringify(ours.managed) }]]) }], removal: { keys: [], values: [{ path, name: ours.extensionId }] } };
}

function valuesOf(object: JsonObject): Map<string, RegistryValue> {
  return new Map(Object.entries(object).map(([name, value]) => [name, registryValue(value)]));
}

function registryValue(value: Json): RegistryValue {
  if (typeof value === "boolean") return { kind: "dword", value: Number(value) };
  if (typeof value === "number") return { kind: "dword", value };
  return { kind: "string", value: typeof value === "string" ? value : JSON.stringify(value) };
}

function numberFor(existing: readonly RegistryKey[], path: string, entry: string): string {
  const values = keyAt(existing, path)?.values ?? new Map<string, RegistryValue>();
  for (const [name, value] of values) if (value.value === entry) return name;
  let number = OUR_NUMBER;
  while (values.has(String(number))) number += 1;
  return String(number);
}

/** What a browser would read from these keys; keys win over values of the same name, as in the browser. */
export function readPolicies(browser: DeployBrowser, keys: readonly RegistryKey[]): JsonObject {
  const root = policyRoot(browser).toLowerCase();
  const policies: Record<string, Json> = {};
  const byDepth = [...keys].sort((a, b) => depth(a.path) - depth(b.path));
  for (const { path, values } of byDepth) {
    const below = belowRoot(path, root);
    if (below === null) continue;
    const into = nested(policies, below);
    for (const [name, value] of values) if (name !== "") into[name] = value.value;
  }
  return Object.fromEntries(Object.entries(policies).map(([name, value]) => [name, asList(value)]));
}

/** The steps from the browser's policy key down to this one; null when it lies elsewhere. */
function belowRoot(path: string, root: string): string[] | null {
  if (path.toLowerCase() === root) return [];
  return path.toLowerCase().startsWith(`${root}\\`) ? path.slice(root.length + 1).split("\\") : null;
}

function nested(from: Record<string, Json>, path: readonly string[]): Record<string, Json> {
  let at = from;
  for (const step of path) {
    const next: Record<string, Json> = isObject(at[step]) ? (at[step] as Record<string, Json>) : {};
    at[step] = next;
    at = next;
  }
  return at;
}

/** A key whose values are all numbered is a list. */
function asList(value: Json): Json {
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([name, entry]): [string, Json] => [name, asList(entry)]);
  const numbered = entries.length > 0 && entries.every(([name]) => /^\d+$/.test(name));
  return numbered ? entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, entry]) => entry) : Object.fromEntries(entries);
}

function depth(path: string): number {
  return path.split("\\").length;
}

/** Lists and maps may stand there as one string of JSON. */
function isOneString(existing: readonly RegistryKey[], root: string, name: string): boolean {
  const below = `${root}\\${name}\\`.toLowerCase();
  return valueAt(existing, root, name)?.kind === "string" && !existing.some(({ path }) => `${path}\\`.toLowerCase().startsWith(below));
}

function keyAt(keys: readonly RegistryKey[], path: string): RegistryKey | undefined {
  return keys.find((key) => key.path.toLowerCase() === path.toLowerCase());
}

function valueAt(keys: readonly RegistryKey[], path: string, name: string): RegistryValue | undefined {
  return keyAt(keys, path)?.values.get(name);
}
