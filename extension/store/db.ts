/** The extension's database: tables, indexes and their history. A version that was released is never edited; a change adds one below it. */
import { Dexie, type Table } from "dexie";
import type { ClientEntry, ServerEntry } from "../../shared/inventory/entry.ts";
import type { CounterRow, EventRow } from "./rows.ts";

export class SluiceDb extends Dexie {
  declare readonly events: Table<EventRow, string>;
  declare readonly servers: Table<ServerEntry, string>;
  declare readonly clients: Table<ClientEntry, string>;
  declare readonly counters: Table<CounterRow, string>;
  /** Ids of our own records that the host has not confirmed. UUIDv7: sorted by time. */
  declare readonly outbox: Table<{ readonly id: string }, string>;

  constructor(name = "sluice") {
    super(name);
    this.version(1).stores({
      events: "id, time, [kind+time], [verdict+time], [server+time]",
      servers: "id, lastSeen",
      clients: "id, lastSeen",
      counters: "key",
      outbox: "id",
    });
  }
}
