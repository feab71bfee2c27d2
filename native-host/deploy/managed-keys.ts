/** The keys that the extension takes from browser policy: the same as its managed schema, which a test compares. */
import { fail, ok, type Result } from "../../shared/base/result.ts";

export type ManagedValue = string | number | boolean;
export type ManagedValues = Readonly<Record<string, ManagedValue>>;

export interface ManagedKey {
  readonly name: string;
  readonly type: "string" | "integer" | "boolean";
  /** Short name for people, in templates too. */
  readonly title: string;
  readonly help: string;
  readonly oneOf?: readonly string[];
  readonly pattern?: RegExp;
}

export const MANAGED_KEYS: readonly ManagedKey[] = [
  { name: "configVersion", type: "integer", title: "Configuration version", help: "Raise it with every change. Sluice keeps a key that vanishes while this number stays, because browsers drop a mistyped key in silence." },
  { name: "orgName", type: "string", title: "Organization name", help: "Shown to people beside the state of protection." },
  { name: "mode", type: "string", title: "Mode", help: "Overrides the policy's own mode: monitor records what would have happened, enforce does it.", oneOf: ["monitor", "enforce"] },
  { name: "bundleUrl", type: "string", title: "Policy bundle address", help: "Where the signed policy bundle is published." },
  { name: "rootSha256", type: "string", title: "Policy root digest", help: "SHA-256 of the root of trust for signed bundles, 64 hexadecimal digits.", pattern: /^[0-9a-fA-F]{64}$/ },
  { name: "channel", type: "string", title: "Policy channel", help: "Which release channel of the bundle this browser follows." },
  { name: "failMode", type: "string", title: "Fail mode", help: "What holds when no valid policy can be had for long: open lets traffic pass and records it, closed refuses it.", oneOf: ["open", "closed"] },
  { name: "requireHost", type: "boolean", title: "Require the native host", help: "Warn in the toolbar while the Sluice host program is missing." },
  { name: "policy", type: "string", title: "Policy", help: "The whole policy as one JSON string. It wins over everything the host hands over." },
  { name: "supportUrl", type: "string", title: "Support address", help: "A web address that people are sent to when something was blocked." },
  { name: "privacyProfile", type: "string", title: "Privacy profile", help: "How much a record says about a person's work.", oneOf: ["minimal", "standard", "investigation"] },
  { name: "lockUi", type: "boolean", title: "Lock settings", help: "People may look but not change." },
];

export function managedKey(name: string): ManagedKey | undefined {
  return MANAGED_KEYS.find((key) => key.name === name);
}

/** A value as it is written on a command line. */
export function readManagedValue(key: ManagedKey, text: string): Result<ManagedValue> {
  if (key.type === "boolean") return text === "true" || text === "false" ? ok(text === "true") : fail("must be true or false");
  if (key.type === "integer") return /^\d{1,9}$/.test(text) ? ok(Number(text)) : fail("must be a whole number");
  const why = managedFault(key, text);
  return why === null ? ok(text) : fail(why);
}

/** What is wrong with a value as a browser hands it over, or null. */
export function managedFault(key: ManagedKey, value: unknown): string | null {
  if (key.type === "boolean") return typeof value === "boolean" ? null : "must be true or false";
  if (key.type === "integer") return Number.isSafeInteger(value) && (value as number) >= 0 ? null : "must be a whole number";
  if (typeof value !== "string" || value === "") return "must be text";
  if (key.oneOf && !key.oneOf.includes(value)) return `must be one of ${key.oneOf.join(", ")}`;
  if (key.pattern && !key.pattern.test(value)) return "must be 64 hexadecimal digits";
  // Stands behind a link that people press.
  if (key.name === "supportUrl" && !/^https?:\/\//i.test(value)) return "must be a web address (https://…)";
  return null;
}
