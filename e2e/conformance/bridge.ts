/** Carries Streamable HTTP to a local server's pipe and back, in both eras, so that the conformance suite (which speaks HTTP only) can test what speaks on a pipe. For tests only. */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { localhostHostValidation, localhostOriginValidation } from "@modelcontextprotocol/node";
import { openLegacySession, type LegacySession } from "./legacy-session.ts";
import { isModern, lacksMeta, openModernPipe } from "./modern-pipe.ts";
import type { Message } from "./pipe.ts";
import { refuse } from "./reply.ts";

export interface Bridge {
  readonly url: string;
  close(): Promise<void>;
}

export interface BridgedCommand {
  readonly legacy: readonly string[];
  readonly modern: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export async function startBridge(command: BridgedCommand): Promise<Bridge> {
  const env = command.env ?? process.env;
  const sessions = new Map<string, LegacySession>();
  const modern = openModernPipe(command.modern, env);
  const [hostIsOurs, originIsOurs] = [localhostHostValidation(), localhostOriginValidation()];

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!hostIsOurs(request, response) || !originIsOurs(request, response)) return;
    const named = request.headers["mcp-session-id"];
    const session = typeof named === "string" ? sessions.get(named) : undefined;
    if (named !== undefined && !session) return refuse(response, 404, -32_001, "This session has ended.");
    if (request.method === "GET" && session) return session.listen(response);
    if (request.method === "DELETE" && session) {
      sessions.delete(session.id);
      await session.close();
      response.writeHead(200).end();
      return;
    }
    if (request.method !== "POST") return refuse(response, 405, -32_000, "POST only.");
    const text = await readBody(request);
    const message = JSON.parse(text) as Message;
    if (!session && isModern(message, request.headers)) {
      if (lacksMeta(message)) holdStatus(response, 400);
      return modern.post(message, request.headers, response);
    }
    if (session) return session.post(message, oneLine(text), response);
    if (message.method !== "initialize") return refuse(response, 400, -32_000, "Initialize first.");
    const opened = openLegacySession(command.legacy, env, (id) => sessions.delete(id));
    sessions.set(opened.id, opened);
    opened.post(message, oneLine(text), response);
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else refuse(response, 400, -32_700, error instanceof Error ? error.message : "This cannot be read.");
    });
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

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** A message's own line ends would cut it on the pipe; white space between tokens may be anything. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, " ");
}

/** Answers with this status whatever the answer is. */
function holdStatus(response: ServerResponse, status: number): void {
  const write = response.writeHead.bind(response);
  response.writeHead = ((_status: number, headers?: Record<string, string>) => write(status, headers)) as typeof response.writeHead;
}
