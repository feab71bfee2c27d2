/** Methods of MCP Apps (extension io.modelcontextprotocol/ui, dialect 2026-01-26): spoken between an app's frame and the page around it, in either era. */
import type { MethodFacts, Places, Registry } from "./method-facts.ts";

const request = (from: MethodFacts["from"], params: Places = {}, result: Places = {}): MethodFacts => ({ kind: "request", from, params, result });
const notice = (from: MethodFacts["from"], params: Places = {}): MethodFacts => ({ kind: "notification", from, params });

export const APPS: Registry = {
  "ui/initialize": request("view", { data: ["/params/appInfo", "/params/clientInfo"] }, { data: ["/result/hostContext"] }),
  "ui/open-link": request("view", { both: ["/params/url"] }),
  "ui/download-file": request("view", { both: ["/params/contents"] }),
  // These two put words into the person's mouth and into the model's memory.
  "ui/message": request("view", { both: ["/params/content", "/params/role"] }),
  "ui/update-model-context": request("view", { both: ["/params/content", "/params/structuredContent"] }),
  "ui/request-display-mode": request("view"),
  "ui/resource-teardown": request("host", { both: ["/params/reason"] }),
  "ui/notifications/initialized": notice("view"),
  "ui/notifications/size-changed": notice("view"),
  "ui/notifications/request-teardown": notice("view"),
  "ui/notifications/sandbox-proxy-ready": notice("view"),
  "ui/notifications/host-context-changed": notice("host", { data: ["/params"] }),
  "ui/notifications/tool-input": notice("host", { data: ["/params/arguments"] }),
  "ui/notifications/tool-input-partial": notice("host", { data: ["/params/arguments"] }),
  "ui/notifications/tool-result": notice("host", { embeds: [{ at: "/params", is: "result", of: "tools/call" }] }),
  "ui/notifications/tool-cancelled": notice("host", { both: ["/params/reason"] }),
  "ui/notifications/sandbox-resource-ready": notice("host", { both: ["/params/html", "/params/csp", "/params/permissions"] }),
};
