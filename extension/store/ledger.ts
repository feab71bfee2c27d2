/** Writes records: each counts once, whoever sends it how often; rows, counters, inventory and outbox change together or not at all. */
import type { EventRecord } from "../../shared/events/record.ts";
import { isServerRecord, observeClient, observeServer, type ObserveContext } from "../../shared/inventory/inventory.ts";
import type { ServerEntry } from "../../shared/inventory/entry.ts";
import type { SluiceDb } from "./db.ts";
import { countersOf, rowOf, TOTAL } from "./rows.ts";

/** Hot store: older events live in the host's journal. */
export const KEEP_EVENTS = 100_000;
/** A page can invent servers; the least recently seen give way. */
export const KEEP_SERVERS = 2_000;
export const KEEP_CLIENTS = 500;
/** Deleting is slow (1.7 s for 10 000 rows), so it goes in slices that block nobody. */
const SLICE = 500;
/** Records the host never confirmed and that had to give way. */
export const LOST = "lost";

export interface Stored {
  /** Those that were not here before. */
  readonly fresh: readonly EventRecord[];
  /** Rows of servers that these records touched. */
  readonly servers: readonly ServerEntry[];
}

export interface Ledger {
  /** @param toHost whether the host still has to hear of them */
  store(records: readonly EventRecord[], options: { readonly toHost: boolean; readonly context: ObserveContext }): Promise<Stored>;
  take(limit: number): Promise<readonly EventRecord[]>;
  remove(ids: readonly string[]): Promise<void>;
  counter(key: string): Promise<number>;
  reset(key: string): Promise<void>;
  servers(): Promise<readonly ServerEntry[]>;
  /** Drops what is too old, one slice. @returns whether more is left to do */
  trim(keep?: { readonly events: number; readonly servers: number; readonly clients: number }): Promise<boolean>;
}

export function createLedger(db: SluiceDb): Ledger {
  return {
    store: (records, { toHost, context }) =>
      db.transaction("rw", [db.events, db.servers, db.clients, db.counters, db.outbox], async () => {
        const given = new Map(records.map((record) => [record.id, record]));
        const known = await db.events.where("id").anyOf([...given.keys()]).primaryKeys();
        for (const id of known) given.delete(id);
        const fresh = [...given.values()];
        if (!fresh.length) return { fresh, servers: [] };
        const rows = fresh.map(rowOf);
        await db.events.bulkAdd(rows);
        if (toHost) await db.outbox.bulkAdd(fresh.map(({ id }) => ({ id })));
        await grow(db, countersOf(rows));
        return { fresh, servers: await observe(db, fresh, context) };
      }),

    async take(limit) {
      const ids = await db.outbox.orderBy("id").limit(limit).primaryKeys();
      const rows = await db.events.bulkGet(ids);
      return rows.flatMap((row) => (row ? [row.record] : []));
    },

    remove: (ids) => db.outbox.bulkDelete([...ids]),
    counter: async (key) => (await db.counters.get(key))?.value ?? 0,
    reset: (key) => db.counters.delete(key),
    servers: () => db.servers.toArray(),

    async trim(keep = { events: KEEP_EVENTS, servers: KEEP_SERVERS, clients: KEEP_CLIENTS }) {
      const more = await db.transaction("rw", [db.events, db.counters, db.outbox], async () => {
        const over = ((await db.counters.get(TOTAL))?.value ?? 0) - keep.events;
        if (over <= 0) return false;
        const ids = await db.events.orderBy("time").limit(Math.min(SLICE, over)).primaryKeys();
        if (!ids.length) return false;
        const unsent = await db.outbox.where("id").anyOf(ids).primaryKeys();
        await db.events.bulkDelete(ids);
        await db.outbox.bulkDelete(unsent);
        await grow(db, new Map([[TOTAL, -ids.length], [LOST, unsent.length]]));
        return over > ids.length;
      });
      // These tables are small, so counting them is cheap.
      for (const [table, limit] of [[db.servers, keep.servers], [db.clients, keep.clients]] as const) {
        const over = (await table.count()) - limit;
        if (over > 0) await table.bulkDelete(await table.orderBy("lastSeen").limit(over).primaryKeys());
      }
      return more;
    },
  };
}

async function grow(db: SluiceDb, by: ReadonlyMap<string, number>): Promise<void> {
  const keys = [...by].filter(([, amount]) => amount !== 0).map(([key]) => key);
  const rows = await db.counters.bulkGet(keys);
  await db.counters.bulkPut(keys.map((key, index) => ({ key, value: (rows[index]?.value ?? 0) + (by.get(key) ?? 0) })));
}

async function observe(db: SluiceDb, records: readonly EventRecord[], context: ObserveContext): Promise<readonly ServerEntry[]> {
  const about = records.filter(isServerRecord);
  const serverIds = [...new Set(about.map((record) => record.server.id))];
  const clientIds = [...new Set(about.map((record) => record.client.id))];
  const servers = new Map(serverIds.map((id) => [id, undefined as ServerEntry | undefined]));
  for (const row of await db.servers.bulkGet(serverIds)) if (row) servers.set(row.id, row);
  const clients = new Map((await db.clients.bulkGet(clientIds)).flatMap((row) => (row ? [[row.id, row] as const] : [])));
  for (const record of about) {
    servers.set(record.server.id, observeServer(servers.get(record.server.id), record, context));
    clients.set(record.client.id, observeClient(clients.get(record.client.id), record));
  }
  const touched = [...servers.values()].flatMap((entry) => (entry ? [entry] : []));
  await db.servers.bulkPut(touched);
  await db.clients.bulkPut([...clients.values()]);
  return touched;
}
