/** Appends records to this process's own journal segment. Never throws at whoever records: enforcement goes on when the disk is full, and what is lost is counted and said. */
import { randomBytes } from "node:crypto";
import { closeSync, fdatasync, fdatasyncSync, fstatSync, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { isEventRecord } from "../../shared/events/guard.ts";
import type { EventRecord, Recorder, Unstamped } from "../../shared/events/record.ts";
import { onProcessEnd } from "./exit-flush.ts";
import { chainLine, chainStart, dayOf, segmentName, type ChainHead } from "./segment.ts";
import { createSerializer } from "./serialize.ts";
import { createStamp } from "./stamp.ts";

export interface JournalWriter {
  /** Stamps a record (id, time, writer) and stores it. */
  append(record: Unstamped): EventRecord;
  /** Queues records that carry their stamp already; a block is written before this returns. */
  store(records: readonly EventRecord[]): void;
  /** Asks for records that are not made yet, when it next writes. @param make called once; what it gives carries its stamp. */
  expect(make: () => readonly EventRecord[]): void;
  /** Resolves true when all that was queued is on the disk, false when it could not be written (it stays queued). Never rejects. */
  flush(): Promise<boolean>;
  close(): Promise<void>;
}

export interface JournalOptions {
  readonly now?: () => number;
  /** Longest time a record waits in memory. */
  readonly bufferMs?: number;
  /** A segment is closed and a new one begun above this size. */
  readonly segmentBytes?: number;
  /** What may wait while the disk refuses; records beyond it are counted and dropped. */
  readonly queueChars?: number;
}

interface Segment {
  readonly fd: number;
  readonly day: string;
  bytes: number;
  head: ChainHead;
}

const RETRY_MS = 1000;
/** Records that wait for their check; a burst beyond it is checked at once, so that the bound in characters holds. */
const MAX_WAITING = 1000;
const LINE_END = 10;
const DISK_FULL = new Set(["ENOSPC", "EDQUOT"]);

/** Opens a journal for one writer. Folder and file are made with the first record, readable by their owner only. */
export function openJournal(dir: string, by: Recorder, options: JournalOptions = {}): JournalWriter {
  const { now = Date.now, bufferMs = 50, segmentBytes = 16 * 1024 * 1024, queueChars = 8 * 1024 * 1024 } = options;
  const stamp = createStamp(by, now);
  const serialize = createSerializer();
  // Records wait as they are: a message is not held up by the check and the writing of its record.
  const waiting: EventRecord[] = [];
  const expected = new Set<() => readonly EventRecord[]>();
  const queue: string[] = [];
  let queued = 0;
  let lost: { count: number; since: number; why: string } | null = null;
  let lastError = "";
  let segment: Segment | null = null;
  let syncing = false;
  let timer: NodeJS.Timeout | undefined;
  const forget = onProcessEnd(writeQueue);

  function take(): void {
    for (const record of waiting) enqueue(record);
    waiting.length = 0;
    for (const make of expected) {
      expected.delete(make);
      for (const record of make()) enqueue(record);
    }
  }

  function enqueue(record: EventRecord): void {
    // No reader would take it: better a counted gap that shows than a line that nobody sees.
    if (!isEventRecord(record)) return lose(`a ${String((record as { kind?: unknown }).kind).slice(0, 40)} record was not valid or too long`);
    const json = serialize(record);
    if (queued + json.length > queueChars) return lose(lastError || "too many records at once");
    queue.push(json);
    queued += json.length;
  }

  function lose(why: string): void {
    lost ??= { count: 0, since: now(), why };
    lost.count++;
  }

  function schedule(ms: number): void {
    // Unreferenced: waiting records do not keep a finished process alive, its exit writes them.
    timer ??= setTimeout(() => {
      timer = undefined;
      writeQueue();
    }, ms).unref();
  }

  function begin(): Segment {
    const time = now();
    const day = dayOf(time);
    mkdirSync(join(dir, day), { recursive: true, mode: 0o700 });
    const file = join(dir, day, segmentName(time, process.pid, randomBytes(4).toString("hex")));
    return { fd: openSync(file, "ax", 0o600), day, bytes: 0, head: chainStart(file) };
  }

  function end(): void {
    if (!segment) return;
    try {
      fdatasyncSync(segment.fd);
      closeSync(segment.fd);
    } catch {
      // A file that fails here is not written to again either way.
    }
    segment = null;
  }

  /** The segment to write to now: a new one on a new day, when the old one is full, or when somebody deleted its file. */
  function current(): Segment {
    if (segment && (segment.day !== dayOf(now()) || segment.bytes >= segmentBytes || fstatSync(segment.fd).nlink === 0)) end();
    return (segment ??= begin());
  }

  /** Writes what waits. Returns false when something still waits afterwards. */
  function writeQueue(): boolean {
    take();
    if (lost && queued < queueChars / 2) {
      const { count, since, why } = lost;
      lost = null;
      const notice = serialize(stamp({ kind: "health", what: "records.lost", detail: `${count} records since ${new Date(since).toISOString()} could not be written: ${why}` }));
      queue.push(notice);
      queued += notice.length;
    }
    while (queue.length > 0) {
      try {
        writeSome(current());
      } catch (error) {
        lastError = (error as NodeJS.ErrnoException).code ?? "unknown error";
        // A full disk takes no other file either; with any other trouble (a size limit, a bad sector) a new one may do, as long as that gets us on.
        if (segment && segment.bytes > 0 && !DISK_FULL.has(lastError)) {
          end();
          continue;
        }
        schedule(RETRY_MS);
        return false;
      }
    }
    // The queue had been full: now there is room to say what did not fit.
    return lost ? writeQueue() : true;
  }

  /** A block should outlive a power cut as well; one sync at a time, and nobody waits for it. */
  function syncSoon(): void {
    if (syncing || !segment) return;
    syncing = true;
    fdatasync(segment.fd, () => (syncing = false));
  }

  /** Writes up to about a megabyte of whole lines; on failure cuts the torn one off again and keeps it queued. */
  function writeSome(to: Segment): void {
    const heads: ChainHead[] = [];
    let text = "";
    let head = to.head;
    for (const json of queue) {
      const { line, next } = chainLine(head, json);
      text += `${line}\n`;
      heads.push((head = next));
      if (text.length > 1024 * 1024) break;
    }
    const bytes = Buffer.from(text);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(to.fd, bytes, written);
    } finally {
      const whole = written === bytes.length ? written : bytes.subarray(0, written).lastIndexOf(LINE_END) + 1;
      const done = written === bytes.length ? heads.length : countLines(bytes.subarray(0, whole));
      for (const json of queue.splice(0, done)) queued -= json.length;
      if (done > 0) {
        to.bytes += whole;
        to.head = heads[done - 1]!;
      }
      if (written < bytes.length) repair(to, written > whole);
    }
  }

  /** After a failed write: this segment goes on only when its end is known to be clean. */
  function repair(broken: Segment, torn: boolean): void {
    if (!torn) return;
    try {
      ftruncateSync(broken.fd, broken.bytes);
    } catch {
      end();
    }
  }

  function store(records: readonly EventRecord[]): void {
    schedule(bufferMs);
    for (const record of records) waiting.push(record);
    if (waiting.length >= MAX_WAITING) take();
    if (records.some((record) => "decision" in record && record.decision?.enforced === "block") && writeQueue()) syncSoon();
  }

  async function flush(): Promise<boolean> {
    if (!writeQueue()) return false;
    const { fd } = segment ?? {};
    if (fd === undefined) return true;
    // EINVAL: the file system cannot sync. EBADF: the segment ended meanwhile, which synced it.
    return new Promise((resolve) => fdatasync(fd, (error) => resolve(!error || error.code === "EBADF" || error.code === "EINVAL")));
  }

  return {
    append(record) {
      const stamped = stamp(record);
      store([stamped]);
      return stamped;
    },
    store,
    expect(make) {
      expected.add(make);
      schedule(bufferMs);
    },
    flush,
    async close() {
      await flush();
      clearTimeout(timer);
      forget();
      end();
    },
  };
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (const byte of bytes) if (byte === LINE_END) lines++;
  return lines;
}
