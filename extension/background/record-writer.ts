/** Takes records from the relays and answers only once they are on disk. A relay that gets no answer sends again, so a worker may die at any moment without losing one. */
import { isEventRecord } from "../../shared/events/guard.ts";
import type { EventRecord } from "../../shared/events/record.ts";

export const BATCH_MS = 250;
export const BATCH_RECORDS = 100;
/** More in one message is no relay of ours. */
export const MOST_IN_ONE = 5_000;

export interface WriterDoors {
  store(records: readonly EventRecord[]): Promise<void>;
  after(ms: number, run: () => void): () => void;
  /** So many records did not hold up at the border. */
  onRefused(count: number): void;
}

export interface Receipt {
  /** True: stored, forget them. False: keep them and send again. */
  readonly ok: boolean;
}

export interface RecordWriter {
  /** What a relay reported; nothing of it is trusted yet. */
  receive(records: unknown): Promise<Receipt>;
  /** Our own records. */
  write(records: readonly EventRecord[]): Promise<void>;
}

/** What a relay may speak of: the traffic of its page with remote servers. No page process can make up what policy is in force, how Sluice itself fares, or what desktop clients do on this machine. */
const RELAY_KINDS: ReadonlySet<EventRecord["kind"]> = new Set(["session.started", "session.ended", "initialized", "tools.listed", "prompts.listed", "resources.listed", "request", "response", "notification", "approval.requested", "approval.answered", "malformed"]);

function isOfRelay(record: unknown): record is EventRecord {
  return isEventRecord(record) && record.by === "extension" && RELAY_KINDS.has(record.kind) && "point" in record && record.point === "page" && record.server.kind === "remote" && record.client.id.startsWith("app:");
}

export function createRecordWriter(doors: WriterDoors): RecordWriter {
  let waiting: EventRecord[] = [];
  let waiters: { resolve(): void; reject(error: unknown): void }[] = [];
  let cancel: (() => void) | null = null;
  let writing: Promise<void> = Promise.resolve();

  function write(records: readonly EventRecord[]): Promise<void> {
    if (!records.length) return Promise.resolve();
    waiting.push(...records);
    const done = new Promise<void>((resolve, reject) => void waiters.push({ resolve, reject }));
    if (waiting.length >= BATCH_RECORDS) flush();
    else cancel ??= doors.after(BATCH_MS, flush);
    return done;
  }

  function flush(): void {
    cancel?.();
    cancel = null;
    const batch = waiting;
    const told = waiters;
    waiting = [];
    waiters = [];
    // In order, one batch after the other; a batch that failed does not stop the next.
    writing = writing.then(async () => {
      try {
        await doors.store(batch);
        for (const waiter of told) waiter.resolve();
      } catch (error) {
        for (const waiter of told) waiter.reject(error);
      }
    });
  }

  return {
    write,
    async receive(given) {
      if (!Array.isArray(given) || given.length > MOST_IN_ONE) {
        doors.onRefused(1);
        return { ok: true };
      }
      const records = given.filter(isOfRelay);
      // A broken record stays broken however often it comes: it is counted and not asked for again.
      if (records.length < given.length) doors.onRefused(given.length - records.length);
      try {
        await write(records);
        return { ok: true };
      } catch {
        return { ok: false };
      }
    },
  };
}
