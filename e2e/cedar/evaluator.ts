/** A second opinion on every decision: our policy, translated to Cedar policies and answered by Cedar itself. */
import { createRequire } from "node:module";
import type { Facts } from "../../shared/policy/decision.ts";
import { EFFECTS, type AdmissionEntry, type Condition, type DataMatch, type Effect, type Policy } from "../../shared/policy/language.ts";
import { asExpression, contextOf, type CedarContext, type Standing } from "./context.ts";
import { maybe, questionsOf, sure, type Question } from "./questions.ts";

export interface SecondOpinion {
  readonly effect: Effect;
  /** Ids of the rules and entries that matched, sorted. */
  readonly matched: readonly string[];
}

/** The part of Cedar that is used here. Loaded when asked for, so that a checkout whose packages are older can still be built and checked. */
interface Cedar {
  isAuthorized(call: object): { readonly type: string; readonly response: { readonly diagnostics: { readonly reason: readonly string[]; readonly errors: readonly unknown[] } } };
}

const load = createRequire(import.meta.url);

/** Is the development dependency there? */
export function isCedarInstalled(): boolean {
  try {
    load.resolve(PACKAGE);
    return true;
  } catch {
    return false;
  }
}

const PACKAGE = "@cedar-policy/cedar-wasm/nodejs";

const strictest = (effects: readonly Effect[]): Effect => EFFECTS[Math.max(0, ...effects.map((effect) => EFFECTS.indexOf(effect)))]!;

/** Ready to be asked about messages. @throws where a condition has no translation, or Cedar does not accept one. */
export function cedarEvaluator(policy: Policy): (facts: Facts) => SecondOpinion {
  const data = new Map<string, DataMatch>();
  const ask = (condition: Condition): Question[] => questionsOf(condition, (match) => named(data, match));
  const entries = Object.fromEntries(
    policy.admission.servers.flatMap((entry) => {
      const questions = ask({ server: entry.match, ...(entry.who && { who: entry.who }), ...(entry.client && { client: entry.client }) });
      return [[`sure ${entry.id}`, forbid(sure(questions))], [`maybe ${entry.id}`, forbid(maybe(questions))]];
    }),
  );
  const rules = Object.fromEntries(policy.rules.map((rule) => [rule.id, forbid(ruleExpression(rule.when, rule.unless, rule.effect, exceptionsOf(policy, rule.id), ask))]));
  const uncheckable = Object.fromEntries(policy.rules.filter(({ effect }) => effect === "redact").map((rule) => [rule.id, forbid(`context.${named(data, rule.when.data!)}.unchecked`)]));

  return (facts) => {
    const context = (standing: Standing): CedarContext => contextOf(facts, policy, data, standing);
    const admitted = answer(entries, context({ entries: [], maybeEntries: [], sanctioned: undefined }));
    const certain = policy.admission.servers.filter(({ id }) => admitted.has(`sure ${id}`));
    const doubtful = policy.admission.servers.filter(({ id }) => admitted.has(`maybe ${id}`) && !admitted.has(`sure ${id}`));
    const effects = new Map<string, Effect>();
    for (const entry of certain) effects.set(entry.id, effectOn(entry, facts.tool));
    for (const entry of doubtful) if (effectOn(entry, facts.tool) !== "allow") effects.set(entry.id, effectOn(entry, facts.tool));
    if (certain.length === 0) effects.set("admission.default", policy.admission.default);

    const standing = context({ entries: certain.map(({ id }) => id), maybeEntries: doubtful.map(({ id }) => id), sanctioned: sanctionedBy(certain, doubtful, facts.tool) });
    const blind = answer(uncheckable, standing);
    for (const id of answer(rules, standing)) effects.set(id, blind.has(id) ? "block" : policy.rules.find((rule) => rule.id === id)!.effect);
    return { effect: strictest([...effects.values()]), matched: [...effects.keys()].sort() };
  };
}

function ruleExpression(when: Condition, unless: Condition | undefined, effect: Effect, exceptions: readonly { readonly when: Condition; readonly ends: number }[], ask: (condition: Condition) => Question[]): string {
  if (effect === "allow") return `${sure(ask(when))}${unless ? ` && !(${maybe(ask(unless))})` : ""}`;
  const spared = [...(unless ? [sure(ask(unless))] : []), ...exceptions.map((exception) => `(context.now < ${exception.ends} && ${sure(ask(exception.when))})`)];
  return `${maybe(ask(when))}${spared.map((each) => ` && !(${each})`).join("")}`;
}

function exceptionsOf(policy: Policy, id: string): { when: Condition; ends: number }[] {
  return (policy.exceptions ?? []).filter(({ rule }) => rule === id).map(({ when, until }) => ({ when, ends: new Date(`${until}T00:00:00Z`).getTime() + 86_400_000 }));
}

function forbid(expression: string): string {
  return `forbid(principal, action, resource) when { ${expression} };`;
}

/** Ids of the policies that apply. An error in one of them would make Cedar overlook it, so it is an error here. */
function answer(staticPolicies: Record<string, string>, context: CedarContext): ReadonlySet<string> {
  const { isAuthorized } = load(PACKAGE) as Cedar;
  const result = isAuthorized({ principal: { type: "User", id: "u" }, action: { type: "Action", id: "send" }, resource: { type: "Server", id: "s" }, context, policies: { staticPolicies }, entities: [] });
  if (result.type !== "success" || result.response.diagnostics.errors.length > 0) throw new Error(JSON.stringify({ result, staticPolicies, context }));
  return new Set(result.response.diagnostics.reason);
}

function named(data: Map<string, DataMatch>, match: DataMatch): string {
  for (const [key, known] of data) if (JSON.stringify(known) === JSON.stringify(match)) return key;
  const key = `data${data.size}`;
  data.set(key, match);
  return key;
}

function effectOn(entry: AdmissionEntry, tool: Facts["tool"]): Effect {
  const tools = entry.tools ?? [];
  if (tool === null || tools.length === 0) return entry.effect;
  if (tool === undefined) return strictest([entry.effect, ...tools.map(({ effect }) => effect)]);
  const listed = tools.filter(({ name }) => [name].flat().some((pattern) => asExpression(pattern).test(tool)));
  return listed.length === 0 ? entry.effect : strictest(listed.map(({ effect }) => effect));
}

/** Undefined where it depends on entries of which nobody knows whether they match. */
function sanctionedBy(certain: readonly AdmissionEntry[], doubtful: readonly AdmissionEntry[], tool: Facts["tool"]): boolean | undefined {
  const says = (entries: readonly AdmissionEntry[]): boolean => {
    const top = strictest(entries.map((entry) => effectOn(entry, tool)));
    const winners = entries.filter((entry) => effectOn(entry, tool) === top);
    return winners.some(({ sanctioned }) => sanctioned === true) && !winners.some(({ sanctioned }) => sanctioned === false);
  };
  const outcomes = new Set(Array.from({ length: 2 ** doubtful.length }, (_, chosen) => says([...certain, ...doubtful.filter((_entry, at) => (chosen >> at) & 1)])));
  return outcomes.size === 1 ? [...outcomes][0] : undefined;
}
