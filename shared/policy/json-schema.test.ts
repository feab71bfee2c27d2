import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { policyJsonSchema } from "./json-schema.ts";

test("docs/policy.schema.json is what the schema says today", () => {
  const committed = readFileSync(new URL("../../docs/policy.schema.json", import.meta.url), "utf8");
  const remedy = `write it anew: node -e 'import("./shared/policy/json-schema.ts").then((m) => process.stdout.write(m.policyJsonSchema()))' > docs/policy.schema.json`;
  expect(committed === policyJsonSchema(), remedy).toBe(true);
});
