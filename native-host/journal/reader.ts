/** Reads all segments of a journal, merged by id. What it cannot use is counted, never passed on and never fatal. */
import { readFile } from "node:fs/promises";
import { isEventRecord, isFromNewerBuild } from "../../shared/events/guard.ts";
import type { EventKind, EventRecord } from "../../shared/events/record.ts";
import { dayOf, listSegments, splitLines, unchain } from "./segment.ts";

export interface JournalFilter {
  /** Unix milliseconds. */
  readonly since?: number;
  readonly kinds?: readonly EventKind[];
}

export interface Survey {
  /** In order of id; a record that was delivered twice stands once. */
  readonly records: EventRecord[];
  readonly segments: number;
  /** Segments whose last line a crash cut short. */
  readonly torn: number;
  /** Lines that are no valid record. */
  readonly refused: number;
  /** Records of a newer build, which this one does not understand. */
  readonly newer: number;
}

export type Line = EventRecord | "refused" | "newer";

/** One journal line at the border. */
export function parseLine(line: string): Line {
  try {
    const value = unchain(JSON.parse(line));
    if (isEventRecord(value)) return value;
    return isFromNewerBuild(value) ? "newer" : "refused";
  } catch {
    return "refused";
  }
}

export async function readJournal(dir: string, filter: JournalFilter = {}): Promise<EventRecord[]> {
  return (await surveyJournal(dir, filter)).records;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Like {@link readJournal}, and says what was left out. */
export async function surveyJournal(dir: string, filter: JournalFilter = {}): Promise<Survey> {
  const { since = 0, kinds } = filter;
  const wanted = kinds && new Set<EventKind>(kinds);
  const byId = new Map<string, EventRecord>();
  let segments = 0, torn = 0, refused = 0, newer = 0;
  // A record is written after it happened, so older folders hold only older records; one day of slack for clocks that were set.
  for (const { file } of listSegments(dir, since > DAY_MS ? dayOf(since - DAY_MS) : "")) {
    const content = splitLines(await readFile(file, "utf8"));
    segments++;
    if (content.torn) torn++;
    for (const text of content.lines) {
      const line = parseLine(text);
      if (line === "refused") refused++;
      else if (line === "newer") newer++;
      else if (line.time >= since && (!wanted || wanted.has(line.kind)) && !byId.has(line.id)) byId.set(line.id, line);
    }
  }
  const records = [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return { records, segments, torn, refused, newer };
}
