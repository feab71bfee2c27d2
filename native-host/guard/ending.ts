/** How a guarded server ends: by itself, because the client closed, because the policy refuses it, or because somebody sent a signal. No orphan stays. */
import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import type { Writable } from "node:stream";
import { endFamily, familyOf, type Member } from "./family.ts";

export interface End {
  /** For the journal. */
  readonly reason: string;
  /** Exit code a shell would see: 128 + signal number after a signal. */
  readonly code: number;
}

export interface Ending {
  readonly ended: Promise<End>;
  /** The client has closed its side: pass that on, let the server finish, insist once it is silent. */
  inputClosed(stdin: Writable): void;
  /** The client no longer reads: nothing the server says can reach anybody. */
  clientGone(stdin: Writable): void;
  /** The policy refuses the server: it is told at once, whatever it is at. */
  refused(stdin: Writable): void;
  /** The server still talks. */
  heard(): void;
  /** Takes the signal handlers away: what comes now ends the guard itself. */
  release(): void;
}

export interface Patience {
  /** Silence of a server whose input is closed, before it is told to end. */
  readonly silenceMs: number;
  /** Between telling and killing. Shorter than the two seconds after which SDK clients kill us: whoever kills the guard must find the server gone. */
  readonly graceMs: number;
}

const PATIENCE: Patience = { silenceMs: 3000, graceMs: 1500 };

/** Ctrl-C is passed on and nothing more: a server may live on after it, as it would without us. */
const MEANS_END: Readonly<Record<"SIGINT" | "SIGTERM" | "SIGHUP", boolean>> = { SIGINT: false, SIGTERM: true, SIGHUP: true };

/** Watches a child from its start. Must be called in the tick that spawned it. */
export function watchEnd(child: ChildProcess, patience: Patience = PATIENCE): Ending {
  let timer: NodeJS.Timeout | undefined;
  let why = "";
  let stage: "running" | "silence" | "grace" | "over" = "running";
  let family: readonly Member[] = [];

  const ended = new Promise<End>((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      // Also emitted when a signal could not be sent: then it still runs.
      if (child.pid !== undefined) return;
      stage = "over";
      process.stderr.write(`sluice: ${startFailure(error)}\n`);
      resolve({ reason: `server could not start (${error.code ?? "error"})`, code: error.code === "ENOENT" ? 127 : 126 });
    });
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      const insisted = stage !== "running";
      stage = "over";
      const how = signal ? `server ended by ${signal}` : `server exited with code ${code ?? 0}`;
      const end: End = { reason: why ? `${why}; ${how}` : how, code: signal ? 128 + constants.signals[signal] : (code ?? 0) };
      // A wrapper (`npx`) may go and leave the server that it started.
      if (insisted && family.length > 0) void endFamily(family, patience.graceMs).then(() => resolve(end));
      else resolve(end);
    });
  });

  function waitForSilence(): void {
    clearTimeout(timer);
    stage = "silence";
    timer = setTimeout(terminate, patience.silenceMs);
  }

  function terminate(): void {
    family = child.pid === undefined ? [] : familyOf(child.pid);
    child.kill("SIGTERM");
    grace();
  }

  function grace(): void {
    clearTimeout(timer);
    stage = "grace";
    timer = setTimeout(() => child.kill("SIGKILL"), patience.graceMs);
  }

  const handlers = Object.entries(MEANS_END).map(([name, meansEnd]) => {
    const signal = name as NodeJS.Signals;
    const handler = (): void => {
      why ||= `client sent ${signal}`;
      if (meansEnd && child.pid !== undefined && family.length === 0) family = familyOf(child.pid);
      child.kill(signal);
      if (meansEnd && stage !== "over") grace();
    };
    process.on(signal, handler);
    return { signal, handler };
  });
  /** Whatever ends us, an error of our own included, ends the server. */
  const atExit = (): void => void (stage !== "over" && child.kill("SIGTERM"));
  process.on("exit", atExit);

  return {
    ended,
    inputClosed(stdin) {
      why ||= "client closed";
      stdin.end();
      if (stage === "running") waitForSilence();
    },
    clientGone(stdin) {
      why ||= "client stopped reading";
      stdin.end();
      // Its input is closed: a server that heeds this gets the grace to do so before it is told.
      if (stage !== "running" && stage !== "silence") return;
      clearTimeout(timer);
      stage = "grace";
      timer = setTimeout(terminate, patience.graceMs);
    },
    refused(stdin) {
      why ||= "policy refuses this server";
      stdin.end();
      if (stage === "running" || stage === "silence") terminate();
    },
    heard() {
      if (stage === "silence") timer?.refresh();
    },
    release() {
      for (const { signal, handler } of handlers) process.off(signal, handler);
      process.off("exit", atExit);
    },
  };
}

/** One line for the person: the message of a system error names the command, and an argument never. */
export function startFailure(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "ENOENT":
      return "the server's command was not found; check its spelling and the PATH";
    case "EACCES":
      return "the server's command may not be run; check the permissions of its file";
    default:
      return `the server could not be started (${error.code ?? error.message})`;
  }
}
