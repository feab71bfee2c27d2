/** One recorded event by its id, or by a beginning or end of it that is unique: people copy from screens. */
import type { EventRecord } from "../../../shared/events/record.ts";
import { parseLine } from "../../journal/reader.ts";
import { dayOf, listSegments } from "../../journal/segment.ts";
import { readLines } from "./recorded.ts";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";

/** The event, and what was recorded of the same connection before it. */
export interface Found {
  readonly record: EventRecord;
  readonly before: readonly EventRecord[];
}

const FULL = 36;
/** Ids begin with the time: fewer digits name a whole day. */
const FEWEST = 6;

/** @throws Failure 1 when there is none, 2 when the text is no part of an id or several have it. */
export function findEvent(journal: string, text: string): Found {
  const wanted = text.trim().toLowerCase();
  if (!/^[0-9a-f-]+$/.test(wanted) || wanted.length > FULL) throw new Failure(`"${printable(text, 60)}" is no event id`, { code: 2, fix: 'ids look like 01a1fc89-0e48-70fe-9ff1-310733fd799c; "sluice events --json" shows them, and so does every refusal' });
  if (wanted.length < FEWEST) throw new Failure(`"${wanted}" is too short to find one event`, { code: 2, fix: `give at least ${FEWEST} characters of its beginning or end` });
  const found = new Map<string, { record: EventRecord; file: string }>();
  for (const { file } of listSegments(journal, firstDay(wanted))) {
    readLines(file, (line) => {
      // Most lines are somebody else's: look before reading.
      if (!line.includes(wanted)) return;
      const record = parseLine(line);
      if (typeof record !== "string" && (record.id.startsWith(wanted) || record.id.endsWith(wanted))) found.set(record.id, { record, file });
    });
  }
  const [one, ...others] = found.values();
  if (!one) throw new Failure(`no event ${wanted} is in the journal of this computer`, { code: 1, fix: `"sluice events --since 7d --json" lists what is there; ${journal} is where I looked` });
  if (others.length) throw new Failure(`${found.size} events match ${wanted}: ${[...found.keys()].slice(0, 5).join(", ")}${found.size > 5 ? ", …" : ""}`, { code: 2, fix: "give more of the id" });
  return { record: one.record, before: sameConnection(one.file, one.record) };
}

/** The first 12 digits of an id are its time: a record cannot be in an older folder. */
function firstDay(wanted: string): string {
  const digits = wanted.replaceAll("-", "").slice(0, 12);
  if (wanted.length < FULL || digits.length < 12) return "";
  const time = Number.parseInt(digits, 16) - 24 * 60 * 60 * 1000;
  return time > 0 ? dayOf(time) : "";
}

/** One connection has one writer, and one writer's records stand in order. */
function sameConnection(file: string, record: EventRecord): EventRecord[] {
  if (!("channel" in record)) return [];
  const before: EventRecord[] = [];
  const { channel, id } = record;
  readLines(file, (line) => {
    if (!line.includes(channel)) return;
    const each = parseLine(line);
    if (typeof each !== "string" && "channel" in each && each.channel === channel && each.id < id) before.push(each);
  });
  return before;
}
