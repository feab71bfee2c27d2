/** Counts what a policy would have done: by rule, server and person, old against new, with a few examples of each. */
import type { MessageRecord } from "../../../shared/events/record.ts";
import { GAP_WORDS, type Gap } from "../../../shared/events/replay-gaps.ts";
import { addressOf } from "../../../shared/mcp/identity.ts";
import type { Decision } from "../../../shared/policy/decision.ts";
import { EFFECTS, type Effect } from "../../../shared/policy/language.ts";

export interface Row {
  /** A rule's id, a server's address, a person. */
  readonly name: string;
  /** Stricter, looser: against what it was before. */
  readonly messages: number;
  readonly stricter: number;
  readonly looser: number;
  readonly blocked: number;
  /** What comes out, for certain. */
  readonly effects: Readonly<Partial<Record<Effect, number>>>;
  /** Further ones that may come out stricter, if what no record tells was so. */
  readonly perhaps: number;
  /** Ids of records, oldest first. */
  readonly examples: readonly string[];
}

export interface Tally {
  readonly messages: number;
  readonly changed: number;
  /** `matrix.allow.block`: so many messages went from allowed to blocked. Only cells that count something. */
  readonly matrix: Readonly<Partial<Record<Effect, Partial<Record<Effect, number>>>>>;
  /** Of changed messages and of those that are stopped now. */
  readonly byRule: readonly Row[];
  readonly byServer: readonly Row[];
  readonly byPerson: readonly Row[];
  /** Decisions that hang on something no record tells, and on what. */
  readonly unknown: { readonly messages: number; readonly changed: number; readonly because: readonly { readonly what: Gap; readonly words: string; readonly messages: number }[] };
}

/** One message, judged before and now. */
export interface Judged {
  readonly record: MessageRecord;
  readonly person: string;
  readonly before: Pick<Decision, "enforced" | "effect" | "decidedBy">;
  /** For certain. */
  readonly now: Pick<Decision, "enforced" | "effect" | "decidedBy">;
  /** What it may be at most. */
  readonly most: Pick<Decision, "enforced" | "effect" | "decidedBy">;
  readonly open: readonly Gap[];
}

interface Count {
  messages: number;
  stricter: number;
  looser: number;
  blocked: number;
  perhaps: number;
  readonly effects: Partial<Record<Effect, number>>;
  readonly examples: string[];
}

const EXAMPLES = 5;
const NOBODY = "(no rule)";
const RANK: Readonly<Record<Effect, number>> = Object.fromEntries(EFFECTS.map((effect, rank) => [effect, rank])) as Record<Effect, number>;

/** What is compared: what happened to the message, or what policy said of it (a policy on trial does nothing). */
export type Measure = "enforced" | "effect";

export class Tallying {
  readonly #measure: Measure;
  readonly #matrix = new Map<string, number>();
  readonly #rules = new Map<string, Count>();
  readonly #servers = new Map<string, Count>();
  readonly #persons = new Map<string, Count>();
  readonly #addresses = new Map<string, string>();
  readonly #gaps = new Map<Gap, number>();
  #messages = 0;
  #changed = 0;
  #unknown = 0;
  #unknownChanged = 0;

  constructor(measure: Measure) {
    this.#measure = measure;
  }

  add({ record, person, before, now, most, open }: Judged): void {
    const [old, fresh] = [before[this.#measure], now[this.#measure]];
    const order = RANK[fresh] - RANK[old];
    // Being recorded changes nothing for anybody.
    const changed = order !== 0 && (RANK[fresh] > RANK.monitor || RANK[old] > RANK.monitor);
    this.#messages++;
    const cell = `${old} ${fresh}`;
    this.#matrix.set(cell, (this.#matrix.get(cell) ?? 0) + 1);
    if (changed) this.#changed++;
    if (open.length > 0) {
      this.#unknown++;
      if (changed) this.#unknownChanged++;
      for (const gap of open) this.#gaps.set(gap, (this.#gaps.get(gap) ?? 0) + 1);
    }
    if (!this.#addresses.has(record.server.id)) this.#addresses.set(record.server.id, addressOf(record.server));
    if (RANK[most[this.#measure]] > Math.max(RANK[fresh], RANK.monitor)) {
      for (const count of [countOf(this.#rules, most.decidedBy ?? NOBODY), countOf(this.#servers, record.server.id), countOf(this.#persons, person)]) {
        count.perhaps++;
        if (count.examples.length === 0) count.examples.push(record.id);
      }
    }
    if (!changed && RANK[fresh] <= RANK.monitor) return;
    // What became looser is the doing of the rule that no longer speaks.
    const rule = (order < 0 ? before.decidedBy : now.decidedBy) ?? NOBODY;
    for (const count of [countOf(this.#rules, rule), countOf(this.#servers, record.server.id), countOf(this.#persons, person)]) {
      count.messages++;
      if (fresh === "block") count.blocked++;
      count.effects[fresh] = (count.effects[fresh] ?? 0) + 1;
      if (changed && order > 0) count.stricter++;
      if (changed && order < 0) count.looser++;
      if (count.examples.length < EXAMPLES && (changed || count.examples.length === 0)) count.examples.push(record.id);
    }
  }

  result(): Tally {
    const matrix: Partial<Record<Effect, Partial<Record<Effect, number>>>> = {};
    for (const old of EFFECTS)
      for (const fresh of EFFECTS) {
        const count = this.#matrix.get(`${old} ${fresh}`);
        if (count !== undefined) (matrix[old] ??= {})[fresh] = count;
      }
    return {
      messages: this.#messages,
      changed: this.#changed,
      matrix,
      byRule: rows(this.#rules),
      byServer: rows(this.#servers, this.#addresses),
      byPerson: rows(this.#persons),
      unknown: {
        messages: this.#unknown,
        changed: this.#unknownChanged,
        because: [...this.#gaps].map(([what, messages]) => ({ what, words: GAP_WORDS[what], messages })).sort((a, b) => b.messages - a.messages),
      },
    };
  }
}

function countOf(counts: Map<string, Count>, name: string): Count {
  let count = counts.get(name);
  if (!count) counts.set(name, (count = { messages: 0, stricter: 0, looser: 0, blocked: 0, perhaps: 0, effects: {}, examples: [] }));
  return count;
}

function rows(counts: ReadonlyMap<string, Count>, names?: ReadonlyMap<string, string>): Row[] {
  return [...counts].map(([key, count]) => ({ name: names?.get(key) ?? key, ...count })).sort((a, b) => b.messages - a.messages || b.perhaps - a.perhaps || (a.name < b.name ? -1 : 1));
}
