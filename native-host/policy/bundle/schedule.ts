/** When a machine asks next: about every quarter of an hour, never all machines at once, and less and less often while nothing good comes. */

export const POLL_MS = 15 * 60_000;
const SELDOM_MS = 6 * 60 * 60_000;
const JITTER = 0.2;

/**
 * @param failures tries in a row without a good answer.
 * @param chance 0 up to 1.
 * @returns Unix milliseconds.
 */
export function nextPoll(now: number, failures: number, chance: number): number {
  const pause = Math.min(SELDOM_MS, POLL_MS * 2 ** Math.min(failures, 10));
  return now + Math.round(pause * (1 - JITTER + 2 * JITTER * chance));
}
