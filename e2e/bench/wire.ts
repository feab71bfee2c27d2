/** The wire, measured: one SDK client and the reference server's `echo`, with different things between them. Request and reply carry the size. */
import { spawn, type ChildProcess } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { installForUser } from "../../native-host/install/user.ts";
import { PEERS } from "../peers.ts";
import { HOST_BUNDLE, SAMPLE_POLICY } from "../stage.ts";
import { EVERYTHING } from "../tour/stdio-promises.ts";
import { compare, type Figure } from "./figures.ts";
import { cpuMicroseconds, privateMegabytes } from "./process-cost.ts";

export const WIRE_VARIANTS = ["direct", "pipe", "guard", "guard, findings", "SDK proxy", "mcp-proxy"] as const;
export type WireVariant = (typeof WIRE_VARIANTS)[number];

const beside = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
// Everything runs in the Node that this runs in, found without `npx`.
const SERVER = [process.execPath, EVERYTHING, "stdio"];
const PROXY = join(PEERS, "node_modules", "mcp-proxy", "dist", "bin", "mcp-proxy.mjs");

/** @param sluice launcher that `sluice install` writes: what a client's configuration names. */
function commandsWith(sluice: string): Readonly<Record<WireVariant, readonly string[]>> {
  const guard = [sluice, "guard", "--", ...SERVER];
  return {
    direct: SERVER,
    pipe: [process.execPath, beside("byte-pipe.mjs"), ...SERVER],
    guard,
    "guard, findings": guard,
    "SDK proxy": [process.execPath, beside("sdk-proxy.ts"), ...SERVER],
    // From HTTP to a pipe: the client speaks HTTP to it, which nobody else here is asked to.
    "mcp-proxy": [process.execPath, PROXY, "--host", "127.0.0.1", "--server", "stream", "--port"],
  };
}

const MOST_IN_FLIGHT = 64;

export interface WireSize {
  readonly name: string;
  readonly bytes: number;
  readonly calls: number;
  readonly rounds: number;
  readonly inFlight: number;
}

export const WIRE_SIZES: readonly WireSize[] = [
  { name: "100 B", bytes: 100, calls: 200, rounds: 12, inFlight: 1 },
  { name: "10 KB", bytes: 10_000, calls: 100, rounds: 12, inFlight: 1 },
  { name: "1 MB", bytes: 1_000_000, calls: 4, rounds: 8, inFlight: 1 },
  { name: "10 KB, 64 at once", bytes: 10_000, calls: 256, rounds: 6, inFlight: MOST_IN_FLIGHT },
];

export interface WireFigure extends Figure<WireVariant> {
  /** CPU time per call of what stands in the middle (of the server itself for `direct`), best round, in µs. Null where the system does not tell. */
  readonly cpu: Readonly<Record<WireVariant, number | null>>;
}

export interface WireResult {
  readonly calls: readonly WireFigure[];
  /** From starting the command to the end of the handshake, in ms. */
  readonly start: Figure<WireVariant>;
  readonly memory: WireMemory;
}

/** Memory of the middle process (of the server itself for `direct`) that is its alone, in MB. */
export interface WireMemory {
  readonly afterStart: Readonly<Record<WireVariant, number | null>>;
  readonly afterCalls: Readonly<Record<WireVariant, number | null>>;
  /** When nothing has happened for a while: what V8 has given back by itself, if anything. */
  readonly idle: Readonly<Record<WireVariant, number | null>>;
}

const WARM_UP = 4000;
/** Longer than V8's idle tasks wait. Nothing from outside can make it collect without changing what is measured. */
const IDLE_MS = 15_000;
const PORT_MS = 10_000;
const WORDS = "The quarterly notes were read aloud, and the team agreed on two changes: shorter meetings (at most half an hour) and a written summary for people who could not come. ";
/** One value that no live service ever gave out, in each kilobyte. */
const FOUND = `${"The line below was pasted into the notes by mistake. ".repeat(18)}Write to jane.doe@customer.example.org or call +44 20 7946 0018. `;

interface Link {
  readonly client: Client;
  readonly pid: number;
  close(): Promise<void>;
}

interface Rig {
  readonly home: string;
  readonly commands: Readonly<Record<WireVariant, readonly string[]>>;
}

