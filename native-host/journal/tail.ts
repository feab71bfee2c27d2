/** Follows a journal: hands on records as writers append them, from all segments, across new files and new days. */
import { closeSync, fstatSync, openSync, readSync, watch, type FSWatcher } from "node:fs";
import { join } from "node:path";
import type { EventRecord } from "../../shared/events/record.ts";
import { parseLine } from "./reader.ts";
import { dayOf, listDays, listSegments } from "./segment.ts";

export interface TailOptions {
  readonly now?: () => number;
  /** Looks this often even when the system reports nothing (network folders, lost watches). */
  readonly pollMs?: number;
}

const NEWLINE = 10;
const READ_BYTES = 256 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Delivers only records written after the call; a line that is not finished yet waits for its end. */
export function tailJournal(dir: string, onRecords: (records: EventRecord[]) => void, options: TailOptions = {}): { close(): void } {
  const { now = Date.now, pollMs = 500 } = options;
  /** Bytes of each segment that were delivered, always whole lines. */
  const offsets = new Map<string, number>();
  const watchers = new Map<string, FSWatcher>();
  let closed = false;
  let soon: NodeJS.Immediate | undefined;

  /** Writers close yesterday's segment with their first record of today, so older folders are at rest. */
  const fromDay = () => dayOf(now() - DAY_MS);

  function watchFolder(folder: string): void {
    if (watchers.has(folder)) return;
    try {
      const watcher = watch(folder, look);
      watcher.on("error", () => unwatch(folder));
      watchers.set(folder, watcher);
    } catch {
      // Not there yet, or no watches left: the poll finds it.
    }
  }

  function unwatch(folder: string): void {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  }

  /** Several reports of one change become one look. */
  function look(): void {
    soon ??= setImmediate(() => {
      soon = undefined;
      if (!closed) scan();
    });
  }

  function scan(): void {
    const from = fromDay();
    watchFolder(dir);
    const days = listDays(dir, from).map((day) => join(dir, day));
    for (const folder of days) watchFolder(folder);
    for (const folder of watchers.keys()) if (folder !== dir && !days.includes(folder)) unwatch(folder);

    const records: EventRecord[] = [];
    for (const { file } of listSegments(dir, from)) {
      for (const line of readNewLines(file)) {
        const record = parseLine(line);
        if (typeof record !== "string") records.push(record);
      }
    }
    for (const file of offsets.keys()) if (!days.some((folder) => file.startsWith(folder))) offsets.delete(file);
    if (records.length > 0) onRecords(records.sort((a, b) => (a.id < b.id ? -1 : 1)));
  }

  function readNewLines(file: string): string[] {
    const start = offsets.get(file) ?? 0;
    try {
      const fresh = readWhole(file, start);
      offsets.set(file, start + fresh.length);
      return fresh.length > 0 ? fresh.toString("utf8").trimEnd().split("\n") : [];
    } catch {
      return []; // removed between listing and reading
    }
  }

  // A segment that already exists starts after its last whole line.
  for (const { file } of listSegments(dir, fromDay())) {
    try {
      offsets.set(file, lastLineEnd(file));
    } catch {
      // removed meanwhile
    }
  }
  watchFolder(dir);
  for (const day of listDays(dir, fromDay())) watchFolder(join(dir, day));
  const poll = setInterval(look, pollMs);

  return {
    close() {
      closed = true;
      clearInterval(poll);
      clearImmediate(soon);
      for (const folder of watchers.keys()) unwatch(folder);
    },
  };
}

/** Offset after the last newline, found from the end. */
function lastLineEnd(file: string): number {
  const fd = openSync(file, "r");
  try {
    const chunk = Buffer.allocUnsafe(64 * 1024);
    for (let end = fstatSync(fd).size; end > 0; ) {
      const start = Math.max(0, end - chunk.length);
      const read = readSync(fd, chunk, 0, end - start, start);
      const at = chunk.subarray(0, read).lastIndexOf(NEWLINE);
      if (at >= 0) return start + at + 1;
      end = start;
    }
    return 0;
  } finally {
    closeSync(fd);
  }
}

/** Bytes from `start` to the end of the last whole line. */
function readWhole(file: string, start: number): Buffer {
  const fd = openSync(file, "r");
  try {
    const size = fstatSync(fd).size;
    if (size <= start) return Buffer.alloc(0);
    const chunks: Buffer[] = [];
    for (let at = start; at < size; ) {
      const chunk = Buffer.allocUnsafe(Math.min(READ_BYTES, size - at));
      const read = readSync(fd, chunk, 0, chunk.length, at);
      if (read === 0) break;
      chunks.push(chunk.subarray(0, read));
      at += read;
    }
    const bytes = Buffer.concat(chunks);
    return bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1);
  } finally {
    closeSync(fd);
  }
}
