/** What the product promises and how a stage proves it. Tests run each promise as one test; `npm start` without a display walks them all. */
import type { Stage } from "../stage.ts";

export interface Promised {
  readonly id: string;
  /** What a person is promised, in one sentence. */
  readonly title: string;
  /** Plays it; throws when it does not hold. @returns what was seen, in one line. */
  play(stage: Stage): Promise<string>;
}

/** Fails with words instead of with a diff of objects. */
export function hold(condition: unknown, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}
