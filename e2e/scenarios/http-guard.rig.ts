/** What the HTTP guard's scenarios share: guards as real processes, clients of both SDK lines, and small servers that do one thing. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as LegacyStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as LegacyHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { EventRecord } from "../../shared/events/record.ts";
import { readJournal } from "../../native-host/journal/reader.ts";
import { ROOT } from "../places.ts";

export const SLUICE = join(ROOT, "native-host", "cli", "main.ts");

export interface Reply {
  content: { type: string; text?: string }[];
  structuredContent?: unknown;
  isError?: boolean;
}

export interface Caller {
  call(name: string, args: Record<string, unknown>, onProgress?: (message: string) => void): Promise<Reply>;
  tools(): Promise<string[]>;
  version(): string | undefined;
  close(): Promise<void>;
}

export interface Home {
  readonly path: string;
  readonly env: Record<string, string>;
  journal(): Promise<EventRecord[]>;
  remove(): void;
}

/** A person's Sluice folder with a policy of its own. */
export function makeHome(policy: string): Home {
  const path = mkdtempSync(join(tmpdir(), "sluice-http-"));
  writeFileSync(join(path, "policy.yaml"), policy);
  return {
    path,
    env: { ...(process.env as Record<string, string>), SLUICE_HOME: path },
    journal: () => readJournal(join(path, "journal")),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

export type Line = "v1" | "v2 legacy" | "v2 auto";

/** A client of one SDK line, over the pipe to a guard or straight to an address. */
export async function connect(line: Line, to: { readonly guard: readonly string[]; readonly home: Home } | { readonly url: string }): Promise<Caller> {
  const child = "guard" in to ? { command: process.execPath, args: [SLUICE, "guard", ...to.guard], env: to.home.env, stderr: "ignore" as const } : null;
  if (line === "v1") {
    const client = new LegacyClient({ name: "test-v1", version: "1.0.0" });
    await client.connect("url" in to ? new LegacyHttp(new URL(to.url)) : new LegacyStdio(child!));
    return {
      call: async (name, args, onProgress) => (await client.callTool({ name, arguments: args }, undefined, onProgress && { onprogress: (step) => onProgress(step.message ?? "") })) as Reply,
      tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
      version: () => undefined,
      close: () => client.close(),
    };
  }
  const client = new Client({ name: "test-v2", version: "1.0.0" }, { versionNegotiation: { mode: line === "v2 auto" ? "auto" : "legacy" } });
  await client.connect("url" in to ? new StreamableHTTPClientTransport(new URL(to.url)) : new StdioClientTransport(child!));
  return {
    call: async (name, args, onProgress) => (await client.callTool({ name, arguments: args }, onProgress && { onprogress: (step) => onProgress(step.message ?? "") })) as Reply,
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    version: () => client.getNegotiatedProtocolVersion(),
    close: () => client.close(),
  };
}

export interface RawGuard {
  readonly pid: number;
  send(line: string): void;
  /** The next line that the guard writes. */
  next(): Promise<string>;
  /** Closes its input; the exit code. */
  end(): Promise<number | null>;
  stderr(): string;
  /** Resolves when standard error holds this. */
  said(words: RegExp): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
  readonly exited: Promise<number | null>;
}

/** A guard without an SDK: lines in, lines out. */
export function startGuard(args: readonly string[], home: Home, env: Record<string, string> = {}): RawGuard {
  const child = spawn(process.execPath, [SLUICE, "guard", ...args], { env: { ...home.env, ...env }, stdio: "pipe" });
  const lines: string[] = [];
  const readers: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout, crlfDelay: 0 }).on("line", (line) => {
    const reader = readers.shift();
    if (reader) reader(line);
    else lines.push(line);
  });
  let stderr = "";
  let listeners: (() => void)[] = [];
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString("utf8");
    for (const tell of listeners) tell();
  });
  const exited = once(child, "exit").then(([code]) => code as number | null);
  return {
    pid: child.pid ?? -1,
    send: (line) => void child.stdin.write(`${line}\n`),
    next: () => (lines.length > 0 ? Promise.resolve(lines.shift()!) : new Promise((resolve) => readers.push(resolve))),
    end: () => {
      child.stdin.end();
      return exited;
    },
    stderr: () => stderr,
    said: (words) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = words.exec(stderr);
          if (found) resolve(found);
        };
        listeners = [...listeners, look];
        look();
        void exited.then((code) => reject(new Error(`the guard ended (${code}) and had said: ${stderr}`)));
      }),
    kill: (signal) => void child.kill(signal),
    exited,
  };
}

export interface SmallServer {
  readonly origin: string;
  readonly url: string;
  close(): Promise<void>;
}

export async function startServer(listener: RequestListener): Promise<SmallServer> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    url: `${origin}/mcp`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  request.setEncoding("utf8");
  for await (const chunk of request as AsyncIterable<string>) text += chunk;
  return text;
}

export const INITIALIZE = '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"0"}}}';
export const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

export function callLine(id: number | string, name: string, args: Record<string, unknown> = {}): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } });
}
