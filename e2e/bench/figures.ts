/** Rounds of measurements: variants take turns within a round, so that a busy moment hits all of them; the best round of each is compared. */

export interface Figure<Variant extends string> {
  readonly name: string;
  readonly unit: "µs" | "ms";
  /** Best round's median, in `unit`. */
  readonly best: Readonly<Record<Variant, number>>;
  /** Median of all rounds' medians: how quiet the machine was shows in its distance from the best. */
  readonly typical: Readonly<Record<Variant, number>>;
}

/** @param measure one round of one variant: how long each call took, in milliseconds. */
export async function compare<Variant extends string>(name: string, unit: "µs" | "ms", variants: readonly Variant[], rounds: number, measure: (variant: Variant) => Promise<readonly number[]>): Promise<Figure<Variant>> {
  const medians = new Map<Variant, number[]>(variants.map((variant) => [variant, []]));
  const scale = unit === "µs" ? 1000 : 1;
  // Round 0 warms up and does not count. The order turns, so that nobody always comes first.
  for (let round = 0; round <= rounds; round++) {
    for (let turn = 0; turn < variants.length; turn++) {
      const variant = variants[(round + turn) % variants.length]!;
      const times = await measure(variant);
      if (round > 0) medians.get(variant)?.push(median(times) * scale);
    }
  }
  const each = (take: (values: readonly number[]) => number): Record<Variant, number> => Object.fromEntries([...medians].map(([variant, values]) => [variant, take(values)])) as Record<Variant, number>;
  return { name, unit, best: each((values) => Math.min(...values)), typical: each(median) };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function shown(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0 });
}
