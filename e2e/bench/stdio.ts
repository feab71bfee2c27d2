/** The pipe: a real SDK client calls `echo` of the reference server, directly, through a bare byte pipe, and through `sluice guard` with the sample policy. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { HOST_BUNDLE, SAMPLE_POLICY } from "../stage.ts";
import { EVERYTHING } from "../tour/stdio-promises.ts";
import { compare, type Figure } from "./figures.ts";

export const STDIO_VARIANTS = ["direct", "pipe", "guard"] as const;
export type StdioVariant = (typeof STDIO_VARIANTS)[number];

const PIPE = fileURLToPath(new URL("byte-pipe.mjs", import.meta.url));
const SERVER = ["node", EVERYTHING, "stdio"];
const COMMANDS: Readonly<Record<StdioVariant, readonly string[]>> = {
  direct: SERVER,
  pipe: ["node", PIPE, ...SERVER],
  guard: ["node", HOST_BUNDLE, "guard", "--", ...SERVER],
};
const SIZES = [
  { name: "100 B", bytes: 100, calls: 150, rounds: 10 },
  { name: "10 KB", bytes: 10_000, calls: 80, rounds: 10 },
  { name: "1 MB", bytes: 1_000_000, calls: 3, rounds: 6 },
];
const STARTS = 7;
/** Prose of letters and blanks: clean traffic, as nearly all of it is. */
const WORDS = "the quick brown fox reads the minutes of the last meeting and writes a short summary for the team ";

export async function measureStdio(): Promise<Figure<StdioVariant>[]> {
  const home = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  mkdirSync(join(home, "state"), { mode: 0o700 });
  copyFileSync(SAMPLE_POLICY, join(home, "policy.yaml"));
  const connect = async (variant: StdioVariant): Promise<Client> => {
    const [command = "", ...args] = COMMANDS[variant];
    const client = new Client({ name: "bench", version: "1" });
    await client.connect(new StdioClientTransport({ command, args, stderr: "ignore", env: { ...(process.env as Record<string, string>), SLUICE_HOME: home } }));
    return client;
  };
  const figures: Figure<StdioVariant>[] = [];
  const clients = new Map<StdioVariant, Client>();
  try {
    for (const variant of STDIO_VARIANTS) clients.set(variant, await connect(variant));
    for (const { name, bytes, calls, rounds } of SIZES) {
      const message = WORDS.repeat(Math.ceil(bytes / WORDS.length)).slice(0, bytes);
      figures.push(
        await compare(`call, ${name} each way`, "µs", STDIO_VARIANTS, rounds, async (variant) => {
          const client = clients.get(variant)!;
          const times: number[] = [];
          for (let i = 0; i < calls; i++) {
            const start = performance.now();
            const { content } = await client.callTool({ name: "echo", arguments: { message } });
            times.push(performance.now() - start);
            if ((content as { text: string }[])[0]?.text.length !== bytes + "Echo: ".length) throw new Error(`${variant}: the echo is not whole`);
          }
          return times;
        }),
      );
    }
    for (const client of clients.values()) await client.close();
    clients.clear();
    figures.push(
      await compare("start to initialized", "ms", STDIO_VARIANTS, STARTS, async (variant) => {
        const start = performance.now();
        const client = await connect(variant);
        const time = performance.now() - start;
        await client.close();
        return [time];
      }),
    );
  } finally {
    for (const client of clients.values()) await client.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
  return figures;
}
