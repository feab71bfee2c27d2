import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MANAGED_KEYS, managedKey, readManagedValue } from "./managed-keys.ts";

interface Property {
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
}

test("an administrator can set every key that the extension reads, and no other", () => {
  const schema = JSON.parse(readFileSync(new URL("../../extension/public/managed-schema.json", import.meta.url), "utf8")) as { properties: Record<string, Property> };
  const asSchema = MANAGED_KEYS.map(({ name, type, title, help, oneOf, pattern }) => [name, { type, title, description: help, ...(oneOf && { enum: oneOf }), ...(pattern && { pattern: pattern.source }), ...(type === "integer" && { minimum: 0 }) }]);
  expect(Object.fromEntries(asSchema)).toEqual(schema.properties);
});

test.each([
  ["mode", "enforce", "enforce"],
  ["lockUi", "true", true],
  ["configVersion", "12", 12],
  ["rootSha256", "ab".repeat(32), "ab".repeat(32)],
])("%s takes %s", (name, text, value) => {
  expect(readManagedValue(managedKey(name)!, text)).toEqual({ ok: true, value });
});

test.each([
  ["mode", "enforced"],
  ["lockUi", "yes"],
  ["configVersion", "-1"],
  ["rootSha256", "abc"],
  ["supportUrl", "javascript:alert(1)"],
  ["orgName", ""],
])("%s does not take %s", (name, text) => {
  expect(readManagedValue(managedKey(name)!, text).ok).toBe(false);
});
