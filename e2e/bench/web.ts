/** A web server for measurements: the same page for both browsers, and answers so cheap that what stands in between shows. */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface Web {
  readonly url: string;
  close(): Promise<void>;
}

/** The sample policy admits this path as the customer desk. */
export const MCP_PATH = "/desk/mcp";
export const EVENTS = 50;

const PAGE = "<!doctype html><html lang=\"en\"><title>Bench</title><p>Measuring.</p>";
const WORDS = "the quick brown fox reads the minutes of the last meeting and writes a short summary for the team ";
const result = (id: unknown, bytes: number): string => JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: WORDS.repeat(Math.ceil(bytes / WORDS.length)).slice(0, bytes) }] } });
const step = (i: number): string => `event: message\ndata: ${JSON.stringify({ jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: 1, progress: i, total: EVENTS, message: WORDS } })}\n\n`;

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

export async function startWeb(): Promise<Web> {
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      // An isolated page has a clock of five microseconds instead of a hundred.
      response.setHeader("cross-origin-opener-policy", "same-origin");
      response.setHeader("cross-origin-embedder-policy", "require-corp");
      response.setHeader("cache-control", "no-store");
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
      const bytes = Number(searchParams.get("bytes") ?? 1000);
      if (pathname === MCP_PATH) {
        const { id } = JSON.parse(body) as { id: unknown };
        if (searchParams.has("stream")) {
          response.setHeader("content-type", "text/event-stream");
          for (let i = 1; i <= EVENTS; i++) response.write(step(i));
          response.end(`event: message\ndata: ${result(id, 100)}\n\n`);
        } else response.setHeader("content-type", "application/json").end(result(id, bytes));
      } else if (pathname === "/plain") response.setHeader("content-type", "application/json").end(result(0, bytes).replace("jsonrpc", "version"));
      else response.setHeader("content-type", "text/html; charset=utf-8").end(PAGE);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
