/** What makes a row independent of the order of its records: stamps that sort like time, and lists that sort by themselves. */
import type { EventRecord } from "../events/record.ts";
import type { Stamp } from "./entry.ts";

/** Sorts like time; the id (UUIDv7) decides between records of one millisecond. */
export function stampOf(record: Pick<EventRecord, "time" | "id">): Stamp {
  return `${String(record.time).padStart(15, "0")} ${record.id}`;
}

/** The list with one more item, sorted; as it was where it is there already, or where the list is full. */
export function withItem<T extends string>(list: readonly T[], item: T, limit: number): readonly T[] {
  if (list.includes(item) || list.length >= limit) return list;
  return [...list, item].sort();
}

export function union<T extends string>(a: readonly T[], b: readonly T[], limit: number): readonly T[] {
  return b.reduce<readonly T[]>((list, item) => withItem(list, item, limit), a);
}

export function latest<T extends { readonly stamp: Stamp }>(a: T, b: T): T {
  return a.stamp > b.stamp ? a : b;
}
