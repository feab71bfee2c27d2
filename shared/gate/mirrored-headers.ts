import { decodeBase64, encodeBase64 } from "../base/base64.ts";
import { leafValue, pointerOf, scanJson } from "../base/json.ts";

/** `Mcp-Param-*` headers mirror tool arguments (2026-07-28): after a redaction they must follow, or the server must answer -32020. */
export function mirroredHeaders(sent: Readonly<Record<string, string>>, oldBody: string, newBody: string): Record<string, string> {
  const headers: Record<string, string> = {};
  const names = Object.keys(sent).filter((name) => name.startsWith("mcp-param-"));
  if (!names.length) return headers;
  const before = scanJson(oldBody);
  const after = scanJson(newBody);
  if (!before.ok || !after.ok) return headers;
  const newValues = new Map(after.value.filter((leaf) => leaf.kind !== "key").map((leaf) => [pointerOf(leaf.path), leafValue(newBody, leaf)]));
  for (const name of names) {
    const value = decodeHeader(sent[name]!);
    const leaf = before.value.find((each) => each.kind !== "key" && pointerOf(each.path).startsWith("/params/arguments/") && leafValue(oldBody, each) === value);
    const changed = leaf && newValues.get(pointerOf(leaf.path));
    if (changed !== undefined && changed !== value) headers[name] = encodeHeader(changed);
  }
  return headers;
}

const ENCODED = /^=\?base64\?([A-Za-z0-9+/=]*)\?=$/;

function decodeHeader(value: string): string {
  const match = ENCODED.exec(value);
  if (!match) return value;
  const bytes = decodeBase64(match[1]!);
  return bytes ? new TextDecoder("utf-8").decode(bytes) : value;
}

/** Non-ASCII header values travel as `=?base64?…?=` (2026-07-28, "Mcp-Param"). */
function encodeHeader(value: string): string {
  return /^[\x20-\x7e]*$/.test(value) ? value : `=?base64?${encodeBase64(new TextEncoder().encode(value))}?=`;
}
