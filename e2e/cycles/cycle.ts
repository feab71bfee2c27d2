/** One cycle: a guard starts around a server, something ends it at some moment, and nothing may be left. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { ROOT } from "../places.ts";
import { kill, MARK, marked } from "./processes.ts";

export const MANNERS = ["well-behaved", "deaf", "stubborn", "exits", "chatty", "wrapped"] as const;
export const ENDS = ["client closes", "client killed", "server killed", "guard told to end", "guard killed"] as const;
export type Manner = (typeof MANNERS)[number];
export type End = (typeof ENDS)[number];

export interface Plan {
  readonly number: number;
  readonly manner: Manner;
  readonly end: End;
  /** Wait for an answer first; otherwise the end comes so soon that nothing may be up yet. */
  readonly afterReply: boolean;
  readonly delayMs: number;
  /** Of a server that exits by itself. */
  readonly exit: { readonly code: number; readonly afterMs: number };
}

export interface CycleResult {
  /** Processes that were still there. */
  readonly orphans: number;
  /** What did not end, or did not come, in time. Null: nothing. */
  readonly hang: string | null;
  readonly ms: number;
}

/** Far beyond all patience of a guard (4.5 s), on a machine that is busy with other things. */
const HANG_MS = 30_000;
/** For a server whose guard was killed to notice that its input has ended. */
const ORPHAN_MS = 10_000;

const SERVER = join(ROOT, "e2e/cycles/server.mjs");
const CLIENT = join(ROOT, "e2e/cycles/client.mjs");

/** Draws a cycle. @param random numbers in [0, 1). */
export function planCycle(number: number, random: () => number): Plan {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const end = pick(ENDS);
  const drawn = pick(MANNERS);
  // A server that heeds neither the end of its input nor a signal outlives a killed guard, as it would a killed client: there is nobody left who could end it.
  const manner = drawn === "stubborn" && end === "guard killed" ? "deaf" : drawn;
  return { number, manner, end, afterReply: random() < 0.5, delayMs: Math.floor(random() * 120), exit: { code: pick([0, 1, 3]), afterMs: Math.floor(random() * 100) } };
}

/** @param home SLUICE_HOME of all cycles. @param folder holds the built host, and what processes write down. */
export async function runCycle(plan: Plan, home: string, folder: string): Promise<CycleResult> {
  const began = performance.now();
  const mark = `${String(process.pid)}-${String(plan.number)}`;
  const pids = join(folder, `pids-${String(plan.number)}`);
  const env = { PATH: process.env["PATH"], HOME: folder, SLUICE_HOME: home, PIDS: pids, [MARK]: mark };
  const guard = [process.execPath, join(folder, "host/sluice.mjs"), "guard", "--", ...serverCommand(plan)];
  const [command = "", ...args] = plan.end === "client killed" ? [process.execPath, CLIENT, ...guard] : guard;
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "ignore"], env });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const replied = new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
  child.stdout.resume();
  child.stdin.on("error", () => undefined);
  if (plan.end !== "client killed") talk(child);

  const told = (): number[] => (existsSync(pids) ? readFileSync(pids, "utf8").split("\n").filter(Boolean).map(Number) : []);
  let hang: string | null = null;
  if (plan.afterReply && !(await within(HANG_MS, Promise.race([replied, ended])))) hang = "no reply";
  await sleep(plan.delayMs);
  switch (plan.end) {
    case "client closes":
      child.stdin.end();
      break;
    case "client killed":
    case "guard killed":
      child.kill("SIGKILL");
      break;
    case "guard told to end":
      child.kill("SIGTERM");
      break;
    case "server killed": {
      // The server's own number is the last one: a wrapper writes its own first.
      const server = (): number | undefined => told()[plan.manner === "wrapped" ? 1 : 0];
      await until(HANG_MS, () => server() !== undefined || child.exitCode !== null);
      const pid = server();
      if (pid !== undefined) kill(pid, "SIGKILL");
      break;
    }
  }
  if (!(await within(HANG_MS, ended))) hang ??= "the guard did not end";
  // Behind a killed client the guard takes the patience that its server needs.
  const patience = plan.end === "client killed" ? HANG_MS : ORPHAN_MS;
  const none = await until(patience, () => marked(mark, told()).length === 0);
  const left = none ? [] : marked(mark, told());
  for (const pid of left) kill(pid, "SIGKILL");
  return { orphans: left.length, hang, ms: performance.now() - began };
}

function serverCommand({ manner, exit }: Plan): string[] {
  const own = [process.execPath, SERVER, manner, String(exit.code), String(exit.afterMs)];
  // As `npx` and start scripts do: the real server is a grandchild.
  return manner === "wrapped" && process.platform !== "win32" ? ["/bin/sh", "-c", 'echo $$ >> "$PIDS"; "$@"; exit $?', "sh", ...own] : own;
}

function talk({ stdin }: ChildProcess): void {
  for (let id = 1; id <= 5; id++) stdin?.write(`${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "any", arguments: {} } })}\n`);
}

async function within(ms: number, what: Promise<unknown>): Promise<boolean> {
  const stop = new AbortController();
  const late = sleep(ms, false, { signal: stop.signal }).catch(() => false);
  const inTime = await Promise.race([what.then(() => true), late]);
  stop.abort();
  return inTime;
}

async function until(ms: number, check: () => boolean): Promise<boolean> {
  const end = performance.now() + ms;
  while (!check()) {
    if (performance.now() > end) return false;
    await sleep(10);
  }
  return true;
}
