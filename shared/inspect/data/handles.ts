/** Places in a message where nothing may be replaced: the protocol hands these values back and forth and compares them. */
import type { JsonLeaf, JsonPath } from "../../base/json.ts";

const HANDLES = new Set(["requestState", "cursor", "nextCursor", "progressToken", "taskId", "subscriptionId"]);
const ENVELOPE = new Set(["id", "jsonrpc", "method"]);
/** Lists whose items are called by name. */
const NAMED_LISTS = new Set(["tools", "prompts", "resources", "resourceTemplates"]);

/** True for keys, numbers, handles, the envelope, names of tools and prompts, and resource URIs. */
export function isUntouchable(leaf: JsonLeaf): boolean {
  // A number that became a string would break the receiver's schema, and no number says "redacted".
  if (leaf.kind !== "string") return true;
  const steps = stepsOf(leaf.path);
  if (typeof steps[0] === "number") steps.shift(); // one message of a batch
  if (steps.some((step) => typeof step === "string" && HANDLES.has(step))) return true;
  const last = steps.at(-1);
  if (steps.length === 1) return typeof last === "string" && ENVELOPE.has(last);
  const isData = steps[1] === "arguments" || steps[1] === "structuredContent";
  if (isData) return false;
  if (last === "uri" || last === "uriTemplate") return true;
  if (last !== "name") return false;
  return steps[0] === "params" || (steps[0] === "result" && NAMED_LISTS.has(String(steps[1])));
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
