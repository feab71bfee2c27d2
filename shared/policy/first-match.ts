/** Ordered rows, of which the first that matches decides, as rules among which the strictest decides: a row spares what an earlier, looser row has let through already. */
import type { Condition, Effect, Exception, RedactionStyle, Rule } from "./language.ts";
import { conditionCovers, conditionsExclude, type Labels } from "./review/conditions.ts";
import { compareEffects } from "./verdict.ts";

export interface Row {
  /** Id of the rule that it becomes. */
  readonly id: string;
  readonly title: string;
  readonly when: Condition;
  readonly effect: Effect;
  readonly style?: RedactionStyle;
  readonly message?: string;
  readonly owner?: string;
  /** What people call the row: `row 12`. */
  readonly place: string;
}

export interface FirstMatch {
  readonly rules: readonly Rule[];
  readonly exceptions: readonly Exception[];
  /** Rows that no message ever reaches, each with the row that is in its way. */
  readonly unreached: readonly { readonly row: Row; readonly by: Row }[];
}

/** Exceptions that carry an order have no end of their own. */
export const NO_END = "9999-12-31";

const NO_LABELS: Labels = new Map();

/**
 * Let f be the first row that matches a message. Rows before it do not match. Of the rows behind it, the looser and equal ones change nothing,
 * because the strictest effect wins; each stricter one must spare what f matches. Two rows that redact add up, so a later one spares an earlier one's messages as well.
 */
export function compileFirstMatch(rows: readonly Row[]): FirstMatch {
  const rules: Rule[] = [];
  const exceptions: Exception[] = [];
  const unreached: { row: Row; by: Row }[] = [];
  for (const [at, row] of rows.entries()) {
    const earlier = rows.slice(0, at).filter((other) => !conditionsExclude(other.when, row.when));
    const by = earlier.find((other) => conditionCovers(other.when, row.when, NO_LABELS));
    if (by) {
      unreached.push({ row, by });
      continue;
    }
    // Nothing restricts what is allowed, so a row that allows is only what later rows spare.
    if (row.effect === "allow") continue;
    const first = earlier.filter((other) => goesFirst(other, row)).map((other) => ({ row: other, spared: remainder(other.when, row.when) }));
    const [unless, ...others] = merged(first);
    const { id, title, when, effect, style, message, owner } = row;
    rules.push({ id, title, when, ...(unless && { unless: unless.spared }), effect, ...(style && { style }), ...(message !== undefined && { message }), ...(owner !== undefined && { owner }) });
    for (const { row: other, spared } of others) exceptions.push({ rule: id, when: spared, owner: other.owner ?? row.owner ?? "imported table", until: NO_END, ticket: `${other.place} goes before ${row.place}` });
  }
  return { rules, exceptions, unreached };
}

function goesFirst(earlier: Row, later: Row): boolean {
  const order = compareEffects(earlier.effect, later.effect);
  return order < 0 || (order === 0 && later.effect === "redact");
}

/** What an exemption has to say beyond what the rule itself asks. Never empty: a row that takes in all of it would have been in its way. */
function remainder(spared: Condition, when: Condition): Condition {
  const keys = (Object.keys(spared) as (keyof Condition)[]).filter((key) => spared[key] !== undefined && !(when[key] !== undefined && conditionCovers({ [key]: spared[key] }, { [key]: when[key] }, NO_LABELS)));
  return Object.fromEntries(keys.map((key) => [key, spared[key]]));
}

interface Spared {
  readonly row: Row;
  readonly spared: Condition;
}

/** Joins exemptions that differ in one list only. */
function merged(all: readonly Spared[]): Spared[] {
  const kept: Spared[] = [];
  for (const each of all) {
    if (kept.some(({ spared }) => conditionCovers(spared, each.spared, NO_LABELS))) continue;
    const at = kept.findIndex(({ spared }) => joined(spared, each.spared) !== null);
    const known = kept[at];
    if (known) kept[at] = { row: known.row, spared: joined(known.spared, each.spared)! };
    else kept.push(each);
  }
  return kept;
}

const LISTS = ["tool", "prompt", "resource", "method"] as const;

function joined(a: Condition, b: Condition): Condition | null {
  const [keyA, ...restA] = Object.keys(a);
  const [keyB, ...restB] = Object.keys(b);
  if (restA.length || restB.length || keyA !== keyB) return null;
  const list = LISTS.find((key) => key === keyA);
  if (list) return { [list]: [...new Set([a[list]!, b[list]!].flat())] };
  if (keyA === "server") {
    const [one, other] = [a.server!, b.server!];
    for (const key of ["url", "package"] as const) if (isOnly(one, key) && isOnly(other, key)) return { server: { [key]: [...new Set([one[key]!, other[key]!].flat())] } };
  }
  if (keyA === "who") {
    const [one, other] = [a.who!, b.who!];
    for (const key of ["user", "group", "device"] as const) if (isOnly(one, key) && isOnly(other, key)) return { who: { [key]: [...new Set([one[key]!, other[key]!].flat())] } };
  }
  return null;
}

function isOnly<T extends object>(value: T, key: keyof T): boolean {
  return Object.keys(value).length === 1 && value[key] !== undefined;
}
