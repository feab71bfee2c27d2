/** The answers Sluice gives in place of a peer, in the form of the message's era. Codes stand outside the ranges that JSON-RPC and MCP reserve (MCP 2026-07-28, "Error codes"). */
import type { Era } from "../mcp/era.ts";

/** Refused by policy. */
export const BLOCKED_BY_POLICY = 4030;
/** Could not be judged, so not forwarded: broken, ambiguous or oversized. */
export const NOT_JUDGEABLE = 4031;

export interface RefusalData {
  readonly reason: "policy" | "malformed" | "oversize";
  /** Rule id, where a rule decided. */
  readonly rule: string | null;
  /** Id of the event record: what a person quotes when asking for help. */
  readonly reference: string;
}

/**
 * A reply that refuses. `tools/call` gets a result with `isError`, because models handle that better than an error; all else gets an error.
 * @param id raw JSON text of the request's id, or null where none is known.
 */
export function refusal(id: string | null, method: string | null, era: Era, code: number, text: string, data: RefusalData): string {
  if (method === "tools/call" && id !== null) {
    const result = {
      ...(era === "modern" ? { resultType: "complete" } : {}),
      content: [{ type: "text", text }],
      isError: true,
      _meta: { "dev.sluice/refusal": data },
    };
    return `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result)}}`;
  }
  return `{"jsonrpc":"2.0","id":${id ?? "null"},"error":${JSON.stringify({ code, message: text, data })}}`;
}
