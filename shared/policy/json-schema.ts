/** The policy language as JSON Schema, so that editors complete and check while people write. `node shared/policy/json-schema.ts > docs/policy.schema.json` */
import * as z from "zod/mini";
import { policyShape } from "./schema.ts";

/** Text of `docs/policy.schema.json`. */
export function policyJsonSchema(): string {
  const schema = z.toJSONSchema(policyShape, { target: "draft-7", reused: "ref" });
  return `${JSON.stringify({ title: "Sluice policy", ...schema }, null, 2)}\n`;
}
