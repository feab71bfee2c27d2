/** A remote guard without a process around it: a server on loopback, a gate with a policy, and the lines that come out. */
import { NOBODY } from "../../approvals/nobody.fixture.ts";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { EventRecord } from "../../../shared/events/record.ts";
import { createSession } from "../../../shared/gate/session.ts";
import { compile } from "../../../shared/policy/compile.ts";
import type { Policy } from "../../../shared/policy/language.ts";
import type { Gate } from "../gatekeeper.ts";
import { openRemote, type Remote, type RemotePatience } from "./remote.ts";
import { readTarget } from "./target.ts";
import { openWire, WIRE_PATIENCE, type WirePatience } from "./wire.ts";

export const POLICY: Policy = {
  version: 1,
  id: "http",
  revision: 1,
  mode: "enforce",
  admission: { default: "allow", servers: [] },
  rules: [
    { id: "cards-in", title: "No card numbers", when: { direction: "to-client", data: { any: ["pci.*"] } }, effect: "redact" },
    { id: "keys-out", title: "Keys stay here", when: { direction: "to-server", data: { any: ["secret.*"] } }, effect: "redact" },
  ],
};

export interface Bench {
  readonly remote: Remote;
  readonly origin: string;
  readonly said: string[];
  readonly gaps: string[];
  readonly records: EventRecord[];
  /** Judges a message as the pipe does and sends it on. */
  send(message: unknown): Promise<void>;
  /** The next line for the client. */
  next(): Promise<string>;
  /** Lines that nobody has taken yet. */
  readonly lines: string[];
  /** While it holds, the client takes nothing. */
  hold(): () => void;
  close(): Promise<void>;
}

export interface BenchOptions {
  readonly headers?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly patience?: Partial<RemotePatience>;
  readonly wire?: Partial<WirePatience>;
  /** Instead of the server's own. */
  readonly url?: string;
  readonly policy?: Policy;
}

export async function openBench(listener: RequestListener, options: BenchOptions = {}): Promise<Bench> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const target = readTarget(options.url ?? `${origin}/mcp`, options.headers ?? [], options.env ?? {});
  if (!target.ok) throw new Error(target.why.message);
  const records: EventRecord[] = [];
  const compiled = compile(options.policy ?? POLICY, "local");
  const session = createSession({
    channel: { id: "c", point: "http", transport: "streamable-http", client: { id: "client:x", name: "x" }, server: target.value.server },
    by: "guard",
    policy: () => compiled,
    key: new Uint8Array(32),
    now: Date.now,
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
  });
  const record = (each: EventRecord): void => void records.push(each);
  const note: Gate["note"] = (effects) => effects.forEach((effect) => effect.kind === "record" && record(effect.record));
  const gate: Gate = { session, record, note, passed: () => session.records().forEach(record), close: () => {}, desk: NOBODY, whenRefused: () => {} };
  const lines: string[] = [];
  const readers: ((line: string) => void)[] = [];
  const said: string[] = [];
  const gaps: string[] = [];
  let held: Promise<void> | null = null;
  const remote = openRemote({
    target: target.value,
    wire: openWire({ ...WIRE_PATIENCE, ...options.wire }),
    gate,
    say: (text) => void said.push(text),
    gap: (text) => void gaps.push(text),
    write(line) {
      const reader = readers.shift();
      if (reader) reader(line);
      else lines.push(line);
      return held ?? undefined;
    },
    patience: { retryMs: 5, ...options.patience },
  });
  return {
    remote,
    origin,
    said,
    gaps,
    records,
    lines,
    async send(message) {
      const text = typeof message === "string" ? message : JSON.stringify(message);
      const effects = session.step({ kind: "message", direction: "to-server", text });
      note(effects);
      for (const effect of effects) {
        if (effect.kind === "forward") await remote.send(text);
        if (effect.kind === "replace") await remote.send(effect.text);
      }
    },
    next: () => (lines.length > 0 ? Promise.resolve(lines.shift()!) : new Promise((resolve) => readers.push(resolve))),
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return () => {
        held = null;
        resolve();
      };
    },
    async close() {
      await remote.close();
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

export interface Told {
  readonly jsonrpc: "2.0";
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
}

/** A server that shakes hands, with a session; `serve` takes the rest. */
export function handshaking(serve: (message: Told, request: IncomingMessage, response: ServerResponse) => void): RequestListener {
  return (request, response) => {
    void bodyOf(request).then((body) => {
      const message = (body === "" ? { jsonrpc: "2.0" } : JSON.parse(body)) as Told;
      if (message.method === "initialize") return json(response, resultOf(message, { protocolVersion: "2025-11-25", capabilities: {}, serverInfo: { name: "small", version: "0" } }), { "mcp-session-id": "s-1" });
      if (message.method === "notifications/initialized") return void response.writeHead(202).end();
      serve(message, request, response);
    });
  };
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  request.setEncoding("utf8");
  for await (const chunk of request as AsyncIterable<string>) text += chunk;
  return text;
}

export function json(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { "content-type": "application/json", ...headers });
  response.end(typeof value === "string" ? value : JSON.stringify(value));
}

export function resultOf(message: Told, value: unknown): unknown {
  return { jsonrpc: "2.0", id: message.id, result: value };
}

export const INITIALIZE = { jsonrpc: "2.0", id: 0, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "0" } } };
export const INITIALIZED = { jsonrpc: "2.0", method: "notifications/initialized" };
export const call = (id: number | string, args: Record<string, unknown> = {}, more: Record<string, unknown> = {}) => ({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "get", arguments: args, ...more } });
export const MODERN = { _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } };
