/** The condition on what a message carries. */
import type { Redaction } from "./decision.ts";
import type { DataMatch, RedactionStyle } from "./language.ts";
import { globs, type Clause } from "./clause.ts";
import { globsOverlap } from "./glob-overlap.ts";
import type { ClassGroup, View } from "./view.ts";

const THRESHOLDS = { low: 0.3, medium: 0.6, high: 0.85 } as const;

export interface DataClause extends Clause {
  /** The findings that made it match, to be replaced. */
  redactions(view: View, style: RedactionStyle): readonly Redaction[];
  /** Some class of the condition could not be judged in this message. */
  unchecked(view: View): boolean;
}

export function dataClause(match: DataMatch, labels: ReadonlyMap<string, readonly string[]>): DataClause {
  const patterns = match.any.flatMap((pattern) => (pattern.startsWith("$") ? (labels.get(pattern.slice(1)) ?? []) : [pattern]));
  const any = globs(patterns);
  const threshold = THRESHOLDS[match.minConfidence ?? "medium"];
  const wanted = match.minCount ?? 1;
  const known = new Map<string, boolean>();

  /** Classes come from our own detectors, so there are few: each is compared once. */
  function covers(name: string): boolean {
    let answer = known.get(name);
    if (answer === undefined) {
      answer = any.matches(name);
      if (known.size < 1000) known.set(name, answer);
    }
    return answer;
  }

  function groups(view: View): ClassGroup[] {
    return view.classes.filter((group) => group.confidence >= threshold && covers(group.class));
  }

  function sure(view: View, group: ClassGroup): number[] {
    return group.findings.filter((at) => view.facts.findings[at]!.confidence >= threshold);
  }

  function distinct(view: View, indexes: readonly number[]): number {
    return new Set(indexes.map((at) => view.facts.findings[at]!.fingerprint)).size;
  }

  function unchecked(view: View): boolean {
    return view.facts.unknownClasses.some((unknown) => patterns.some((pattern) => globsOverlap(pattern, unknown)));
  }

  return {
    fixed: false,
    unchecked,
    test(view) {
      const found = view.classes.length === 0 ? [] : groups(view);
      const enough = found.length > 0 && (wanted === 1 || distinct(view, found.flatMap((group) => sure(view, group))) >= wanted);
      if (enough) return true;
      return view.facts.unknownClasses.length > 0 && unchecked(view) ? undefined : false;
    },
    describe(view) {
      const lines = groups(view).map((group) => `data ${group.class} (${distinct(view, sure(view, group))})`);
      if (view.facts.unknownClasses.length > 0 && unchecked(view)) lines.push(`data ${any.text} could not be checked`);
      return lines;
    },
    redactions: (view, style) => groups(view).flatMap((group) => sure(view, group).map((finding) => ({ finding, style }))),
  };
}
