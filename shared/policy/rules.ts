/** The second layer: content rules judge messages. Unknown counts as matched for a restricting rule, as not matched for an allowing one. */
import type { Facts } from "./decision.ts";
import type { Condition, Exception, Mode, Policy, Rule } from "./language.ts";
import { testAll } from "./clause.ts";
import { compileCondition, type CompiledCondition } from "./conditions.ts";
import { and, type Truth } from "./truth.ts";
import { NO_STANDING, viewOf, type View } from "./view.ts";
import { isRestricting, type Voice } from "./verdict.ts";

interface CompiledException {
  readonly condition: CompiledCondition;
  /** First millisecond at which it no longer holds. */
  readonly ends: number;
  readonly ticket: string;
}

interface CompiledRule {
  readonly rule: Rule;
  readonly mode: Mode;
  readonly when: CompiledCondition;
  readonly unless: CompiledCondition | null;
  readonly exceptions: readonly CompiledException[];
}

/** A rule that channel, direction and tool do not rule out. */
interface Candidate {
  readonly compiled: CompiledRule;
  readonly fixed: Truth;
}

/** Most messages carry nothing that any detector knows: then the rules about data need no asking. */
interface Selection {
  readonly withData: readonly Candidate[];
  readonly withoutData: readonly Candidate[];
}

export interface Rules {
  select(facts: Facts): Selection;
  judge(view: View, selected: Selection): Voice[];
  /** The next moment at which an exception ends: until then time alone changes no answer. */
  standsUntil(now: number): number;
}

export function compileRules(policy: Policy): Rules {
  const labels = new Map(Object.entries(policy.labels ?? {}));
  const compiled = policy.rules.map((rule) => compileRule(rule, policy, labels));
  const ends = compiled.flatMap(({ exceptions }) => exceptions.map((exception) => exception.ends));
  return {
    select(facts) {
      const view = viewOf(facts, NO_STANDING);
      const withData: Candidate[] = [];
      const withoutData: Candidate[] = [];
      for (const each of compiled) {
        const fixed = testAll(each.when.fixed, view);
        if (fixed !== false) (each.when.data ? withData : withoutData).push({ compiled: each, fixed });
      }
      return { withData, withoutData };
    },
    judge(view, selected) {
      const voices: Voice[] = [];
      hear(selected.withoutData, view, voices);
      if (view.classes.length > 0 || view.facts.unknownClasses.length > 0) hear(selected.withData, view, voices);
      return voices;
    },
    standsUntil: (now) => Math.min(Infinity, ...ends.filter((end) => end > now)),
  };
}

function hear(candidates: readonly Candidate[], view: View, voices: Voice[]): void {
  for (const { compiled, fixed } of candidates) {
    const truth = and(fixed, testAll(compiled.when.changing, view));
    if (truth !== false && applies(compiled, truth, view)) voices.push(voiceOf(compiled, view));
  }
}

function compileRule(rule: Rule, policy: Policy, labels: ReadonlyMap<string, readonly string[]>): CompiledRule {
  const ready = (condition: Condition): CompiledCondition => compileCondition(condition, labels);
  return {
    rule,
    mode: policy.mode === "monitor" ? "monitor" : (rule.mode ?? "enforce"),
    when: ready(rule.when),
    unless: rule.unless ? ready(rule.unless) : null,
    exceptions: (policy.exceptions ?? []).filter((exception) => exception.rule === rule.id).map((exception) => compileException(exception, ready)),
  };
}

function compileException(exception: Exception, ready: (condition: Condition) => CompiledCondition): CompiledException {
  const [year = 0, month = 1, day = 1] = exception.until.split("-").map(Number);
  return { condition: ready(exception.when), ends: Date.UTC(year, month - 1, day + 1), ticket: exception.ticket };
}

function applies({ rule, unless, exceptions }: CompiledRule, when: Truth, view: View): boolean {
  const spared = unless ? testAll(unless.clauses, view) : false;
  if (!isRestricting(rule.effect)) return when === true && spared === false;
  // Only a sure "unless" and a sure, running exception spare.
  if (spared === true) return false;
  return !exceptions.some((exception) => view.facts.now < exception.ends && testAll(exception.condition.clauses, view) === true);
}

const UNCHECKED = "This message could not be checked completely, so it was not passed on.";

function voiceOf({ rule, mode, when }: CompiledRule, view: View): Voice {
  const redacts = rule.effect === "redact" && when.data !== null;
  // What could not be judged cannot be redacted either, so it may not pass.
  const unredactable = redacts && when.data.unchecked(view);
  return {
    kind: "rule",
    id: rule.id,
    title: rule.title,
    effect: unredactable ? "block" : rule.effect,
    mode,
    clauses: when.clauses.flatMap((clause) => clause.describe(view)),
    message: unredactable ? UNCHECKED : (rule.message ?? null),
    learnMore: rule.learnMore ?? null,
    severity: rule.severity ?? null,
    redactions: redacts ? when.data.redactions(view, rule.style ?? "placeholder") : [],
  };
}
