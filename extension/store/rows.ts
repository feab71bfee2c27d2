/** How records become rows: what is indexed, what counts as an event for people, and which day it belongs to. Pure. */
import type { EventRecord } from "../../shared/events/record.ts";

/** What a person would want to hear of. `watch`: a rule wanted to act, monitor mode held it back. */
export type Verdict = "block" | "redact" | "watch";
export const VERDICTS: readonly Verdict[] = ["block", "redact", "watch"];

export interface EventRow {
  readonly id: string;
  readonly time: number;
  readonly kind: EventRecord["kind"];
  /** Absent for what is of no concern: such rows stay out of the index. */
  readonly verdict?: Verdict;
  readonly server?: string;
  readonly record: EventRecord;
}

export interface CounterRow {
  readonly key: string;
  readonly value: number;
}

export function rowOf(record: EventRecord): EventRow {
  const verdict = verdictOf(record);
  return {
    id: record.id,
    time: record.time,
    kind: record.kind,
    ...(verdict && { verdict }),
    ...("server" in record && { server: record.server.id }),
    record,
  };
}

export function verdictOf(record: EventRecord): Verdict | undefined {
  if (record.kind === "malformed") return record.outcome === "passed" ? "watch" : "block";
  if (record.kind !== "request" && record.kind !== "response" && record.kind !== "notification") return undefined;
  const { effect, enforced } = record.decision;
  // A person let it go on: nothing was held back in the end, and nothing only noted.
  if (record.answer === "allowed" || record.answer === "granted") return record.redacted > 0 ? "redact" : enforced === "block" ? "block" : undefined;
  if (enforced === "block" || enforced === "coach" || enforced === "approve") return "block";
  if (enforced === "redact" || record.redacted > 0) return "redact";
  return effect !== "allow" && effect !== "monitor" ? "watch" : undefined;
}

/** Local calendar day, `2026-08-01`: "today" is the person's day. */
export function dayOf(time: number): string {
  const date = new Date(time);
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
}

/** Local midnight before `time`. */
export function startOfDay(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}

export const TOTAL = "events";

export function dayCounter(day: string, verdict: Verdict): string {
  return `day ${day} ${verdict}`;
}

/** How much each counter grows by these rows. */
export function countersOf(rows: readonly EventRow[]): Map<string, number> {
  const grow = new Map<string, number>([[TOTAL, rows.length]]);
  for (const row of rows) {
    if (!row.verdict) continue;
    const key = dayCounter(dayOf(row.time), row.verdict);
    grow.set(key, (grow.get(key) ?? 0) + 1);
  }
  return grow;
}
