/** Leaves of a message that a redaction must leave alone, or fill in a form of their own. */
import type { JsonLeaf, JsonPath } from "../../base/json.ts";
import { isHandle } from "../../mcp/handles.ts";

/** True for keys, numbers, handles, the envelope, names of tools and prompts, and resource URIs. */
export function isUntouchable(leaf: JsonLeaf): boolean {
  // A number that became a string would break the receiver's schema, and no number says "redacted".
  return leaf.kind !== "string" || isHandle(stepsOf(leaf.path));
}

/** The string is base64 by schema (`blob`, image and audio `data`): what replaces it must be base64 too. */
export function isBase64Field(leaf: JsonLeaf): boolean {
  return leaf.path?.step === "blob" || leaf.path?.step === "data";
}

function stepsOf(path: JsonPath | null): (string | number)[] {
  const steps: (string | number)[] = [];
  for (let at = path; at; at = at.parent) steps.push(at.step);
  return steps.reverse();
}
