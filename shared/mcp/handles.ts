/** Places in a message where nothing may be replaced: the protocol hands these values back and forth and compares them. */

/** Wherever they stand: servers pass their own handles on as arguments, too. */
const HANDLES = new Set(["requestState", "cursor", "nextCursor", "progressToken", "taskId", "taskIds", "subscriptionId", "io.modelcontextprotocol/subscriptionId", "elicitationId", "resourceSubscriptions"]);
const ENVELOPE = new Set(["id", "jsonrpc", "method"]);
/** Lists whose items are called by name. */
const NAMED_LISTS = new Set(["tools", "prompts", "resources", "resourceTemplates"]);

/** True for handles, the envelope, names of tools and prompts, and resource URIs. @param steps from the root of the document; the first may be an index into a batch. */
export function isHandle(steps: readonly (string | number)[]): boolean {
  const own = typeof steps[0] === "number" ? steps.slice(1) : steps;
  if (own.some((step) => typeof step === "string" && HANDLES.has(step))) return true;
  const last = own.at(-1);
  if (own.length === 1) return typeof last === "string" && ENVELOPE.has(last);
  if (own.length === 2 && own[0] === "params" && last === "requestId") return true;
  if (own[1] === "arguments" || own[1] === "structuredContent") return false;
  if (last === "uri" || last === "uriTemplate") return true;
  if (last !== "name") return false;
  return own[0] === "params" || (own[0] === "result" && NAMED_LISTS.has(String(own[1])));
}
