/** The desk over Streamable HTTP, both eras at one address: modern requests go to SDK v2, all others to a session of SDK v1. */
import { randomUUID } from "node:crypto";
import { createMcpHandler, isLegacyRequest } from "@modelcontextprotocol/server";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { legacyDesk } from "./legacy.ts";
import { modernDesk } from "./modern.ts";
import type { DeskName } from "./name.ts";
import { createDesk, deskTools, type Desk, type DeskOptions } from "./tools.ts";

export interface DeskEndpoint {
  readonly desk: Desk;
  fetch(request: Request): Promise<Response>;
  close(): Promise<void>;
}

// Tests send 20 MB messages; the SDK's default of 4 MiB would refuse them before the guard's own bound is seen.
const MAX_BODY = 64 * 1024 * 1024;

export function deskEndpoint(name: DeskName, options: DeskOptions = {}): DeskEndpoint {
  const desk = createDesk();
  const tools = deskTools(desk, options);
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const modern = createMcpHandler(() => modernDesk(name, tools), { legacy: "reject", maxRequestBodySize: MAX_BODY });

  async function serveLegacy(request: Request): Promise<Response> {
    const known = request.headers.get("mcp-session-id");
    if (known !== null) {
      const session = sessions.get(known);
      if (session) return session.handleRequest(request);
      return Response.json({ jsonrpc: "2.0", id: null, error: { code: -32001, message: "This session has ended; initialize again." } }, { status: 404 });
    }
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
      maxRequestBodySize: MAX_BODY,
    });
    const server = legacyDesk(name, tools);
    await server.connect(transport);
    const response = await transport.handleRequest(request);
    // Anything but `initialize` without a session was refused and must not leave a half-open server behind.
    if (transport.sessionId === undefined) await server.close();
    return response;
  }

  return {
    desk,
    fetch: async (request) => ((await isLegacyRequest(request, undefined, { maxRequestBodySize: MAX_BODY })) ? serveLegacy(request) : modern.fetch(request)),
    close: async () => {
      await Promise.all([...sessions.values()].map((session) => session.close()));
      sessions.clear();
      await modern.close();
    },
  };
}
