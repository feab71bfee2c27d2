/** The desk on SDK v1: protocol 2025-11-25 and older, with sessions. */
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { DeskTool } from "./tools.ts";
import type { DeskName } from "./name.ts";

export function legacyDesk(name: DeskName, tools: readonly DeskTool[]): McpServer {
  const server = new McpServer({ name: name.name, title: name.title, version: "1.4.0" }, { capabilities: { logging: {} }, instructions: name.instructions });
  for (const tool of tools) {
    const config = { title: tool.title, description: tool.description, inputSchema: tool.input.shape, annotations: tool.annotations };
    server.registerTool(tool.name, tool.output ? { ...config, outputSchema: tool.output.shape } : config, async (args, extra) => {
      const token = extra._meta?.progressToken;
      return tool.run(args, {
        progress: async (progress, total, message) => {
          if (token !== undefined) await extra.sendNotification({ method: "notifications/progress", params: { progressToken: token, progress, total, message } });
        },
        log: (data) => extra.sendNotification({ method: "notifications/message", params: { level: "info", logger: "export", data } }),
      });
    });
  }
  return server;
}
