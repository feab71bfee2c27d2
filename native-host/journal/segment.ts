/** A journal segment: JSON lines of one writer, chained so that a changed, removed or inserted line shows. Layout: `journal/<day>/<time>-<pid>-<random>.jsonl`. */
import { hash } from "node:crypto";
import { readdirSync, type Dirent } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";

/** UTC day of a moment, the name of its folder. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

export function segmentName(ms: number, pid: number, random: string): string {
  return `${new Date(ms).toISOString().slice(11, 23).replace(/\D/g, "")}-${pid}-${random}.jsonl`;
}

const DAY = /^\d{4}-\d\d-\d\d$/;
const SEGMENT = /^\d{9}-\d+-[0-9a-f]+\.jsonl$/;

export interface SegmentFile {
  readonly day: string;
  readonly file: string;
}

/** All segments from a day on, in order of day and start. A folder that vanishes meanwhile counts as empty. */
export function listSegments(dir: string, fromDay = ""): SegmentFile[] {
  const found: SegmentFile[] = [];
  for (const day of listDays(dir, fromDay)) {
    for (const entry of entriesOf(join(dir, day))) if (entry.isFile() && SEGMENT.test(entry.name)) found.push({ day, file: join(dir, day, entry.name) });
  }
  return found;
}

export function listDays(dir: string, fromDay = ""): string[] {
  return entriesOf(dir)
    .filter((entry) => entry.isDirectory() && DAY.test(entry.name) && entry.name >= fromDay)
    .map((entry) => entry.name);
}

function entriesOf(dir: string): Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** What the next line must name as `prev`. The first one names the file, so that a renamed or copied segment shows too. */
export interface ChainHead {
  readonly seq: number;
  readonly prev: string;
}

export function chainStart(file: string): ChainHead {
  return { seq: 0, prev: digest(basename(file)) };
}

/** @param open a record's JSON text as serialize.ts leaves it: every field with a comma behind it, and no closing brace. */
export function chainLine(head: ChainHead, open: string): { line: string; next: ChainHead } {
  const line = `${open}"seq":${head.seq},"prev":"${head.prev}"}`;
  return { line, next: { seq: head.seq + 1, prev: digest(line) } };
}

function digest(line: string): string {
  return hash("sha256", line, "hex");
}

/** Takes the chain's two fields off a parsed line; what remains is the record. */
export function unchain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { seq: _seq, prev: _prev, ...record } = value as Record<string, unknown>;
  return record;
}

/** Splits a segment's text. A last line without its end was torn by a crash and is not a line. */
export function splitLines(text: string): { lines: string[]; torn: boolean } {
  const lines = text.split("\n");
  return { torn: lines.pop() !== "", lines };
}

export type Verified =
  | { readonly ok: true; readonly lines: number; readonly torn: boolean }
  /** `line` counts from 1. */
  | { readonly ok: false; readonly line: number; readonly why: string };

/**
 * Checks a segment's chain. It shows changed, removed, inserted and swapped lines and a foreign segment.
 * It cannot show lines cut off at the end, nor a chain that somebody computed anew: for that the head must be signed or kept elsewhere.
 */
export async function verifySegment(file: string): Promise<Verified> {
  const { lines, torn } = splitLines(await readFile(file, "utf8"));
  let head = chainStart(file);
  for (const [index, line] of lines.entries()) {
    let value: { seq?: unknown; prev?: unknown } | null;
    try {
      value = JSON.parse(line) as { seq?: unknown; prev?: unknown } | null;
    } catch {
      return { ok: false, line: index + 1, why: "the line is not JSON" };
    }
    if (value?.seq !== head.seq) return { ok: false, line: index + 1, why: `expected line number ${head.seq}: a line was removed, added or moved` };
    if (value.prev !== head.prev) return { ok: false, line: index + 1, why: "the line before it was changed" };
    head = { seq: head.seq + 1, prev: digest(line) };
  }
  return { ok: true, lines: lines.length, torn };
}
