/** How a guarded server ends: by itself, because the client closed, or because somebody sent a signal. No orphan stays. */
import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import type { Writable } from "node:stream";

export interface End {
  /** For the journal. */
  readonly reason: string;
  /** Exit code a shell would see: 128 + signal number after a signal. */
  readonly code: number;
}

export interface Ending {
  readonly ended: Promise<End>;
  /** The client has closed its side: pass that on, then wait, then insist. */
  inputClosed(stdin: Writable): void;
  /** The client no longer reads. */
  clientGone(stdin: Writable): void;
}

/** MCP 2025-11-25, "Shutdown": close stdin, wait, SIGTERM, then SIGKILL. Servers get this long for each step. */
const GRACE_MS = 2000;
const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export function endWith(child: ChildProcess): Ending {
  let timer: NodeJS.Timeout | undefined;
  let reason = "";

  const ended = new Promise<End>((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      process.stderr.write(`sluice: cannot start the server: ${error.code === "ENOENT" ? "the command was not found. Check its spelling and PATH." : error.message}\n`);
      clearTimeout(timer);
      resolve({ reason: `server could not start (${error.code ?? "error"})`, code: error.code === "ENOENT" ? 127 : 126 });
    });
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      const how = signal ? `server ended by ${signal}` : `server exited with code ${code ?? 0}`;
      resolve({ reason: reason ? `${reason}; ${how}` : how, code: signal ? 128 + constants.signals[signal] : (code ?? 0) });
    });
  });

  function insist(): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      child.kill("SIGTERM");
      timer = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
    }, GRACE_MS);
  }

  for (const signal of FORWARDED) {
    process.on(signal, () => {
      reason ||= `client sent ${signal}`;
      child.kill(signal);
      insist();
    });
  }

  const close = (why: string) => (stdin: Writable) => {
    reason ||= why;
    stdin.end();
    insist();
  };
  return { ended, inputClosed: close("client closed"), clientGone: close("client stopped reading") };
}
