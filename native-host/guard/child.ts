/** Starts the guarded server: first thing in a guard's life, so that its start-up and ours overlap. */
import { spawn, type ChildProcess } from "node:child_process";
import { commandName } from "../../shared/mcp/identity.ts";
import type { Readable, Writable } from "node:stream";

export interface GuardedChild {
  readonly process: ChildProcess;
  readonly stdin: Writable;
  readonly stdout: Readable;
}

/** Spawns `command` with its own standard error passed through untouched. Never through a shell, except for Windows command shims, which cannot start otherwise. */
export function startChild(command: string, args: readonly string[], env: NodeJS.ProcessEnv): GuardedChild {
  const launch = process.platform === "win32" ? windowsLaunch(command, args, env) : { file: command, args, verbatim: false };
  const child = spawn(launch.file, [...launch.args], { stdio: ["pipe", "pipe", "inherit"], env, windowsHide: true, windowsVerbatimArguments: launch.verbatim });
  return { process: child, stdin: child.stdin, stdout: child.stdout };
}

interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly verbatim: boolean;
}

const SHIM = /\.(cmd|bat)$/i;
/** Package runners are shims on Windows: `npx` is `npx.cmd`, which `CreateProcess` cannot start. */
const RUNNERS = new Set(["npx", "npm", "pnpm", "yarn", "bunx", "pnpx"]);

/** Exported for its test: Windows cannot be run here. */
export function windowsLaunch(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Launch {
  const isShim = SHIM.test(command) || (RUNNERS.has(commandName(command).toLowerCase()) && !/\.exe$/i.test(command));
  if (!isShim) return { file: command, args, verbatim: false };
  // cmd.exe reads the line twice (once for itself, once for the shim's own `%*`): quote as CreateProcess wants, then escape what cmd would act on, twice.
  const line = [command, ...args].map((word, i) => (i === 0 ? escapeForCmd(quote(word)) : escapeForCmd(escapeForCmd(quote(word))))).join(" ");
  return { file: env["ComSpec"] ?? "cmd.exe", args: ["/d", "/s", "/c", `"${line}"`], verbatim: true };
}

/** Quoting rules of CommandLineToArgvW: backslashes count only before a quote. */
function quote(word: string): string {
  return `"${word.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\*)$/, "$1$1")}"`;
}

function escapeForCmd(text: string): string {
  return text.replace(/[()%!^"<>&|;, ]/g, "^$&");
}
