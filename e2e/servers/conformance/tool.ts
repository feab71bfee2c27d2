/** What a tool of the conformance fixture is made of. */
import type { CallToolResult, ClientCapabilities, InputRequiredResult, JsonSchemaType, ServerContext } from "@modelcontextprotocol/server";

export type Arguments = Readonly<Record<string, unknown>>;

export interface Call {
  readonly args: Arguments;
  readonly context: ServerContext;
  /** What the client says it can do, in either era. */
  readonly capabilities: ClientCapabilities;
  /** Seals a state that the client must bring back unchanged. */
  seal(state: unknown): Promise<string>;
  changed(list: "tools" | "prompts"): void;
}

export interface FixtureTool {
  readonly name: string;
  readonly description: string;
  readonly input?: JsonSchemaType;
  run(call: Call): Promise<CallToolResult | InputRequiredResult>;
}

export const EMPTY: JsonSchemaType = { type: "object", properties: {} };

export function text(value: string): CallToolResult {
  return { content: [{ type: "text", text: value }] };
}

/** An object schema whose members are all required. */
export function object(properties: Record<string, JsonSchemaType>): JsonSchemaType {
  return { type: "object", properties, required: Object.keys(properties) } as JsonSchemaType;
}
