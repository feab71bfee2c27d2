/** Chromium refuses to install an extension whose managed schema uses a keyword it does not know, and says nothing at packing: so the schema is held against the measured keyword table here. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MANAGED_KEYS } from "./managed-config.ts";

const schema: unknown = JSON.parse(readFileSync(new URL("../public/managed-schema.json", import.meta.url), "utf8"));

const ACCEPTED = new Set(["type", "properties", "items", "enum", "minimum", "maximum", "pattern", "title", "description"]);
const TYPES = new Set(["object", "string", "integer", "boolean", "number", "array"]);

/** Every reason for which Chromium would refuse this schema. */
function faults(node: unknown, where = ""): string[] {
  if (typeof node !== "object" || node === null || Array.isArray(node)) return [`${where}: not a schema`];
  const found: string[] = [];
  for (const key of Object.keys(node)) if (!ACCEPTED.has(key)) found.push(`${where}: keyword ${key}`);
  const { type, properties, items } = node as { type?: unknown; properties?: Record<string, unknown>; items?: unknown };
  if (typeof type !== "string" || !TYPES.has(type)) found.push(`${where}: exactly one known type`);
  for (const [name, child] of Object.entries(properties ?? {})) found.push(...faults(child, `${where}/${name}`));
  if (items !== undefined) found.push(...faults(items, `${where}[]`));
  return found;
}

test("the schema uses only what Chromium accepts", () => {
  expect(faults(schema)).toEqual([]);
  expect((schema as { type: string }).type).toBe("object");
});

test.each([
  [{ type: "object", additionalProperties: false }, "additionalProperties"],
  [{ type: "object", properties: { a: { type: ["string", "null"] } } }, "type"],
  [{ type: "object", properties: { a: { oneOf: [] } } }, "oneOf"],
  [{ type: "object", properties: { a: { description: "no type" } } }, "type"],
  [{ type: "object", required: ["b"], properties: {} }, "required"],
])("the check itself notices %j", (bad, word) => {
  expect(faults(bad).join()).toContain(word);
});

test("schema and reader know the same keys", () => {
  expect(Object.keys((schema as { properties: object }).properties).sort()).toEqual([...MANAGED_KEYS].sort());
});