export async function measureWire(sizes: readonly WireSize[] = WIRE_SIZES, starts = 9): Promise<WireResult> {
  if (!existsSync(HOST_BUNDLE)) throw new Error("the host is not built; run: npm run build");
  const home = mkdtempSync(join(tmpdir(), "sluice-wire-"));
  mkdirSync(join(home, "state"), { mode: 0o700 });
  copyFileSync(SAMPLE_POLICY, join(home, "policy.yaml"));
  const { command } = installForUser({ home, version: "bench", bundle: HOST_BUNDLE, node: process.execPath, places: [], ids: { chromium: "", firefox: "" } });
  const rig: Rig = { home, commands: commandsWith(command) };
  // The SDK's client (client/stdio.js, `send`) waits for a full pipe once a message: as many listeners as calls in flight.
  EventEmitter.defaultMaxListeners = MOST_IN_FLIGHT + 10;
  const links = new Map<WireVariant, Link>();
  try {
    for (const variant of WIRE_VARIANTS) links.set(variant, await connect(variant, rig));
    const memoryNow = (): WireMemory["idle"] => forEach((variant) => privateMegabytes(links.get(variant)!.pid));
    const afterStart = memoryNow();
    // Compiled as in a session that has lasted a while: a guard lives as long as its server.
    for (const { client } of links.values()) for (let i = 0; i < WARM_UP; i++) await client.callTool({ name: "echo", arguments: { message: WORDS } });
    const calls: WireFigure[] = [];
    for (const size of sizes) calls.push(await measureCalls(links, size));
    const afterCalls = memoryNow();
    await sleep(IDLE_MS);
    const memory: WireMemory = { afterStart, afterCalls, idle: memoryNow() };
    await closeAll(links);
    const start = await compare("start to initialized", "ms", WIRE_VARIANTS, starts, async (variant) => {
      const from = performance.now();
      const link = await connect(variant, rig);
      const time = performance.now() - from;
      await link.close();
      return [time];
    });
    return { calls, start, memory };
  } finally {
    await closeAll(links);
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function connect(variant: WireVariant, { home, commands }: Rig): Promise<Link> {
  const [command = "", ...args] = commands[variant];
  const env = { ...(process.env as Record<string, string>), SLUICE_HOME: home };
  const client = new Client({ name: "bench", version: "1" });
  if (variant === "mcp-proxy") return connectOverHttp(client, command, args, env);
  const transport = new StdioClientTransport({ command, args, stderr: "ignore", env });
  await client.connect(transport);
  return { client, pid: transport.pid ?? 0, close: () => client.close() };
}

/** Whoever starts a server of HTTP has to find out for themselves when it listens. */
async function connectOverHttp(client: Client, command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Link> {
  const port = await freePort();
  const child = spawn(command, [...args, String(port), "--", ...SERVER], { stdio: "ignore", env });
  const url = new URL(`http://127.0.0.1:${port}/mcp`);
  await untilListening(url, child);
  const transport = new StreamableHTTPClientTransport(url);
  await client.connect(transport);
  const ended = once(child, "exit");
  return {
    client,
    pid: child.pid ?? 0,
    async close() {
      await transport.terminateSession().catch(() => undefined);
      await client.close();
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), PORT_MS);
      await ended;
      clearTimeout(late);
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function untilListening(url: URL, child: ChildProcess): Promise<void> {
  for (const end = performance.now() + PORT_MS; performance.now() < end; await sleep(2)) {
    if (child.exitCode !== null) throw new Error(`mcp-proxy ended with code ${child.exitCode}`);
    if (await fetch(url, { method: "HEAD" }).then(() => true, () => false)) return;
  }
  throw new Error("mcp-proxy does not listen");
}

async function closeAll(links: Map<WireVariant, Link>): Promise<void> {
  for (const link of links.values()) await link.close();
  links.clear();
}

async function measureCalls(links: ReadonlyMap<WireVariant, Link>, { name, bytes, calls, rounds, inFlight }: WireSize): Promise<WireFigure> {
  const cpu = new Map<WireVariant, number[]>(WIRE_VARIANTS.map((variant) => [variant, []]));
  const figure = await compare(`call, ${name} each way`, "µs", WIRE_VARIANTS, rounds, async (variant) => {
    const { client, pid } = links.get(variant)!;
    const source = variant === "guard, findings" ? FOUND : WORDS;
    const message = source.repeat(Math.ceil(bytes / source.length)).slice(-bytes);
    const before = cpuMicroseconds(pid);
    const times: number[] = [];
    for (let done = 0; done < calls; done += inFlight) {
      const from = performance.now();
      const answers = await Promise.all(Array.from({ length: inFlight }, () => client.callTool({ name: "echo", arguments: { message } })));
      times.push((performance.now() - from) / inFlight);
      for (const { content } of answers) if (!Array.isArray(content) || content.length === 0) throw new Error(`${variant}: no echo`);
    }
    // What is written behind the calls (the journal, every 50 ms) is part of their cost.
    await sleep(80);
    const after = cpuMicroseconds(pid);
    if (before !== null && after !== null) cpu.get(variant)!.push((after - before) / calls);
    return times;
  });
  return { ...figure, cpu: forEach((variant) => (cpu.get(variant)!.length > 1 ? Math.min(...cpu.get(variant)!.slice(1)) : null)) };
}

function forEach<T>(of: (variant: WireVariant) => T): Record<WireVariant, T> {
  return Object.fromEntries(WIRE_VARIANTS.map((variant) => [variant, of(variant)])) as Record<WireVariant, T>;
}

