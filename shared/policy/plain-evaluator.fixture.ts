/** The policy language without any cleverness: every rule is looked at, for every message. What the compiled one is compared with, in answers and in speed. */
import { compileCondition, type Names } from "./conditions.ts";
import { testAll, type Clause } from "./clause.ts";
import { ADMISSION_DEFAULT, type Facts } from "./decision.ts";
import { glob } from "../base/glob.ts";
import type { Effect, Policy } from "./language.ts";
import { compileNetworks } from "./situation-clauses.ts";
import { and, type Truth } from "./truth.ts";
import { isRestricting, stricter } from "./verdict.ts";
import { NO_STANDING, viewOf, type Standing } from "./view.ts";

export interface PlainDecision {
  readonly effect: Effect;
  /** Ids of all rules and entries that matched. */
  readonly voices: readonly string[];
}

/** Ready to decide: conditions compiled, nothing indexed, nothing remembered. */
export function plainEvaluator(policy: Policy): (facts: Facts) => PlainDecision {
  const names: Names = { labels: new Map(Object.entries(policy.labels ?? {})), networks: compileNetworks(policy.networks) };
  const all = (condition: Parameters<typeof compileCondition>[0]): readonly Clause[] => compileCondition(condition, names).clauses;
  const entries = policy.admission.servers.map((entry) => ({ entry, clauses: all({ server: entry.match, ...(entry.who && { who: entry.who }), ...(entry.client && { client: entry.client }) }) }));
  const rules = policy.rules.map((rule) => ({
    rule,
    when: all(rule.when),
    data: rule.effect === "redact" ? compileCondition(rule.when, names).data : null,
    unless: rule.unless ? all(rule.unless) : null,
    exceptions: (policy.exceptions ?? []).filter((each) => each.rule === rule.id).map((each) => ({ clauses: all(each.when), until: Date.parse(`${each.until}T00:00:00Z`) + 86_400_000 })),
  }));

  return (facts) => {
    const before = viewOf(facts, NO_STANDING);
    const asked = entries.map(({ entry, clauses }) => ({ entry, truth: testAll(clauses, before), effect: effectOn(entry, facts.tool) }));
    const sure = asked.filter(({ truth }) => truth === true);
    const maybe = asked.filter(({ truth }) => truth === undefined);
    const said: { id: string; effect: Effect }[] = [...sure, ...maybe.filter(({ effect }) => isRestricting(effect))].map(({ entry, effect }) => ({ id: entry.id, effect }));
    if (sure.length === 0) said.push({ id: ADMISSION_DEFAULT, effect: policy.admission.default });

    const view = viewOf(facts, { entries: new Set(sure.map(({ entry }) => entry.id)), maybe: new Set(maybe.map(({ entry }) => entry.id)), sanctioned: sanctionedBy(sure, maybe) });
    for (const { rule, when, data, unless, exceptions } of rules) {
      const holds = testAll(when, view);
      const spared: Truth = unless ? testAll(unless, view) : false;
      const excepted = exceptions.some((each) => facts.now < each.until && testAll(each.clauses, view) === true);
      const applies = isRestricting(rule.effect) ? holds !== false && spared !== true && !excepted : and(holds, spared === undefined ? undefined : !spared) === true;
      if (applies) said.push({ id: rule.id, effect: data?.unchecked(view) ? "block" : rule.effect });
    }
    return { effect: said.map(({ effect }) => effect).reduce(stricter, "allow"), voices: said.map(({ id }) => id) };
  };
}

export function plainly(policy: Policy, facts: Facts): PlainDecision {
  return plainEvaluator(policy)(facts);
}

type Entry = Policy["admission"]["servers"][number];
interface Asked {
  readonly entry: Entry;
  readonly effect: Effect;
}

function effectOn(entry: Entry, tool: Facts["tool"]): Effect {
  const tools = entry.tools ?? [];
  if (tool === null || tools.length === 0) return entry.effect;
  if (tool === undefined) return [entry, ...tools].map(({ effect }) => effect).reduce(stricter);
  const named = tools.filter(({ name }) => [name].flat().some((pattern) => glob(pattern).matches(tool)));
  return named.length === 0 ? entry.effect : named.map(({ effect }) => effect).reduce(stricter);
}

/** True or false where no entry that may or may not match could change it: all ways in which the doubtful ones could turn out are tried. */
function sanctionedBy(sure: readonly Asked[], maybe: readonly Asked[]): Standing["sanctioned"] {
  const outcomes = new Set<boolean>();
  for (let chosen = 0; chosen < 2 ** maybe.length; chosen++) outcomes.add(says([...sure, ...maybe.filter((_, at) => (chosen >> at) & 1)]));
  return outcomes.size === 1 ? [...outcomes][0] : undefined;
}

function says(entries: readonly Asked[]): boolean {
  const top = entries.map(({ effect }) => effect).reduce(stricter, "allow");
  const winners = entries.filter(({ effect }) => effect === top);
  return winners.some(({ entry }) => entry.sanctioned === true) && !winners.some(({ entry }) => entry.sanctioned === false);
}
