/** Records on their way to the background: kept until it says "stored", because a worker may die between the two. */
import browser from "webextension-polyfill";
import type { EventRecord } from "../../shared/events/record.ts";
import type { ToBackground } from "../../shared/messages/extension.ts";

export interface Outbox {
  add(record: EventRecord): void;
  /** The page goes away: send now what there is. */
  flush(): void;
}

const DELAY_MS = 100;
const BATCH = 100;
const MAX_WAITING = 5000;
const MAX_RETRY_MS = 30_000;

export function openOutbox(): Outbox {
  const waiting: EventRecord[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sending = false;
  let retryMs = DELAY_MS;

  function schedule(ms: number): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void send();
    }, ms);
  }

  async function send(): Promise<void> {
    if (sending || !waiting.length) return;
    sending = true;
    const batch = waiting.slice(0, BATCH);
    try {
      const answer: unknown = await browser.runtime.sendMessage({ kind: "records", records: batch } satisfies ToBackground);
      if (typeof answer !== "object" || answer === null || (answer as { ok?: unknown }).ok !== true) throw new Error("not stored");
      const stored = new Set(batch.map((record) => record.id));
      for (let i = waiting.length - 1; i >= 0; i--) if (stored.has(waiting[i]!.id)) waiting.splice(i, 1);
      retryMs = DELAY_MS;
    } catch {
      retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
    }
    sending = false;
    if (waiting.length) schedule(retryMs);
  }

  return {
    add(record) {
      waiting.push(record);
      // Without a background for a very long time the oldest go; the background counts gaps by sequence of the channel.
      if (waiting.length > MAX_WAITING) waiting.shift();
      if (waiting.length >= BATCH) void send();
      else schedule(DELAY_MS);
    },
    flush() {
      // All of it, whatever is under way: there is no later. What arrives twice is stored once, by its id.
      for (let at = 0; at < waiting.length; at += BATCH) void browser.runtime.sendMessage({ kind: "records", records: waiting.slice(at, at + BATCH) } satisfies ToBackground).catch(() => undefined);
    },
  };
}
