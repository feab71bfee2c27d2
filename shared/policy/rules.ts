/** The second layer: content rules judge messages. Unknown counts as matched for a restricting rule, as not matched for an allowing one. */
import type { Direction } from "../mcp/channel.ts";
import type { Facts, Near } from "./decision.ts";
import type { Condition, Exception, Mode, Policy, Rule } from "./language.ts";
import { testAll } from "./clause.ts";
import { compileCondition, type CompiledCondition, type Names } from "./conditions.ts";
import { nearMiss } from "./near.ts";
import type { Styles } from "./redaction-styles.ts";
import { RuleIndex } from "./rule-index.ts";
import { and, type Truth } from "./truth.ts";
import { bareView, type View } from "./view.ts";
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
  /** Some candidate looks at what differs from message to message: no answer may be kept. */
  readonly passing: boolean;
}

export interface Rules {
  /** What can be said from channel, direction and tool alone. @param entries ids of the server entries that may match. */
  select(facts: Facts, entries: readonly string[]): Selection;
  judge(view: View, selected: Selection): Voice[];
  near(view: View): Near[];
  /** Until then time alone changes no answer: the end of an exception, or of this minute. */
  standsUntil(now: number): number;
}

const MINUTE = 60_000;
/** Classes come from our own detectors, so there are few. */
const MAX_CLASSES = 1000;

export function compileRules(policy: Policy, names: Names, styles: Styles): Rules {
  const compiled = compileAll(policy, names);
  const index = new RuleIndex(compiled, ({ rule }) => rule.when);
  // Rules about data that name neither tool nor server are found by the class.
  const aboutData = index.general.filter(({ when }) => when.data);
  const aboutAnything = index.general.filter(({ when }) => !when.data);
  const byClass = new Map<string, readonly CompiledRule[]>();
  const ends = compiled.flatMap(({ exceptions }) => exceptions.map((exception) => exception.ends)).sort((a, b) => a - b);
  const timed = compiled.some((rule) => conditionsOf(rule).some((condition) => condition.timed));

  function ofClass(name: string, direction: Direction): readonly CompiledRule[] {
    const key = `${direction} ${name}`;
    let found = byClass.get(key);
    if (!found) {
      found = aboutData.filter(({ rule, when }) => when.data!.covers(name) && (rule.when.direction ?? direction) === direction);
      if (byClass.size < MAX_CLASSES) byClass.set(key, found);
    }
    return found;
  }

  function ofClasses({ facts, classes }: View): Iterable<CompiledRule> {
    if (facts.unknownClasses.length > 0) return aboutData;
    const [first, ...more] = classes.map((group) => ofClass(group.class, facts.direction));
    return more.length === 0 ? (first ?? []) : new Set([first!, ...more].flat());
  }

  return {
    select(facts, entries) {
      const view = bareView(facts);
      const withData: Candidate[] = [];
      const withoutData: Candidate[] = [];
      let passing = false;
      const consider = (each: CompiledRule): void => {
        const fixed = testAll(each.when.fixed, view);
        if (fixed === false) return;
        (each.when.data ? withData : withoutData).push({ compiled: each, fixed });
        passing ||= !each.when.data && conditionsOf(each).some((condition) => condition.passing);
      };
      for (const each of aboutAnything) consider(each);
      for (const each of index.named(facts, entries)) consider(each);
      return { withData, withoutData, passing };
    },
    judge(view, selected) {
      const voices: Voice[] = [];
      const hear = (rule: CompiledRule, truth: Truth): void => {
        if (truth !== false && sparedBy(rule, truth, view) === null) voices.push(voiceOf(rule, view, styles));
      };
      const hearSelected = (candidates: readonly Candidate[]): void => {
        for (const { compiled: rule, fixed } of candidates) hear(rule, and(fixed, testAll(rule.when.changing, view)));
      };
      hearSelected(selected.withoutData);
      if (view.classes.length === 0 && view.facts.unknownClasses.length === 0) return voices;
      hearSelected(selected.withData);
      for (const rule of ofClasses(view)) hear(rule, testAll(rule.when.clauses, view));
      return voices;
    },
    near: (view) => compiled.flatMap((each) => nearOf(each, view)),
    standsUntil(now) {
      const end = ends.find((each) => each > now) ?? Infinity;
      return timed ? Math.min(end, (Math.floor(now / MINUTE) + 1) * MINUTE) : end;
    },
  };
}

function compileAll(policy: Policy, names: Names): CompiledRule[] {
  const ready = (condition: Condition): CompiledCondition => compileCondition(condition, names);
  const exceptions = new Map<string, Exception[]>(policy.rules.map(({ id }) => [id, []]));
  for (const exception of policy.exceptions ?? []) exceptions.get(exception.rule)?.push(exception);
  return policy.rules.map((rule) => ({
    rule,
    mode: policy.mode === "monitor" ? "monitor" : (rule.mode ?? "enforce"),
    when: ready(rule.when),
    unless: rule.unless ? ready(rule.unless) : null,
    exceptions: (exceptions.get(rule.id) ?? []).map((exception) => compileException(exception, ready)),
  }));
}

function compileException(exception: Exception, ready: (condition: Condition) => CompiledCondition): CompiledException {
  const [year = 0, month = 1, day = 1] = exception.until.split("-").map(Number);
  return { condition: ready(exception.when), ends: Date.UTC(year, month - 1, day + 1), ticket: exception.ticket };
}

function conditionsOf({ when, unless, exceptions }: CompiledRule): CompiledCondition[] {
  return [when, ...(unless ? [unless] : []), ...exceptions.map(({ condition }) => condition)];
}

/** Null: nothing spares, the rule applies. Else why it does not, although its condition may hold. */
function sparedBy({ rule, unless, exceptions }: CompiledRule, when: Truth, view: View): string | null {
  const spared = unless ? testAll(unless.clauses, view) : false;
  if (!isRestricting(rule.effect)) return when === true && spared === false ? null : "not certain";
  // Only a sure "unless" and a sure, running exception spare.
  if (spared === true) return `spared by ${unless!.clauses.map(({ asks }) => asks).join(" and ")}`;
  const running = exceptions.find((exception) => view.facts.now < exception.ends && testAll(exception.condition.clauses, view) === true);
  return running ? `spared by the exception ${running.ticket}` : null;
}

function nearOf(compiled: CompiledRule, view: View): Near[] {
  const { rule, when } = compiled;
  const truth = testAll(when.clauses, view);
  const failed = truth === false ? nearMiss(when.clauses, view) : sparedBy(compiled, truth, view);
  return failed === null ? [] : [{ kind: "rule", id: rule.id, title: rule.title, effect: rule.effect, failed }];
}

const UNCHECKED = "This message could not be checked completely, so it was not passed on.";

function voiceOf({ rule, mode, when }: CompiledRule, view: View, styles: Styles): Voice {
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
    words: rule,
    redactions: redacts ? when.data.redactions(view, rule.style ? () => rule.style! : styles.styleOf) : [],
  };
}
