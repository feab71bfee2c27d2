/** The policy language as JSON Schema, so that editors complete and check while people write. */
import * as z from "zod/mini";
import { policyShape } from "./schema.ts";

/** Text of `docs/policy.schema.json`; its test says how to write it anew. */
export function policyJsonSchema(): string {
  const schema = z.toJSONSchema(policyShape, { target: "draft-7", reused: "ref" });
  return `${JSON.stringify({ title: "Sluice policy", ...schema }, null, 2)}\n`;
}
