/** The conformance fixture over Streamable HTTP, both eras at one address; as a program (`node http.ts`) it says its address on the first line. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { localhostHostValidation, localhostOriginValidation, toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, isLegacyRequest, WebStandardStreamableHTTPServerTransport, type EventStore } from "@modelcontextprotocol/server";
import { conformanceServer } from "./server.ts";

export interface HttpFixture {
  readonly url: string;
  close(): Promise<void>;
}

export async function startHttpFixture(): Promise<HttpFixture> {
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const modern = createMcpHandler(() => conformanceServer("modern", (list) => (list === "tools" ? modern.notify.toolsChanged() : modern.notify.promptsChanged())), { legacy: "reject" });

  async function serveLegacy(request: Request): Promise<Response> {
    const id = request.headers.get("mcp-session-id");
    if (id !== null) return (await sessions.get(id)?.handleRequest(request)) ?? Response.json({ jsonrpc: "2.0", id: null, error: { code: -32_001, message: "This session has ended." } }, { status: 404 });
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (session) => void sessions.set(session, transport),
      onsessionclosed: (session) => void sessions.delete(session),
      eventStore: eventStore(),
      retryInterval: 200,
    });
    await conformanceServer("legacy").connect(transport);
    return await transport.handleRequest(request);
  }

  const handle = toNodeHandler({ fetch: async (request) => ((await isLegacyRequest(request)) ? serveLegacy(request) : modern.fetch(request)) });
  const [hostIsOurs, originIsOurs] = [localhostHostValidation(), localhostOriginValidation()];
  const server = createServer((request, response) => {
    if (hostIsOurs(request, response) && originIsOurs(request, response)) void handle(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/mcp`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await Promise.all([closed, modern.close(), ...[...sessions.values()].map((session) => session.close())]);
    },
  };
}

/** Keeps what was sent, for clients that come back for the rest. */
function eventStore(): EventStore {
  const events: { id: string; stream: string; message: Parameters<EventStore["storeEvent"]>[1] }[] = [];
  return {
    async storeEvent(stream, message) {
      const id = `${stream}_${events.length}`;
      events.push({ id, stream, message });
      return id;
    },
    async getStreamIdForEventId(id) {
      return events.find((event) => event.id === id)?.stream;
    },
    async replayEventsAfter(lastId, { send }) {
      const at = events.findIndex((event) => event.id === lastId);
      const stream = events[at]?.stream ?? "";
      // The first event of a stream is empty: it only carries an id to come back with.
      for (const event of events.slice(at + 1)) if (event.stream === stream && Object.keys(event.message).length > 0) await send(event.id, event.message);
      return stream;
    },
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const fixture = await startHttpFixture();
  process.stdout.write(`${fixture.url}\n`);
  // A fixture whose parent is gone must not stay.
  process.stdin.resume().once("end", () => process.exit(0));
}
