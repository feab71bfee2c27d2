/** The headers that mirror a message's body (MCP 2026-07-28, "Streamable HTTP"): `Mcp-Method`, `Mcp-Name`, `Mcp-Param-*`. Who reads the header and who reads the body must not see two messages. */
import { decodeBase64, encodeBase64 } from "../base/base64.ts";
import { leafValue, pointerOf, scanJson } from "../base/json.ts";
import { isObject, member } from "../mcp/message.ts";

const NAMED_BY: Readonly<Record<string, string>> = { "tools/call": "name", "prompts/get": "name", "resources/read": "uri", "tasks/get": "taskId", "tasks/update": "taskId", "tasks/cancel": "taskId" };
const ARGUMENTS = "/params/arguments/";

/** What `Mcp-Name` says of a message, unencoded; undefined where it has no such header. */
export function mirroredName(method: string, params: unknown): string | undefined {
  const name = Object.hasOwn(NAMED_BY, method) ? member(params, NAMED_BY[method]!) : undefined;
  return typeof name === "string" ? name : undefined;
}

/** The first header that does not say what the body says; null when all do. @param sent lower-case names. */
export function headerMismatch(sent: Readonly<Record<string, string>>, body: string): string | null {
  const mirrors = Object.keys(sent).filter(isMirror);
  if (mirrors.length === 0) return null;
  const message = parsed(body);
  // What is no message is refused for that.
  if (message === undefined) return null;
  const method = member(message, "method");
  if (sent["mcp-method"] !== undefined && decodeHeader(sent["mcp-method"]) !== method) return "Mcp-Method";
  if (typeof method !== "string") return null;
  if (sent["mcp-name"] !== undefined && Object.hasOwn(NAMED_BY, method) && decodeHeader(sent["mcp-name"]) !== mirroredName(method, member(message, "params"))) return "Mcp-Name";
  const parameters = method === "tools/call" ? mirrors.filter((name) => name.startsWith("mcp-param-")) : [];
  const found = parameters.length > 0 ? argumentTexts(body) : new Set();
  return parameters.find((name) => !found.has(decodeHeader(sent[name]!))) ?? null;
}

/** After a redaction the headers must follow, or the server must answer -32020. @returns those that change. */
export function mirroredHeaders(sent: Readonly<Record<string, string>>, oldBody: string, newBody: string): Record<string, string> {
  const headers: Record<string, string> = {};
  const names = Object.keys(sent).filter(isMirror);
  if (!names.length) return headers;
  const before = scanJson(oldBody);
  const after = scanJson(newBody);
  if (!before.ok || !after.ok) return headers;
  const message = parsed(newBody);
  const method = member(message, "method");
  const about = typeof method === "string" ? mirroredName(method, member(message, "params")) : undefined;
  if (sent["mcp-method"] !== undefined && typeof method === "string" && decodeHeader(sent["mcp-method"]) !== method) headers["mcp-method"] = encodeHeader(method);
  if (sent["mcp-name"] !== undefined && about !== undefined && decodeHeader(sent["mcp-name"]) !== about) headers["mcp-name"] = encodeHeader(about);
  const newValues = new Map(after.value.filter((leaf) => leaf.kind !== "key").map((leaf) => [pointerOf(leaf.path), leafValue(newBody, leaf)]));
  for (const name of names) {
    if (!name.startsWith("mcp-param-")) continue;
    const value = decodeHeader(sent[name]!);
    const leaf = before.value.find((each) => each.kind !== "key" && pointerOf(each.path).startsWith(ARGUMENTS) && leafValue(oldBody, each) === value);
    const changed = leaf && newValues.get(pointerOf(leaf.path));
    if (changed !== undefined && changed !== value) headers[name] = encodeHeader(changed);
  }
  return headers;
}

/** What a header cannot carry as it is travels as `=?base64?…?=`, and so does what would look like that. */
export function encodeHeader(value: string): string {
  const fits = /^[\t\u0020-\u007e]+$/.test(value) && value === value.trim() && !/^=\?base64\?.*\?=$/.test(value);
  return fits ? value : `=?base64?${encodeBase64(new TextEncoder().encode(value))}?=`;
}

const ENCODED = /^=\?base64\?([A-Za-z0-9+/=]*)\?=$/;

function decodeHeader(value: string): string {
  const match = ENCODED.exec(value);
  if (!match) return value;
  const bytes = decodeBase64(match[1]!);
  return bytes ? new TextDecoder("utf-8").decode(bytes) : value;
}

function isMirror(name: string): boolean {
  return name === "mcp-method" || name === "mcp-name" || name.startsWith("mcp-param-");
}

/** All that a header may say of an argument: strings, and numbers and truth values as JavaScript and as the body write them. */
function argumentTexts(body: string): Set<string> {
  const scanned = scanJson(body);
  const texts = new Set<string>();
  if (!scanned.ok) return texts;
  const collect = (value: unknown): void => {
    if (Array.isArray(value) || isObject(value)) Object.values(value).forEach(collect);
    else texts.add(String(value));
  };
  collect(member(parsed(body), "params", "arguments"));
  for (const leaf of scanned.value) if (leaf.kind === "number" && pointerOf(leaf.path).startsWith(ARGUMENTS)) texts.add(body.slice(leaf.start, leaf.end));
  return texts;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
