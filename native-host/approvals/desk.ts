/** The guard's side of a question: puts it where a person finds it, waits for the first answer, and runs the clock. */
import { watch, type FSWatcher } from "node:fs";
import type { Answer, Ask } from "../../shared/gate/ask.ts";
import type { Input } from "../../shared/gate/session.ts";
import type { Spool } from "./spool.ts";

export interface Desk {
  /** Resolves with what to tell the session: an answer, or that nobody has answered in time. Never rejects; undefined: the question was taken back. */
  ask(ask: Ask): Promise<Extract<Input, { kind: "answer" | "expire" }> | undefined>;
  /** Whoever asked no longer waits. */
  withdraw(ticket: string): void;
  close(): void;
}

/** Notices of the folder are quick where they come; looking is for where they do not. */
const LOOK_MS = 250;

/** @param trouble told once in words where questions cannot be put. */
export function openDesk(spool: Spool, trouble: (text: string) => void, now: () => number = Date.now): Desk {
  const open = new Map<string, { readonly ask: Ask; readonly settle: (answer: Answer | null | undefined) => void }>();
  let watcher: FSWatcher | null = null;
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    for (const { ask, settle } of open.values()) {
      const answer = spool.answerTo(ask);
      if (answer) settle(answer);
      else if (now() >= ask.until) settle(null);
    }
  }

  function begin(): void {
    timer ??= setInterval(look, LOOK_MS);
    try {
      watcher ??= watch(spool.dir, { persistent: false }, look).on("error", rest);
    } catch {
      // Looking will do.
    }
  }

  function rest(): void {
    watcher?.close();
    watcher = null;
    clearInterval(timer);
    timer = undefined;
    if (open.size > 0) timer = setInterval(look, LOOK_MS);
  }

  return {
    ask(ask) {
      try {
        spool.put(ask);
      } catch (error) {
        trouble(`a question for you could not be put into ${spool.dir} (${(error as NodeJS.ErrnoException).code ?? "error"}), so what needs an answer is refused`);
        return Promise.resolve({ kind: "expire", ticket: ask.ticket });
      }
      return new Promise((resolve) => {
        open.set(ask.ticket, {
          ask,
          settle(answer) {
            open.delete(ask.ticket);
            spool.end(ask.ticket);
            if (open.size === 0) rest();
            resolve(answer ? { kind: "answer", ticket: ask.ticket, answer } : answer === null ? { kind: "expire", ticket: ask.ticket } : undefined);
          },
        });
        begin();
      });
    },
    withdraw(ticket) {
      open.get(ticket)?.settle(undefined);
    },
    close() {
      for (const { settle } of open.values()) settle(undefined);
      rest();
    },
  };
}
