/** Tools that answer by themselves: every kind of content, errors, logging, progress, schemas. */
import { setTimeout as sleep } from "node:timers/promises";
import { MissingRequiredClientCapabilityError, type JsonSchemaType } from "@modelcontextprotocol/server";
import { PNG, WAV } from "./media.ts";
import { object, text, type FixtureTool } from "./tool.ts";

/** Long enough that two notifications are two, short enough for a test. */
const STEP_MS = 50;

/** Every part of JSON Schema 2020-12 that a careless relay loses. */
const RICH_SCHEMA = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  $defs: { address: { $anchor: "addressDef", type: "object", properties: { street: { type: "string" }, city: { type: "string" } } } },
  properties: { name: { type: "string" }, address: { $ref: "#/$defs/address" }, contactMethod: { type: "string", enum: ["phone", "email"] }, phone: { type: "string" }, email: { type: "string" } },
  allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
  if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: { required: ["phone"] },
  else: { required: ["email"] },
  additionalProperties: false,
} as unknown as JsonSchemaType;

export const PLAIN_TOOLS: readonly FixtureTool[] = [
  { name: "test_simple_text", description: "Answers with text", run: async () => text("This is a simple text response for testing.") },
  { name: "test_image_content", description: "Answers with a picture", run: async () => ({ content: [{ type: "image", data: PNG, mimeType: "image/png" }] }) },
  { name: "test_audio_content", description: "Answers with a sound", run: async () => ({ content: [{ type: "audio", data: WAV, mimeType: "audio/wav" }] }) },
  {
    name: "test_embedded_resource",
    description: "Answers with an embedded resource",
    run: async () => ({ content: [{ type: "resource", resource: { uri: "test://embedded-resource", mimeType: "text/plain", text: "This is an embedded resource content." } }] }),
  },
  {
    name: "test_multiple_content_types",
    description: "Answers with text, a picture and a resource",
    run: async () => ({
      content: [
        { type: "text", text: "Multiple content types test:" },
        { type: "image", data: PNG, mimeType: "image/png" },
        { type: "resource", resource: { uri: "test://mixed-content-resource", mimeType: "application/json", text: '{"test":"data","value":123}' } },
      ],
    }),
  },
  {
    name: "test_error_handling",
    description: "Always fails",
    run: async () => ({ ...text("This tool intentionally returns an error for testing"), isError: true }),
  },
  {
    name: "test_tool_with_logging",
    description: "Logs three lines while it works",
    async run({ context }) {
      await context.mcpReq.log("info", "Tool execution started");
      await sleep(STEP_MS);
      await context.mcpReq.log("info", "Tool processing data");
      await sleep(STEP_MS);
      await context.mcpReq.log("info", "Tool execution completed");
      return text("Logged three lines.");
    },
  },
  {
    name: "test_logging_tool",
    description: "Logs one line, if it is asked to",
    async run({ context }) {
      await context.mcpReq.log("info", "One line");
      return text("Logged, if a level was set.");
    },
  },
  {
    name: "test_tool_with_progress",
    description: "Reports its progress in three steps",
    async run({ context }) {
      const progressToken = context.mcpReq._meta?.progressToken;
      for (const progress of [0, 50, 100]) {
        if (progressToken !== undefined) await context.mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress, total: 100, message: `Step at ${progress}` } });
        await sleep(STEP_MS);
      }
      return text("Done in three steps.");
    },
  },
  {
    name: "test_reconnection",
    description: "Closes the reply's stream before it answers; the client comes back for the rest",
    async run({ context }) {
      await sleep(STEP_MS);
      context.http?.closeSSE?.();
      await sleep(STEP_MS * 2);
      return text("Sent after the stream was closed.");
    },
  },
  { name: "json_schema_2020_12_tool", description: "Tool with JSON Schema 2020-12 features", input: RICH_SCHEMA, run: async ({ args }) => text(JSON.stringify(args)) },
  {
    name: "test_custom_header",
    description: "Mirrors an argument in a header",
    input: { type: "object", properties: { region: { type: "string", "x-mcp-header": "Region" }, query: { type: "string" } } } as unknown as JsonSchemaType,
    run: async ({ args }) => text(JSON.stringify(args)),
  },
  {
    name: "test_missing_capability",
    description: "Works only with clients that can sample",
    async run({ capabilities }) {
      if (!capabilities.sampling) throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } });
      return text("The client can sample.");
    },
  },
  {
    name: "test_trigger_tool_change",
    description: "Says that the list of tools has changed",
    async run({ changed }) {
      changed("tools");
      return text("The tools have changed.");
    },
  },
  {
    name: "test_trigger_prompt_change",
    description: "Says that the list of prompts has changed",
    async run({ changed }) {
      changed("prompts");
      return text("The prompts have changed.");
    },
  },
  { name: "greet", description: "Greets by name", input: object({ name: { type: "string" } }), run: async ({ args }) => text(`Hello, ${String(args["name"])}!`) },
];
