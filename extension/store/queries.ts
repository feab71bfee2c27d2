/** What the views ask of the database; every answer comes from an index, never from a scan or a count. */
import type { EventRecord } from "../../shared/events/record.ts";
import type { ClientEntry, ServerEntry } from "../../shared/inventory/entry.ts";
import type { SluiceDb } from "./db.ts";
import { dayCounter, dayOf, startOfDay, VERDICTS, type EventRow, type Verdict } from "./rows.ts";

export interface Today {
  readonly counts: Readonly<Record<Verdict, number>>;
  /** Newest first. */
  readonly rows: readonly EventRow[];
}

export interface Connected {
  readonly servers: readonly ServerEntry[];
  readonly clients: readonly ClientEntry[];
}

export async function today(db: SluiceDb, now: number, limit = 100): Promise<Today> {
  const from = startOfDay(now);
  const [lists, counts] = await Promise.all([
    Promise.all(VERDICTS.map((verdict) => db.events.where("[verdict+time]").between([verdict, from], [verdict, Infinity]).reverse().limit(limit).toArray())),
    dayCounts(db, now),
  ]);
  const rows = lists.flat().sort((a, b) => b.time - a.time || (a.id < b.id ? 1 : -1));
  return { counts, rows: rows.slice(0, limit) };
}

export async function dayCounts(db: SluiceDb, now: number): Promise<Record<Verdict, number>> {
  const day = dayOf(now);
  const rows = await db.counters.bulkGet(VERDICTS.map((verdict) => dayCounter(day, verdict)));
  return Object.fromEntries(VERDICTS.map((verdict, index) => [verdict, rows[index]?.value ?? 0])) as Record<Verdict, number>;
}

/** Most recently seen first. */
export async function connected(db: SluiceDb, limit = 200): Promise<Connected> {
  const [servers, clients] = await Promise.all([
    db.servers.orderBy("lastSeen").reverse().limit(limit).toArray(),
    db.clients.orderBy("lastSeen").reverse().limit(limit).toArray(),
  ]);
  return { servers, clients };
}

/** The newest records, whatever they are. */
export async function latest(db: SluiceDb, limit: number): Promise<EventRecord[]> {
  return (await db.events.orderBy("time").reverse().limit(limit).toArray()).map((row) => row.record);
}
