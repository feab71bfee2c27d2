/** Counts what went through, in windows that slide by a twelfth of their length. Fed by the gate, asked by conditions on rates. */
import type { Facts, RateQuestion, RateReader } from "./decision.ts";

const SLICES = 12;
/** Windows of different length, kind and key that are counted at once. */
const MAX_SERIES = 16;
/** Tools, servers or connections counted apart; whatever comes after them shares one count, which can only be too high. */
const MAX_KEYS = 256;
const THE_REST = "";

/** One count of one key: a ring of slices. */
interface Ring {
  readonly slices: number[];
  /** Number of the newest slice, since 1970. */
  newest: number;
}

interface Series {
  readonly question: RateQuestion;
  readonly rings: Map<string, Ring>;
}

/**
 * Memory is bounded: 16 series of 257 rings of 13 numbers. A window nobody has asked for is not counted, so each begins at its first question.
 * The oldest slice counts whole: what is at most a twelfth too old still counts. A clock that is set back empties nothing.
 */
export class RateCounter implements RateReader {
  readonly #series = new Map<string, Series>();

  /** What went through before this message. */
  read(question: RateQuestion, facts: Facts): number | undefined {
    const name = `${question.of} ${question.by} ${question.per}`;
    let series = this.#series.get(name);
    if (!series) {
      if (this.#series.size >= MAX_SERIES) return undefined;
      this.#series.set(name, (series = { question, rings: new Map() }));
    }
    const ring = ringOf(series, facts, false);
    if (!ring) return 0;
    advance(ring, question.per, facts.now);
    return ring.slices.reduce((sum, count) => sum + count, 0);
  }

  /** This message has passed. What was refused is not added: a window frees itself by waiting, not by asking less often. */
  add(facts: Facts): void {
    for (const series of this.#series.values()) {
      const { question } = series;
      const amount = question.of === "bytes" ? (facts.bytes ?? 0) : isCall(facts) ? 1 : 0;
      if (amount === 0) continue;
      const ring = ringOf(series, facts, true)!;
      advance(ring, question.per, facts.now);
      ring.slices[ring.newest % ring.slices.length]! += amount;
    }
  }
}

/** A request for a tool, a prompt or a resource; also one whose name could not be read. To ask after a task that a call began is no further call. */
export function isCall(facts: Facts): boolean {
  return facts.direction === "to-server" && facts.unplaced !== true && facts.began === undefined && (facts.tool !== null || facts.prompt !== null || facts.resource !== null);
}

function keyOf({ of, by }: RateQuestion, { channel, tool, direction }: Facts): string {
  const whose = by === "session" ? channel.id : by === "server" ? channel.server.id : `${channel.server.id} ${tool ?? ""}`;
  return of === "bytes" ? `${direction} ${whose}` : whose;
}

function ringOf({ question, rings }: Series, facts: Facts, make: boolean): Ring | undefined {
  const key = keyOf(question, facts);
  const own = rings.get(key);
  if (own) return own;
  if (rings.size < MAX_KEYS) {
    if (!make) return undefined;
    return kept(rings, key);
  }
  return rings.get(THE_REST) ?? (make ? kept(rings, THE_REST) : undefined);
}

function kept(rings: Map<string, Ring>, key: string): Ring {
  const ring: Ring = { slices: Array.from({ length: SLICES + 1 }, () => 0), newest: 0 };
  rings.set(key, ring);
  return ring;
}

/** Clears the slices that the window has left behind. */
function advance(ring: Ring, per: number, now: number): void {
  const current = Math.floor((now * SLICES) / per);
  if (current <= ring.newest) return;
  const steps = Math.min(current - ring.newest, ring.slices.length);
  for (let step = 0; step < steps; step++) ring.slices[(current - step) % ring.slices.length] = 0;
  ring.newest = current;
}
