/** The way most stdio proxies are built: the SDK's client towards the server, its server towards the client, every message parsed, checked and written anew. Does no judging; a guard built so would cost this and its judging. */
import process from "node:process";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

const [command = "", ...args] = process.argv.slice(2);
const client = new Client({ name: "sdk-proxy", version: "1" });
await client.connect(new StdioClientTransport({ command, args, stderr: "ignore", env: process.env as Record<string, string> }));
const server = new Server({ name: "sdk-proxy", version: "1" }, { capabilities: { tools: {} } });
server.setRequestHandler(ListToolsRequestSchema, ({ params }) => client.listTools(params));
server.setRequestHandler(CallToolRequestSchema, ({ params }) => client.callTool(params));
await server.connect(new StdioServerTransport());
process.stdin.on("end", () => void client.close().then(() => process.exit()));
