/** The desk on SDK v2: protocol 2026-07-28, every request for itself; over stdio it also serves the legacy era. */
import { McpServer } from "@modelcontextprotocol/server";
import type { DeskTool } from "./tools.ts";
import type { DeskName } from "./name.ts";

export function modernDesk(name: DeskName, tools: readonly DeskTool[]): McpServer {
  const server = new McpServer({ name: name.name, title: name.title, version: "2.0.0" }, { capabilities: { logging: {} }, instructions: name.instructions });
  for (const tool of tools) {
    const config = { title: tool.title, description: tool.description, inputSchema: tool.input, annotations: tool.annotations };
    server.registerTool(tool.name, tool.output ? { ...config, outputSchema: tool.output } : config, async (args, context) => {
      const token = context.mcpReq._meta?.progressToken;
      return tool.run(args, {
        progress: async (progress, total, message) => {
          if (token !== undefined) await context.mcpReq.notify({ method: "notifications/progress", params: { progressToken: token, progress, total, message } });
        },
        // Modern servers log only when the request asks for it; `log` keeps to that.
        log: (data) => context.mcpReq.log("info", data, "export"),
      });
    });
  }
  return server;
}
