/** Starts the guarded server: first thing in a guard's life, so that its start-up and ours overlap. */
import { spawn, type ChildProcess } from "node:child_process";
import process from "node:process";
import type { Readable, Writable } from "node:stream";
import { windowsLaunch } from "./windows-launch.ts";

export interface GuardedChild {
  readonly process: ChildProcess;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** To be called once somebody listens to `stdout`. */
  listening(): void;
}

/** Spawns `command` with its own standard error passed through untouched. Never through a shell, except for Windows command files, which cannot start otherwise. */
export function startChild(command: string, args: readonly string[], env: NodeJS.ProcessEnv): GuardedChild {
  const launch = process.platform === "win32" ? windowsLaunch(command, args, env) : { file: command, args, verbatim: false };
  const child = spawn(launch.file, [...launch.args], { stdio: ["pipe", "pipe", "inherit"], env, windowsHide: true, windowsVerbatimArguments: launch.verbatim });
  // A server that is gone shows as its exit; what happens to its pipes on the way is no news.
  child.stdin.on("error", () => {});
  child.stdout.on("error", () => {});
  // Node throws away what nobody has read when a child ends; with a listener of this kind it waits. A server may say its only word before we have loaded.
  const keep = (): void => {};
  child.stdout.on("readable", keep);
  return { process: child, stdin: child.stdin, stdout: child.stdout, listening: () => void child.stdout.off("readable", keep) };
}
