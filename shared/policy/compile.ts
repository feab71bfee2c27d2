/** A policy made ready to decide: patterns read once, what depends only on the connection remembered per connection. Knows no schema library, because every page's relay carries it. */
import type { Channel } from "../mcp/channel.ts";
import { compileAdmission, type Admission } from "./admission.ts";
import type { Decision, Explanation, Facts, Near, PolicySource } from "./decision.ts";
import type { Condition, Policy } from "./language.ts";
import { compileRules, type Rules } from "./rules.ts";
import { compileStyles } from "./redaction-styles.ts";
import { compileNetworks } from "./situation-clauses.ts";
import { compareEffects, concludeFrom, isRestricting } from "./verdict.ts";
import { viewOf, type Standing } from "./view.ts";

/** A policy made ready to decide. Holds no input; safe to share. */
export interface CompiledPolicy {
  readonly policy: Policy;
  readonly source: PolicySource;
  /** Some condition asks for the person's groups, which take the system a moment to say. */
  readonly asksGroups: boolean;
  /** Does a rule on such a message look at what it hands over, even where nothing is found in it? */
  readsArguments(facts: Facts): boolean;
  decide(facts: Facts): Decision;
  /** Until when (Unix milliseconds) the same decision holds for every message that differs from this one only in what it hands over and in size, as long as nothing is found in it. 0: ask each time. */
  standsUntil(facts: Facts): number;
  /** The decision with the rules and entries that came near. Slower: for people who ask, not for every message. */
  explainFully(facts: Facts): Explanation;
  /** May a token that stands for a value of this class be turned back in a message with these facts? Only where the policy says so for certain. */
  restores(dataClass: string, facts: Facts): boolean;
}

interface Selected {
  readonly entries: ReturnType<Admission["select"]>;
  readonly rules: ReturnType<Rules["select"]>;
  /** The last decision on a message in which nothing was found. */
  quiet: { readonly facts: Facts; readonly until: number; readonly decision: Decision } | null;
}

/** A hostile server can invent tool names without end. */
const MAX_KEPT = 256;
/** Told to somebody who asks why. */
const MAX_NEAR = 20;

/** @param policy validated: a pattern that cannot be read throws. @param source where it came from, as decisions say it. */
export function compile(policy: Policy, source: PolicySource): CompiledPolicy {
  const admission = compileAdmission(policy);
  const styles = compileStyles(policy.redaction);
  const rules = compileRules(policy, { labels: new Map(Object.entries(policy.labels ?? {})), networks: compileNetworks(policy.networks) }, styles);
  const asksTrust = conditionsOf(policy).some((condition) => condition.server?.trust !== undefined || condition.server?.riskLevel !== undefined);
  const asksGroups = conditionsOf(policy).some((condition) => condition.who?.group !== undefined);
  /** Something that may change with every message, or between two of them. */
  const isSteady = !asksTrust && !conditionsOf(policy).some(({ rate, network }) => rate !== undefined || network !== undefined);
  const about: Decision["policy"] = { id: policy.id, revision: policy.revision, source };
  const kept = new WeakMap<Channel, Map<string, Selected>>();

  function select(facts: Facts): Selected {
    let known = kept.get(facts.channel);
    if (!known) kept.set(facts.channel, (known = new Map()));
    // The transport too: a connection may turn out to speak the older one.
    const key = `${facts.channel.transport} ${facts.direction} ${facts.unplaced ? "unplaced " : ""}${facts.tool === undefined ? "unknown" : facts.tool === null ? "none" : `tool ${facts.tool}`}`;
    let selected = known.get(key);
    if (!selected) {
      if (known.size >= MAX_KEPT) known.clear();
      const entries = admission.select(facts);
      const ids = entries.map((candidate) => candidate.compiled.entry.id);
      known.set(key, (selected = { entries, rules: rules.select(facts, ids), quiet: null }));
    }
    return selected;
  }

  function near(facts: Facts, standing: Standing, { matched }: Decision): Near[] {
    const spoke = new Set(matched.map(({ id }) => id));
    const all = [...admission.near(facts), ...rules.near(viewOf(facts, standing))].filter(({ id, effect }) => !spoke.has(id) && isRestricting(effect));
    return all.sort((a, b) => compareEffects(b.effect, a.effect) || (a.id < b.id ? -1 : 1)).slice(0, MAX_NEAR);
  }

  const compiled: CompiledPolicy = {
    policy,
    source,
    asksGroups,
    readsArguments: (facts) => select(facts).rules.passing,
    standsUntil(facts) {
      const { rules: selected } = select(facts);
      return !isSteady || selected.passing || facts.findings.length > 0 || facts.unknownClasses.length > 0 ? 0 : rules.standsUntil(facts.now);
    },
    explainFully(facts) {
      const decision = compiled.decide(facts);
      return { decision, near: near(facts, admission.judge(facts, select(facts).entries).standing, decision) };
    },
    restores: (dataClass, facts) => styles.restores(dataClass, viewOf(facts, admission.judge(facts, select(facts).entries).standing)),
    decide(facts) {
      const selected = select(facts);
      const { quiet } = selected;
      const isQuiet = facts.findings.length === 0 && facts.unknownClasses.length === 0 && !selected.rules.passing;
      if (isQuiet && quiet && isSameQuestion(quiet.facts, facts, asksTrust) && facts.now < quiet.until) return quiet.decision;
      const { voices, standing } = admission.judge(facts, selected.entries);
      const decision = concludeFrom([...voices, ...rules.judge(viewOf(facts, standing), selected.rules)], about);
      // Without the arguments: nobody may keep what a message carried.
      if (isQuiet) selected.quiet = { facts: { ...facts, arguments: null }, until: rules.standsUntil(facts.now), decision };
      return decision;
    },
  };
  return compiled;
}

/** Two messages of one channel, direction and tool that carry nothing: everything else that a rule may look at, the findings apart. A clock that was set back asks anew. @param asksTrust a score is worked out when somebody looks at it. */
function isSameQuestion(a: Facts, b: Facts, asksTrust: boolean): boolean {
  return (
    a.method === b.method &&
    a.began === b.began &&
    a.prompt === b.prompt &&
    a.resource === b.resource &&
    a.protocolVersion === b.protocolVersion &&
    a.authentication === b.authentication &&
    a.now <= b.now &&
    (!asksTrust || (a.trust?.score === b.trust?.score && a.trust?.level === b.trust?.level)) &&
    a.who?.user === b.who?.user &&
    a.who?.device === b.who?.device &&
    a.sha256 === b.sha256 &&
    a.registryName === b.registryName &&
    a.pin === b.pin &&
    isSameList(a.addresses, b.addresses) &&
    isSameList(a.who?.groups, b.who?.groups)
  );
}

function conditionsOf({ admission, rules, exceptions = [] }: Policy): Condition[] {
  return [...admission.servers.map(({ match, who }) => ({ server: match, ...(who && { who }) })), ...rules.flatMap(({ when, unless }) => (unless ? [when, unless] : [when])), ...exceptions.map(({ when }) => when)];
}

function isSameList(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.length === b.length && a.every((each, i) => each === b[i]));
}
