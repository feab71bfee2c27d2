/** The headers that mirror a message's body (MCP 2026-07-28, "Streamable HTTP"). Made from the body as it leaves, so that a redaction reaches them too. */
import { encodeHeader, mirroredName } from "../../../shared/gate/mirrored-headers.ts";
import { isObject, member, type JsonObject } from "../../../shared/mcp/message.ts";

/** An argument that a tool wants to see in a header. */
export interface Mirrored {
  readonly header: string;
  readonly path: readonly string[];
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/;
const MIRRORED_TYPES = new Set(["string", "integer", "boolean"]);
const MAX_DEPTH = 16;
const MAX_TOOLS = 10_000;

/** By the name of their tool; an empty list: it wants none. */
export type MirroredByTool = Readonly<Record<string, readonly Mirrored[]>>;

/** What processes of one server tell each other: clients list tools in one and call them in another. */
export interface HeaderMemory {
  recall(): MirroredByTool;
  keep(learned: MirroredByTool): void;
}

/** Of a tool that this process has not seen listed, it goes by what earlier ones have learned. That may be old: then the server gets a header that it no longer asks for, or misses one, says so (-32020), and the client lists anew. */
export interface HeaderBook {
  /** Takes in the result of a `tools/list`. */
  learn(result: unknown): void;
  /** Its definition asks for headers that cannot be made. Who speaks HTTP must not call such a tool (2026-07-28, "x-mcp-header"), and that is us. */
  rejects(tool: string): boolean;
  /** @param version what the request's `_meta` names. */
  headersOf(method: string, params: JsonObject, version: string): Record<string, string>;
}

export function headerBook(memory?: HeaderMemory): HeaderBook {
  const tools = new Map<string, readonly Mirrored[]>();
  /** Asked only for a tool that this process has not seen listed. */
  const recalled = (tool: string): readonly Mirrored[] => {
    const known = memory?.recall() ?? {};
    return Object.hasOwn(known, tool) ? known[tool]! : [];
  };
  const rejected = new Set<string>();
  return {
    learn(result) {
      const listed = member(result, "tools");
      if (!Array.isArray(listed)) return;
      const learned: [string, readonly Mirrored[]][] = [];
      for (const tool of listed as unknown[]) {
        const name = member(tool, "name");
        if (typeof name !== "string") continue;
        const found: Mirrored[] = [];
        const valid = collect(member(tool, "inputSchema"), [], found) && new Set(found.map(({ header }) => header.toLowerCase())).size === found.length;
        if (valid) rejected.delete(name);
        else if (rejected.size < MAX_TOOLS) rejected.add(name);
        if (!tools.has(name) && tools.size >= MAX_TOOLS) continue;
        tools.set(name, found);
        learned.push([name, found]);
      }
      memory?.keep(Object.fromEntries(learned));
    },
    rejects: (tool) => rejected.has(tool),
    headersOf(method, params, version) {
      const headers: Record<string, string> = { "mcp-protocol-version": encodeHeader(version), "mcp-method": encodeHeader(method) };
      const named = mirroredName(method, params);
      if (named !== undefined) headers["mcp-name"] = encodeHeader(named);
      if (method !== "tools/call" || named === undefined) return headers;
      for (const { header, path } of tools.get(named) ?? recalled(named)) {
        const value = plain(member(params["arguments"], ...path));
        if (value !== undefined) headers[`mcp-param-${header.toLowerCase()}`] = encodeHeader(value);
      }
      return headers;
    },
  };
}

/** `x-mcp-header` counts only along a chain of `properties`. @returns false where one breaks the rules for it. */
function collect(schema: unknown, path: readonly string[], into: Mirrored[]): boolean {
  if (path.length > MAX_DEPTH) return true;
  const header = member(schema, "x-mcp-header");
  const type = member(schema, "type");
  let valid = header === undefined || (typeof header === "string" && TOKEN.test(header) && (typeof type !== "string" || MIRRORED_TYPES.has(type)));
  if (valid && path.length > 0 && typeof header === "string") into.push({ header, path });
  const properties = member(schema, "properties");
  if (!isObject(properties)) return valid;
  for (const [key, child] of Object.entries(properties)) valid = collect(child, [...path, key], into) && valid;
  return valid;
}

/** Undefined: there is no header for such a value. */
function plain(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  return typeof value === "number" && (!Number.isInteger(value) || Number.isSafeInteger(value)) ? String(value) : undefined;
}

/** Is this, which came from a file, what a memory may recall? */
export function isMirroredByTool(value: unknown): value is MirroredByTool {
  return isObject(value) && Object.values(value).every((list) => Array.isArray(list) && list.every(isMirrored));
}

function isMirrored(value: unknown): value is Mirrored {
  const path = member(value, "path");
  const header = member(value, "header");
  return typeof header === "string" && TOKEN.test(header) && Array.isArray(path) && path.length > 0 && path.length <= MAX_DEPTH && path.every((step) => typeof step === "string");
}
