/** Waits for a condition instead of for time. */
import { setTimeout as sleep } from "node:timers/promises";

/** Asks again until `check` gives a truthy value; throws with `label` when `patienceMs` is over. */
export async function until<T>(label: string, check: () => Promise<T> | T, patienceMs = 10_000): Promise<NonNullable<T>> {
  const end = performance.now() + patienceMs;
  let problem: unknown;
  for (;;) {
    try {
      const value = await check();
      if (value) return value;
      problem = undefined;
    } catch (error) {
      problem = error;
    }
    if (performance.now() > end) throw new Error(`waited ${patienceMs / 1000} s in vain: ${label}`, { cause: problem });
    await sleep(50);
  }
}
