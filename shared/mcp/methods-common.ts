/** Methods that mean the same in both eras (MCP specification, schema.ts of each revision). The registries of the eras add to them what is their own. */
import type { MethodFacts, Registry } from "./method-facts.ts";

const request = (facts: Omit<MethodFacts, "kind" | "from"> = {}): MethodFacts => ({ kind: "request", from: "client", ...facts });
const ask = (facts: Omit<MethodFacts, "kind" | "from"> = {}): MethodFacts => ({ kind: "request", from: "server", ...facts });
const notice = (from: MethodFacts["from"], facts: Omit<MethodFacts, "kind" | "from"> = {}): MethodFacts => ({ kind: "notification", from, ...facts });

export const TOOL: MethodFacts["subject"] = { kind: "tool", at: "name" };
export const PROMPT: MethodFacts["subject"] = { kind: "prompt", at: "name" };
export const RESOURCE: MethodFacts["subject"] = { kind: "resource", at: "uri" };
export const TASK: MethodFacts["subject"] = { kind: "task", at: "taskId" };

export const COMMON = {
  "tools/list": request({ result: { instructions: ["/result/tools"] }, learns: { result: "always" } }),
  "tools/call": request({ subject: TOOL, params: { data: ["/params/arguments"] }, result: { both: ["/result/content", "/result/structuredContent"] } }),
  // Names of resources are paths and tenants as often as they are descriptions.
  "resources/list": request({ result: { both: ["/result/resources"] }, learns: { result: "always" } }),
  "resources/templates/list": request({ result: { both: ["/result/resourceTemplates"] }, learns: { result: "always" } }),
  "resources/read": request({ subject: RESOURCE, params: { data: ["/params/uri"] }, result: { both: ["/result/contents"] } }),
  "prompts/list": request({ result: { instructions: ["/result/prompts"] }, learns: { result: "always" } }),
  "prompts/get": request({ subject: PROMPT, params: { data: ["/params/arguments"] }, result: { instructions: ["/result/description"], both: ["/result/messages"] } }),
  // Sent while a person types: keystrokes go out, private names come back.
  "completion/complete": request({ params: { data: ["/params/argument/value", "/params/context/arguments", "/params/ref/uri"] }, result: { both: ["/result/completion/values"] } }),
  "sampling/createMessage": ask({
    params: { data: ["/params/metadata"], instructions: ["/params/systemPrompt", "/params/tools", "/params/includeContext", "/params/modelPreferences"], both: ["/params/messages"] },
    result: { data: ["/result/content", "/result/model", "/result/stopReason"] },
  }),
  // A form has a schema, an address has none; the person's answer comes back only from a form.
  "elicitation/create": ask({ params: { instructions: ["/params/message", "/params/requestedSchema"], both: ["/params/url"] }, result: { data: ["/result/content"] } }),
  "roots/list": ask({ result: { data: ["/result/roots"] } }),
  "notifications/progress": notice("both", { params: { both: ["/params/message"] } }),
  "notifications/cancelled": notice("both", { params: { both: ["/params/reason"] } }),
  "notifications/message": notice("server", { params: { both: ["/params/data", "/params/logger"] } }),
  "notifications/tools/list_changed": notice("server"),
  "notifications/prompts/list_changed": notice("server"),
  "notifications/resources/list_changed": notice("server"),
  "notifications/resources/updated": notice("server", { subject: RESOURCE, params: { both: ["/params/uri"] } }),
} as const satisfies Registry;
