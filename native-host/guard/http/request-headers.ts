/** The headers that mirror a message's body (MCP 2026-07-28, "Streamable HTTP"). Made from the body as it leaves, so that a redaction reaches them too. */
import { encodeHeader, mirroredName } from "../../../shared/gate/mirrored-headers.ts";
import { isObject, member, type JsonObject } from "../../../shared/mcp/message.ts";

/** An argument that a tool wants to see in a header. */
interface Mirrored {
  readonly header: string;
  readonly path: readonly string[];
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/;
const MAX_DEPTH = 16;
const MAX_TOOLS = 10_000;

/** Knows the tools of this process's own `tools/list` only: the journal keeps digests of definitions, and a header made from an old one would be worse than none. A server that misses a header says so (-32020), and clients then list anew. */
export interface HeaderBook {
  /** Takes in the result of a `tools/list`. */
  learn(result: unknown): void;
  /** @param version what the request's `_meta` names. */
  headersOf(method: string, params: JsonObject, version: string): Record<string, string>;
}

export function headerBook(): HeaderBook {
  const tools = new Map<string, readonly Mirrored[]>();
  return {
    learn(result) {
      const listed = member(result, "tools");
      if (!Array.isArray(listed)) return;
      for (const tool of listed as unknown[]) {
        const name = member(tool, "name");
        if (typeof name !== "string") continue;
        const found: Mirrored[] = [];
        collect(member(tool, "inputSchema"), [], found);
        if (found.length > 0 && (tools.has(name) || tools.size < MAX_TOOLS)) tools.set(name, found);
        else tools.delete(name);
      }
    },
    headersOf(method, params, version) {
      const headers: Record<string, string> = { "mcp-protocol-version": encodeHeader(version), "mcp-method": encodeHeader(method) };
      const named = mirroredName(method, params);
      if (named !== undefined) headers["mcp-name"] = encodeHeader(named);
      if (method !== "tools/call" || named === undefined) return headers;
      for (const { header, path } of tools.get(named) ?? []) {
        const value = plain(member(params["arguments"], ...path));
        if (value !== undefined) headers[`mcp-param-${header.toLowerCase()}`] = encodeHeader(value);
      }
      return headers;
    },
  };
}

/** `x-mcp-header` counts only along a chain of `properties`. */
function collect(schema: unknown, path: readonly string[], into: Mirrored[]): void {
  if (path.length > MAX_DEPTH) return;
  const header = member(schema, "x-mcp-header");
  if (path.length > 0 && typeof header === "string" && TOKEN.test(header)) into.push({ header, path });
  const properties = member(schema, "properties");
  if (!isObject(properties)) return;
  for (const [key, child] of Object.entries(properties)) collect(child, [...path, key], into);
}

/** Undefined: there is no header for such a value. */
function plain(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  return typeof value === "number" && (!Number.isInteger(value) || Number.isSafeInteger(value)) ? String(value) : undefined;
}
