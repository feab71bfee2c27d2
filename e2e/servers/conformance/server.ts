/** The server that the conformance suite expects, with the fixed names that it calls, for both eras; on SDK v2. */
import { randomBytes } from "node:crypto";
import { CLIENT_CAPABILITIES_META_KEY, completable, createRequestStateCodec, fromJsonSchema, inputRequired, acceptedContent, McpServer, ProtocolError, ProtocolErrorCode, ResourceTemplate, type ClientCapabilities, type ServerContext } from "@modelcontextprotocol/server";
import { memorySkillFiles, SkillsExtension } from "@modelcontextprotocol/server/ext/skills";
import * as z from "zod";
import { ASKING_TOOLS } from "./asking-tools.ts";
import { PNG } from "./media.ts";
import { PLAIN_TOOLS } from "./plain-tools.ts";
import { serveTasks, TASK_TOOLS, TASKS } from "./tasks.ts";
import { EMPTY, object, type FixtureTool } from "./tool.ts";

export type Era = "legacy" | "modern";

const TOOLS: ReadonlyMap<string, FixtureTool> = new Map([...PLAIN_TOOLS, ...ASKING_TOOLS, ...TASK_TOOLS].map((tool) => [tool.name, tool]));
const CACHE = { ttlMs: 60_000, cacheScope: "private" } as const;

/** One key a process: a state comes back to the process that sealed it. */
const codec = createRequestStateCodec({ key: randomBytes(32) });

const skills = await SkillsExtension.load(
  memorySkillFiles({
    "weekly-report/SKILL.md": "---\nname: weekly-report\ndescription: Writes the weekly report from what was done.\n---\n\nCollect what was done, then write it down in the form of references/FORM.md.\n",
    "weekly-report/references/FORM.md": "# Form\n\nDone, next, blocked.\n",
  }),
  { cacheHint: CACHE },
);

/** @param changed tells the transport's subscriptions, where the transport keeps them; by default the server tells its own. */
export function conformanceServer(era: Era, changed?: (list: "tools" | "prompts") => void): McpServer {
  const mcp = new McpServer(
    { name: "sluice-conformance-fixture", title: "Conformance fixture", version: "1.0.0" },
    {
      capabilities: { tools: { listChanged: true }, prompts: { listChanged: true }, resources: { subscribe: true, listChanged: true }, completions: {}, logging: {}, ...(era === "modern" ? { extensions: { [TASKS]: {} } } : {}) },
      cacheHints: { "tools/list": CACHE, "prompts/list": CACHE, "resources/list": CACHE, "resources/templates/list": CACHE, "resources/read": CACHE, "server/discover": CACHE },
      requestState: { verify: codec.verify },
    },
  );
  const capabilitiesOf = (context: ServerContext): ClientCapabilities => (context.mcpReq.envelope as { readonly [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities } | undefined)?.[CLIENT_CAPABILITIES_META_KEY] ?? mcp.server.getClientCapabilities() ?? {};
  const tell =
    changed ??
    ((list): void => {
      void (list === "tools" ? mcp.server.sendToolListChanged() : mcp.server.sendPromptListChanged());
    });
  serveTools(mcp, capabilitiesOf, tell);
  serveResources(mcp);
  servePrompts(mcp);
  if (era === "modern") {
    serveTasks(mcp, capabilitiesOf);
    skills.attach(mcp);
  } else {
    mcp.server.setRequestHandler("resources/subscribe", () => ({}));
    mcp.server.setRequestHandler("resources/unsubscribe", () => ({}));
  }
  return mcp;
}

function serveTools(mcp: McpServer, capabilitiesOf: (context: ServerContext) => ClientCapabilities, changed: (list: "tools" | "prompts") => void): void {
  // Registered for the list; called below, because errors of ours are errors of the protocol.
  for (const { name, description, input = EMPTY } of TOOLS.values()) mcp.registerTool(name, { description, inputSchema: fromJsonSchema(input) }, () => ({ content: [] }));
  mcp.server.setRequestHandler("tools/call", ({ params }, context) => {
    const tool = TOOLS.get(params.name);
    if (!tool) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool ${params.name}.`);
    return tool.run({ args: params.arguments ?? {}, context, capabilities: capabilitiesOf(context), seal: (state) => codec.mint(state), changed });
  });
}

function serveResources(mcp: McpServer): void {
  mcp.registerResource("static-text", "test://static-text", { description: "A text that never changes", mimeType: "text/plain" }, async () => ({ contents: [{ uri: "test://static-text", mimeType: "text/plain", text: "This is the content of the static text resource." }] }));
  mcp.registerResource("static-binary", "test://static-binary", { description: "A picture that never changes", mimeType: "image/png" }, async () => ({ contents: [{ uri: "test://static-binary", mimeType: "image/png", blob: PNG }] }));
  mcp.registerResource("watched", "test://watched-resource", { description: "A text to subscribe to", mimeType: "text/plain" }, async () => ({ contents: [{ uri: "test://watched-resource", mimeType: "text/plain", text: "Watched." }] }));
  mcp.registerResource("template", new ResourceTemplate("test://template/{id}/data", { list: undefined }), { description: "Data by its id", mimeType: "application/json" }, async (uri, { id }) => ({
    contents: [{ uri: uri.href, mimeType: "application/json", text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` }) }],
  }));
}

const user = <T>(content: T): { role: "user"; content: T } => ({ role: "user", content });

function servePrompts(mcp: McpServer): void {
  const complete = (value: string): string[] => ["paris", "park", "party", "test-value"].filter((word) => word.startsWith(value));
  mcp.registerPrompt("test_simple_prompt", { description: "A prompt without arguments" }, async () => ({ messages: [user({ type: "text", text: "This is a simple prompt for testing." } as const)] }));
  mcp.registerPrompt(
    "test_prompt_with_arguments",
    { description: "A prompt with two arguments", argsSchema: z.object({ arg1: completable(z.string().describe("First test argument"), complete), arg2: completable(z.string().describe("Second test argument"), complete) }) },
    async ({ arg1, arg2 }) => ({ messages: [user({ type: "text", text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` } as const)] }),
  );
  mcp.registerPrompt("test_prompt_with_embedded_resource", { description: "A prompt with a resource in it", argsSchema: z.object({ resourceUri: z.string().describe("URI of the resource to embed") }) }, async ({ resourceUri }) => ({
    messages: [user({ type: "resource", resource: { uri: resourceUri, mimeType: "text/plain", text: "Embedded resource content for testing." } } as const), user({ type: "text", text: "Please process the embedded resource above." } as const)],
  }));
  mcp.registerPrompt("test_prompt_with_image", { description: "A prompt with a picture in it" }, async () => ({
    messages: [user({ type: "image", data: PNG, mimeType: "image/png" } as const), user({ type: "text", text: "Please analyze the image above." } as const)],
  }));
  mcp.registerPrompt("test_input_required_result_prompt", { description: "A prompt that needs an answer first" }, async (context) => {
    const about = acceptedContent(context.mcpReq.inputResponses, "user_context")?.["context"];
    if (about !== undefined) return { messages: [user({ type: "text", text: `Use this context: ${String(about)}` } as const)] };
    return inputRequired({ inputRequests: { user_context: { method: "elicitation/create", params: { message: "What context should the prompt use?", requestedSchema: object({ context: { type: "string" } }) } } as never } });
  });
}
