/** The workbench: one loopback web server with the chat page, the MCP servers it talks to, servers that misbehave, and a witness. Run alone: `node e2e/workbench/server.ts [--port 4310]`. */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { serveBad } from "../servers/bad/faults.ts";
import { deskEndpoint } from "../servers/customer-desk/endpoint.ts";
import { CUSTOMER_DESK, SHADY_EXPORTS } from "../servers/customer-desk/name.ts";
import type { Desk, DeskOptions } from "../servers/customer-desk/tools.ts";
import { startEverything } from "../servers/everything/start.ts";
import { buildPage, readAsset } from "./build.ts";
import { proxyMount, webMount, type Mount } from "./mounts.ts";
import { createWitness, exchangeToJson, type Exchange } from "./witness.ts";

export interface Workbench {
  /** The chat page. */
  readonly url: string;
  /** "Customer Desk": sanctioned by the sample policy. */
  readonly deskUrl: string;
  /** "Shady Exports": the same server under another name, not sanctioned. */
  readonly rogueUrl: string;
  /** The reference server, a process of its own behind a transparent path. */
  readonly everythingUrl: string;
  /** Address of a misbehaving server; the faults are listed in e2e/servers/bad/faults.ts. */
  badUrl(fault: string): string;
  /** Process id of the reference server. */
  readonly everythingPid: number;
  /** What the desk holds now: notes that arrived, customers that are left. */
  readonly desk: Desk;
  witness(since?: number): Exchange[];
  clearWitness(): void;
  close(): Promise<void>;
}

export interface WorkbenchOptions extends DeskOptions {
  /** 0 or absent: any free port. */
  readonly port?: number;
}

const MAX_BODY = 64 * 1024 * 1024;

/** As strict as a well-kept app's: no eval, no inline script, no foreign origin. */
const CONTENT_SECURITY_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Builds the page if needed, starts everything, resolves when it listens. */
export async function startWorkbench(options: WorkbenchOptions = {}): Promise<Workbench> {
  const [pageFolder, everything] = await Promise.all([buildPage(), startEverything()]);
  const witness = createWitness();
  const mounts = new Map<string, Mount>();
  const server = createServer({ keepAliveTimeout: 5_000 });
  server.listen(options.port ?? 0, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    await everything.close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const desk = deskEndpoint(CUSTOMER_DESK, options);
  const rogue = deskEndpoint(SHADY_EXPORTS, options);
  mounts.set("desk", webMount(url, desk.fetch)).set("rogue", webMount(url, rogue.fetch)).set("everything", proxyMount(everything.port, "/mcp"));
  const hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host, origin } = request.headers;
    // Against DNS rebinding and foreign pages: a name that is not ours never reaches a server.
    if (!hosts.has(host ?? "") || (origin !== undefined && origin !== `http://${host}`)) return refuse(response, 403, "This server talks to its own page only.");
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    if (pathname === "/witness/requests" && request.method === "GET") return sendJson(response, witness.exchanges(Number(searchParams.get("since") ?? 0)).map(exchangeToJson));
    if (pathname === "/witness" && request.method === "DELETE") {
      witness.clear();
      return sendJson(response, { cleared: true });
    }
    const fault = /^\/bad\/([a-z0-9-]+)\/mcp$/.exec(pathname)?.[1];
    if (fault !== undefined) {
      const body = await readBody(request);
      witness.attend(`bad/${fault}`, request, body, response);
      if (request.method !== "POST") return refuse(response, 405, "POST only.");
      if (!serveBad(fault, body, response)) refuse(response, 404, "There is no such fault.");
      return;
    }
    const name = /^\/([a-z]+)\/mcp$/.exec(pathname)?.[1] ?? "";
    const mount = mounts.get(name);
    if (mount) {
      const body = await readBody(request);
      witness.attend(name, request, body, response);
      return mount(request, body, response);
    }
    if (request.method !== "GET" && request.method !== "HEAD") return refuse(response, 405, "GET only.");
    const asset = await readAsset(pageFolder, pathname);
    if (!asset) return refuse(response, 404, "There is nothing here.");
    response.setHeader("content-type", asset.type);
    response.setHeader("content-security-policy", CONTENT_SECURITY_POLICY);
    response.setHeader("x-content-type-options", "nosniff");
    response.setHeader("referrer-policy", "no-referrer");
    response.setHeader("cache-control", "no-cache");
    response.end(asset.body);
  }

  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    serve(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else refuse(response, error instanceof TooLarge ? 413 : 500, error instanceof Error ? error.message : "Something went wrong.");
    });
  });

  return {
    url: `${url}/`,
    deskUrl: `${url}/desk/mcp`,
    rogueUrl: `${url}/rogue/mcp`,
    everythingUrl: `${url}/everything/mcp`,
    badUrl: (fault) => `${url}/bad/${fault}/mcp`,
    everythingPid: everything.pid,
    desk: desk.desk,
    witness: (since) => witness.exchanges(since),
    clearWitness: () => witness.clear(),
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await Promise.all([closed, desk.close(), rogue.close(), everything.close()]);
    },
  };
}

class TooLarge extends Error {}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new TooLarge("The message is larger than 64 MiB.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(value));
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.statusCode = status;
  response.setHeader("content-type", "text/plain; charset=utf-8");
  response.end(why);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { port: { type: "string", default: "0" } } });
  const workbench = await startWorkbench({ port: Number(values.port) });
  console.log(`Workbench: ${workbench.url}\n  Customer Desk  ${workbench.deskUrl}\n  Shady Exports  ${workbench.rogueUrl}\n  Everything     ${workbench.everythingUrl}\nCtrl+C ends it.`);
  const stop = (): void => void workbench.close().then(() => process.exit(0));
  process.once("SIGINT", stop).once("SIGTERM", stop);
}
