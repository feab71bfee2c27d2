/** A guard as a desktop client starts it, with a home of its own, for tests. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { EventRecord } from "../../shared/events/record.ts";
import { readJournal } from "../journal/reader.ts";

export const MAIN = fileURLToPath(new URL("../cli/main.ts", import.meta.url));
export const SERVER = fileURLToPath(new URL("server.fixture.ts", import.meta.url));

export interface Reply {
  readonly id?: unknown;
  readonly result?: { readonly content?: readonly { readonly text?: string }[]; readonly isError?: boolean };
  readonly error?: { readonly code: number; readonly message: string };
  readonly [key: string]: unknown;
}

export interface Guarded {
  readonly process: ChildProcess;
  /** All that the client has received. */
  output(): Buffer;
  errors(): string;
  send(message: unknown): void;
  /** Sends a `tools/call` and waits for its answer. */
  call(name: string, args?: Record<string, unknown>): Promise<Reply>;
  /** The message with this id, once it is there. */
  reply(id: unknown): Promise<Reply>;
  /** Exit code or signal. */
  readonly ended: Promise<number | NodeJS.Signals>;
  end(): Promise<number | NodeJS.Signals>;
}

export interface Place {
  readonly home: string;
  readonly report: string;
  /** Starts a guard. Default: around the fixture server with these flags. */
  guard(flags?: readonly string[], options?: { command?: readonly string[]; guardOptions?: readonly string[]; env?: Record<string, string>; paused?: boolean }): Guarded;
  policy(text: string): void;
  journal(): Promise<EventRecord[]>;
  /** Lines of the server's report. */
  reported(): string[];
  serverPid(): Promise<number>;
  /** Ends what a test left running. */
  leave(): Promise<void>;
}

export const POLICY = (rules = "[]", revision = 1): string => `version: 1\nid: test\ntitle: Test\nrevision: ${revision}\nmode: enforce\nadmission:\n  default: allow\n  servers: []\nrules: ${rules}\n`;
export const NO_TOOL = (name: string): string => `[{ id: no-${name}, title: Not this one, when: { tool: ${name} }, effect: block, message: Not here. }]`;

export function makePlace(): Place {
  const root = mkdtempSync(join(tmpdir(), "sluice-guard-"));
  const home = join(root, "home");
  const report = join(root, "report");
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, "policy.yaml"), POLICY(), { mode: 0o600 });
  const started: Guarded[] = [];
  const reported = (): string[] => (existsSync(report) ? readFileSync(report, "utf8").trim().split("\n") : []);

  return {
    home,
    report,
    guard(flags = [], { command = [process.execPath, SERVER, ...flags], guardOptions = [], env = {}, paused = false } = {}) {
      const child = spawn(process.execPath, [MAIN, "guard", ...guardOptions, "--", ...command], { stdio: ["pipe", "pipe", "pipe"], env: { PATH: process.env["PATH"], HOME: root, SLUICE_HOME: home, REPORT: report, ...env } });
      const guarded = clientOf(child, paused);
      started.push(guarded);
      return guarded;
    },
    policy: (text) => writeFileSync(join(home, "policy.yaml"), text, { mode: 0o600 }),
    journal: () => readJournal(join(home, "journal")),
    reported,
    serverPid: async () => Number((await eventually("the server reports its pid", () => reported().find((line) => line.startsWith("pid ")))).slice(4)),
    async leave() {
      for (const { process: child } of started) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      for (const line of reported()) {
        const pid = Number(/^pid (\d+)$/.exec(line)?.[1]);
        if (pid && isAlive(pid)) process.kill(pid, "SIGKILL");
      }
      for (const { ended } of started) await ended;
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function clientOf(child: ChildProcess, paused: boolean): Guarded {
  const received: Buffer[] = [];
  let errors = "";
  let nextId = 1;
  if (!paused) child.stdout!.on("data", (chunk: Buffer) => void received.push(chunk));
  child.stderr!.on("data", (chunk: Buffer) => void (errors += chunk.toString("utf8")));
  child.stdin!.on("error", () => {});
  // "close", not "exit": everything that was written has been read by then.
  const ended = new Promise<number | NodeJS.Signals>((resolve) => child.once("close", (code, signal) => resolve(code ?? signal ?? -1)));
  const output = (): Buffer => Buffer.concat(received);

  async function reply(id: unknown): Promise<Reply> {
    let seen = 0;
    let found: Reply | undefined;
    await eventually(`an answer to ${String(id)} (standard error: ${errors})`, () => {
      if (received.length === seen) return false;
      seen = received.length;
      found = output().toString("utf8").split("\n").slice(0, -1).map(parse).find((each) => each?.id === id);
      return found;
    });
    return found!;
  }

  return {
    process: child,
    output,
    errors: () => errors,
    send: (message) => void child.stdin!.write(typeof message === "string" ? message : `${JSON.stringify(message)}\n`),
    call(name, args = {}) {
      const id = `call-${nextId++}`;
      child.stdin!.write(`${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } })}\n`);
      return reply(id);
    },
    reply,
    ended,
    end() {
      child.stdin!.end();
      return ended;
    },
  };
}

function parse(line: string): Reply | undefined {
  try {
    return JSON.parse(line) as Reply;
  } catch {
    return undefined;
  }
}

/** Asks until there is an answer; only a hang fails. */
export async function eventually<T>(what: string, check: () => T | Promise<T>, patienceMs = 20_000): Promise<NonNullable<T>> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await sleep(20);
  }
}

/** A process that has ended and was not collected yet (in a container nobody may ever do so) has ended. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}
