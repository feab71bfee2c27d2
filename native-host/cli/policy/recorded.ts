/** The recorded past, record by record, without holding it: the journal's segments, or files of JSON lines that somebody exported. */
import { closeSync, openSync, readSync } from "node:fs";
import { userInfo } from "node:os";
import { basename } from "node:path";
import { isEventRecord } from "../../../shared/events/guard.ts";
import type { EventRecord } from "../../../shared/events/record.ts";
import { dayOf, listSegments } from "../../journal/segment.ts";
import type { Io } from "../command.ts";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";

/** One file, and whose it is. */
export interface RecordedFile {
  readonly file: string;
  /** The account whose journal it is, or the name of an exported file. */
  readonly person: string;
  /** Account name, where the journal is this person's own. */
  readonly user?: string;
}

export interface Read {
  records: number;
  /** Lines that are no valid record, of a newer build, or cut short. */
  unread: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const CHUNK = 4 * 1024 * 1024;
/** Far more than any record has. */
const LONGEST_LINE = 32 * 1024 * 1024;

/** A record is written after it happened, so older folders hold only older records; one day of slack for clocks that were set. */
export function journalFiles(journal: string, since: number): RecordedFile[] {
  const user = userName();
  return listSegments(journal, since > DAY_MS ? dayOf(since - DAY_MS) : "").map(({ file }) => ({ file, person: user ?? "you", ...(user !== undefined && { user }) }));
}

export function exportedFiles(files: readonly string[]): RecordedFile[] {
  return files.map((file) => ({ file, person: basename(file).replace(/\.(jsonl|ndjson|json)$/i, "") }));
}

/** Hands over every record since then, each once, in the order of its file. Says how far it is when it takes long and a person watches. */
export async function readRecorded(files: readonly RecordedFile[], since: number, io: Io, visit: (record: EventRecord, from: RecordedFile) => void): Promise<Read> {
  const read: Read = { records: 0, unread: 0 };
  const seen = new Set<string>();
  const progress = progressLine(io);
  for (const [at, from] of files.entries()) {
    readLines(from.file, (line) => {
      const record = recordIn(line);
      if (!record) read.unread++;
      else if (record.time >= since && !seen.has(record.id)) {
        seen.add(record.id);
        read.records++;
        visit(record, from);
      }
    });
    progress.say(`${read.records} records read, file ${at + 1} of ${files.length}`);
    // Between files, so that Ctrl-C is heard.
    await new Promise((resolve) => setImmediate(resolve));
  }
  progress.clear();
  return read;
}

/** The chain's two fields stay on it: a reader lets through small fields that it does not know, and taking them off a hundred thousand records takes time. */
function recordIn(line: string): EventRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isEventRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Every whole line. A last line without its end was torn by a crash, or is the last of an exported file: it is tried, too. */
export function readLines(file: string, visit: (line: string) => void): void {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new Failure(`${printable(file)} ${code === "ENOENT" ? "does not exist" : `cannot be read (${code ?? "unknown error"})`}`, { code: 2 });
  }
  try {
    const buffer = Buffer.allocUnsafe(CHUNK);
    let rest: Buffer<ArrayBufferLike> = Buffer.alloc(0);
    for (;;) {
      const length = readSync(fd, buffer, 0, CHUNK, null);
      if (length === 0) break;
      const chunk = buffer.subarray(0, length);
      const end = chunk.lastIndexOf(10);
      if (end < 0) {
        if (rest.length > LONGEST_LINE) throw new Failure(`${printable(file)} holds a line that is no record`, { code: 2, fix: 'records are lines of JSON, as "sluice events --json" writes them' });
        rest = Buffer.concat([rest, chunk]);
        continue;
      }
      const text = rest.length > 0 ? Buffer.concat([rest, chunk.subarray(0, end)]).toString("utf8") : chunk.toString("utf8", 0, end);
      rest = Buffer.from(chunk.subarray(end + 1));
      for (const line of text.split("\n")) if (line !== "") visit(line);
    }
    const last = rest.toString("utf8").trim();
    if (last !== "") visit(last);
  } finally {
    closeSync(fd);
  }
}

const PATIENCE_MS = 1000;

function progressLine(io: Io): { say(text: string): void; clear(): void } {
  const { stderr } = io;
  const watched = (stderr as { isTTY?: boolean }).isTTY === true;
  const started = performance.now();
  let shown = false;
  return {
    say(text) {
      if (!watched || performance.now() - started < PATIENCE_MS) return;
      shown = true;
      stderr.write(`\r\u001b[K${text}`);
    },
    clear() {
      if (shown) stderr.write("\r\u001b[K");
    },
  };
}

function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined; // an account without a name
  }
}
