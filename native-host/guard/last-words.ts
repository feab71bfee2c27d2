/** Waits for what a server that has ended still had to say. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Flow } from "./pump.ts";

/** A server that has ended may leave its output in the hands of something it started: after this long without a byte nobody waits for more. */
const SILENCE_MS = 500;

/** Resolves when all was handed on, or when nothing came for a while and nobody is behind with reading. */
export async function lastWords(flow: Flow, silenceMs: number = SILENCE_MS): Promise<void> {
  const over = new AbortController();
  const done = flow.done.then(() => over.abort());
  for (let before = -1; !over.signal.aborted && (flow.waits() || flow.taken() !== before); ) {
    before = flow.taken();
    // A timer that is left running would keep the guard alive after its server.
    await Promise.race([done, sleep(silenceMs, undefined, { signal: over.signal }).catch(() => undefined)]);
  }
}
