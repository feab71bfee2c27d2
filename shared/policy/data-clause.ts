/** The condition on what a message carries. */
import type { Redaction } from "./decision.ts";
import type { DataMatch, RedactionStyle } from "./language.ts";
import { globs, type Clause } from "./clause.ts";
import { globsOverlap } from "./glob-overlap.ts";
import type { ClassGroup, View } from "./view.ts";

/** Least confidence that counts as so much. */
export const THRESHOLDS = { low: 0.3, medium: 0.6, high: 0.85 } as const;

export interface DataClause extends Clause {
  /** The findings that made it match, to be replaced. */
  redactions(view: View, styleOf: (dataClass: string) => RedactionStyle): readonly Redaction[];
  /** Could findings of this class make it match? */
  covers(dataClass: string): boolean;
  /** Some class of the condition could not be judged in this message. */
  unchecked(view: View): boolean;
}

export function dataClause(match: DataMatch, labels: ReadonlyMap<string, readonly string[]>): DataClause {
  const patterns = match.any.flatMap((pattern) => (pattern.startsWith("$") ? (labels.get(pattern.slice(1)) ?? []) : [pattern]));
  const any = globs(patterns);
  const threshold = THRESHOLDS[match.minConfidence ?? "medium"];
  const wanted = match.minCount ?? 1;
  const wantedInAll = match.minTotal ?? 1;
  const amounts = [wanted > 1 ? `${wanted} different values` : "", wantedInAll > 1 ? `${wantedInAll} values` : ""].filter(Boolean);
  const asks = `data ${match.any.join(", ")}${match.minConfidence === undefined || match.minConfidence === "medium" ? "" : ` with ${match.minConfidence} confidence`}${amounts.length ? `, at least ${amounts.join(" and ")}` : ""}`;
  // Classes and their globs come from our own detectors, so there are few of either: each is compared once.
  const covers = remembered((name) => any.matches(name));
  const overlaps = remembered((unknown) => patterns.some((pattern) => globsOverlap(pattern, unknown)));

  function groups(view: View): ClassGroup[] {
    return view.classes.filter((group) => group.confidence >= threshold && covers(group.class));
  }

  function sure(view: View, group: ClassGroup): readonly number[] {
    return group.leastConfidence >= threshold ? group.findings : group.findings.filter((at) => view.facts.findings[at]!.confidence >= threshold);
  }

  function distinct(view: View, found: readonly ClassGroup[]): number {
    const [first] = found;
    if (found.length === 1 && first!.leastConfidence >= threshold) return first!.distinct;
    return new Set(found.flatMap((group) => sure(view, group)).map((at) => view.facts.findings[at]!.fingerprint)).size;
  }

  function total(view: View, found: readonly ClassGroup[]): number {
    return found.reduce((sum, group) => sum + sure(view, group).length, 0);
  }

  function unchecked(view: View): boolean {
    return view.facts.unknownClasses.some(overlaps);
  }

  return {
    fixed: false,
    asks,
    covers,
    unchecked,
    test(view) {
      const found = view.classes.length === 0 ? [] : groups(view);
      const enough = found.length > 0 && (wanted === 1 || distinct(view, found) >= wanted) && (wantedInAll === 1 || total(view, found) >= wantedInAll);
      if (enough) return true;
      return unchecked(view) ? undefined : false;
    },
    describe(view) {
      const lines = groups(view).map((group) => `data ${group.class} (${distinct(view, [group])})`);
      if (unchecked(view)) lines.push(`data ${any.text} could not be checked`);
      return lines;
    },
    missed(view) {
      const seen = view.classes.filter((group) => covers(group.class));
      if (seen.length === 0) return null;
      return `${asks} (there was ${seen.map((group) => `${group.class}, ${distinct(view, [group])} sure enough`).join("; ")})`;
    },
    redactions: (view, styleOf) => groups(view).flatMap((group) => sure(view, group).map((finding) => ({ finding, style: styleOf(group.class) }))),
  };
}

function remembered(ask: (text: string) => boolean): (text: string) => boolean {
  const answers = new Map<string, boolean>();
  return (text) => {
    let answer = answers.get(text);
    if (answer === undefined) {
      answer = ask(text);
      if (answers.size < 1000) answers.set(text, answer);
    }
    return answer;
  };
}
