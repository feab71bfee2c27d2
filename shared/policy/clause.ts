/** A clause: one key of a condition, made ready to ask. */
import { glob, type Glob } from "../base/glob.ts";
import { and, type Truth } from "./truth.ts";
import type { View } from "./view.ts";

export interface Clause {
  /** Depends on nothing but channel, direction and tool: the answer can be kept. */
  readonly fixed: boolean;
  /** What it asks for, in the policy's own words: `tool delete_*`. */
  readonly asks: string;
  test(view: View): Truth;
  /** For people, once it has matched (or could not be evaluated). Names and classes, never values of the message. */
  describe(view: View): readonly string[];
  /** Why it did not hold, where that says more than what it asks for. */
  missed?(view: View): string | null;
}

/** Do all clauses hold? Stops at the first "no". */
export function testAll(clauses: readonly Clause[], view: View): Truth {
  let truth: Truth = true;
  for (const clause of clauses) {
    truth = and(truth, clause.test(view));
    if (truth === false) return false;
  }
  return truth;
}

/** Any of several globs. */
export interface Globs {
  readonly text: string;
  readonly all: readonly Glob[];
  matches(text: string): boolean;
}

export function globs(patterns: string | readonly string[], ignoreCase = false): Globs {
  const list = typeof patterns === "string" ? [patterns] : patterns;
  const all = list.map((pattern) => glob(pattern, ignoreCase));
  return { text: list.join(", "), all, matches: (text) => all.some((each) => each.matches(text)) };
}

/**
 * A clause over one text of the facts.
 * @param name what people call it: `tool`, `method`, `user`.
 * @param read the text; null where the message has none, undefined where it is not known.
 */
export function textClause(name: string, patterns: string | readonly string[], read: (view: View) => string | null | undefined, options: { fixed?: boolean; ignoreCase?: boolean } = {}): Clause {
  const any = globs(patterns, options.ignoreCase);
  const asks = `${name} ${any.text}`;
  return {
    fixed: options.fixed ?? false,
    asks,
    test(view) {
      const text = read(view);
      return text === undefined ? undefined : text !== null && any.matches(text);
    },
    describe: (view) => [read(view) === undefined ? `${name} is not known` : asks],
  };
}
