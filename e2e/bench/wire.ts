/** The wire, measured: one SDK client and the reference server's `echo`, with different things between them. Request and reply carry the size. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { HOST_BUNDLE, SAMPLE_POLICY } from "../stage.ts";
import { EVERYTHING } from "../tour/stdio-promises.ts";
import { compare, type Figure } from "./figures.ts";
import { cpuMicroseconds, privateMegabytes } from "./process-cost.ts";

export const WIRE_VARIANTS = ["direct", "pipe", "guard", "guard, findings", "SDK proxy"] as const;
export type WireVariant = (typeof WIRE_VARIANTS)[number];

const beside = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
// Everything runs in the Node that this runs in, found without a shell or `npx`, as an installed launcher finds it.
const SERVER = [process.execPath, EVERYTHING, "stdio"];
const GUARD = [process.execPath, HOST_BUNDLE, "guard", "--", ...SERVER];
const COMMANDS: Readonly<Record<WireVariant, readonly string[]>> = {
  direct: SERVER,
  pipe: [process.execPath, beside("byte-pipe.mjs"), ...SERVER],
  guard: GUARD,
  "guard, findings": GUARD,
  "SDK proxy": [process.execPath, beside("sdk-proxy.ts"), ...SERVER],
};

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
  { name: "10 KB, 64 at once", bytes: 10_000, calls: 256, rounds: 6, inFlight: 64 },
];

export interface WireFigure extends Figure<WireVariant> {
  /** CPU time per call of what stands in the middle (of the server itself for `direct`), best round, in µs. Null where the system does not tell. */
  readonly cpu: Readonly<Record<WireVariant, number | null>>;
}

export interface WireResult {
  readonly calls: readonly WireFigure[];
  /** From starting the command to the end of the handshake, in ms. */
  readonly start: Figure<WireVariant>;
  /** Memory of the middle process after all calls that is its alone, in MB. */
  readonly memory: Readonly<Record<WireVariant, number | null>>;
}

const WARM_UP = 4000;
const WORDS = "The quarterly notes were read aloud, and the team agreed on two changes: shorter meetings (at most half an hour) and a written summary for people who could not come. ";
/** One value that no live service ever gave out, in each kilobyte. */
const FOUND = `${"The line below was pasted into the notes by mistake. ".repeat(18)}Write to jane.doe@customer.example.org or call +44 20 7946 0018. `;

interface Link {
  readonly client: Client;
  readonly pid: number;
}

export async function measureWire(sizes: readonly WireSize[] = WIRE_SIZES, starts = 9): Promise<WireResult> {
  if (!existsSync(HOST_BUNDLE)) throw new Error("the host is not built; run: npm run build");
  const home = mkdtempSync(join(tmpdir(), "sluice-wire-"));
  mkdirSync(join(home, "state"), { mode: 0o700 });
  copyFileSync(SAMPLE_POLICY, join(home, "policy.yaml"));
  const links = new Map<WireVariant, Link>();
  try {
    for (const variant of WIRE_VARIANTS) links.set(variant, await connect(variant, home));
    // Compiled as in a session that has lasted a while: a guard lives as long as its server.
    for (const { client } of links.values()) for (let i = 0; i < WARM_UP; i++) await client.callTool({ name: "echo", arguments: { message: WORDS } });
    const calls: WireFigure[] = [];
    for (const size of sizes) calls.push(await measureCalls(links, size));
    const memory = forEach((variant) => privateMegabytes(links.get(variant)!.pid));
    await closeAll(links);
    const start = await compare("start to initialized", "ms", WIRE_VARIANTS, starts, async (variant) => {
      const from = performance.now();
      const { client } = await connect(variant, home);
      const time = performance.now() - from;
      await client.close();
      return [time];
    });
    return { calls, start, memory };
  } finally {
    await closeAll(links);
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function connect(variant: WireVariant, home: string): Promise<Link> {
  const [command = "", ...args] = COMMANDS[variant];
  const transport = new StdioClientTransport({ command, args, stderr: "ignore", env: { ...(process.env as Record<string, string>), SLUICE_HOME: home } });
  const client = new Client({ name: "bench", version: "1" });
  await client.connect(transport);
  return { client, pid: transport.pid ?? 0 };
}

async function closeAll(links: Map<WireVariant, Link>): Promise<void> {
  for (const { client } of links.values()) await client.close();
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

