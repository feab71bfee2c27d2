/** The client that the conformance suite tests: SDK v2, which does what each scenario asks for and nothing by itself. `client.ts WAY SLUICE URL`: directly, through `guard --listen`, or on a pipe to `guard --url`. */
import process from "node:process";
import { Client, StreamableHTTPClientTransport, type Transport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { startListening } from "./listening-guard.ts";
import type { Way } from "./ways.ts";

interface Context {
  readonly toolCalls?: readonly { readonly name: string; readonly arguments?: Record<string, unknown> }[];
}

const [way = "direct", sluice = "", address = ""] = process.argv.slice(2);
const version = process.env["MCP_CONFORMANCE_PROTOCOL_VERSION"] ?? "2025-11-25";
const context = JSON.parse(process.env["MCP_CONFORMANCE_CONTEXT"] ?? "{}") as Context;
const env = process.env as Record<string, string>;

const client = new Client({ name: "conformance-client", version: "1" }, { capabilities: { elicitation: { form: { applyDefaults: true } }, sampling: {}, roots: {} }, versionNegotiation: { mode: version >= "2026" ? "auto" : "legacy" } });
client.setRequestHandler("elicitation/create", () => ({ action: "accept" as const, content: {} }));
client.setRequestHandler("sampling/createMessage", () => ({ role: "assistant" as const, model: "none", content: { type: "text" as const, text: "no" } }));
client.setRequestHandler("roots/list", () => ({ roots: [] }));

const { transport, close } = await open(way as Way);
try {
  await client.connect(transport);
  const { tools } = await client.listTools();
  // A tool that takes a schema wants to see what the client knows of the first tool's.
  const calls = context.toolCalls ?? tools.map(({ name, inputSchema }) => ({ name, arguments: { ...argumentsFor(inputSchema), ...(inputSchema.properties?.["schema"] ? { schema: tools[0]?.inputSchema } : {}) } }));
  for (const call of calls) await attempt(() => client.callTool({ name: call.name, arguments: call.arguments ?? {} }));
  const offers = client.getServerCapabilities();
  if (offers?.resources) await attempt(async () => Promise.all((await client.listResources()).resources.map(({ uri }) => client.readResource({ uri }))));
  if (offers?.prompts) await attempt(async () => Promise.all((await client.listPrompts()).prompts.map(({ name }) => client.getPrompt({ name }))));
} finally {
  await attempt(() => client.close());
  await close();
}

async function open(by: Way): Promise<{ transport: Transport; close(): Promise<void> }> {
  const nothing = (): Promise<void> => Promise.resolve();
  switch (by) {
    case "direct":
      return { transport: new StreamableHTTPClientTransport(new URL(address)), close: nothing };
    case "listen": {
      const guard = await startListening(sluice, address, env);
      return { transport: new StreamableHTTPClientTransport(new URL(guard.url)), close: () => guard.close() };
    }
    case "url":
      return { transport: new StdioClientTransport({ command: process.execPath, args: [sluice, "guard", "--client", "conformance", "--url", address], env, stderr: "inherit" }), close: nothing };
  }
}

/** What fails is the scenario's business. */
async function attempt(step: () => Promise<unknown>): Promise<void> {
  try {
    await step();
  } catch (error) {
    process.stderr.write(`${String(error)}\n`);
  }
}

function argumentsFor(schema: { readonly properties?: Record<string, unknown> }): Record<string, unknown> {
  const sample = (type: unknown): unknown => (type === "number" || type === "integer" ? 1 : type === "boolean" ? true : type === "array" ? [] : type === "object" ? {} : "x");
  return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, property]) => [name, sample((property as { type?: unknown } | null)?.type)]));
}
