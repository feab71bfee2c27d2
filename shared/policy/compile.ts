/** A policy made ready to decide: patterns read once, what depends only on the connection remembered per connection. Knows no schema library, because every page's relay carries it. */
import type { Channel } from "../mcp/channel.ts";
import { compileAdmission, type Admission } from "./admission.ts";
import type { Decision, Explanation, Facts, PolicySource } from "./decision.ts";
import type { Condition, Policy } from "./language.ts";
import { compileRules, type Rules } from "./rules.ts";
import { concludeFrom } from "./verdict.ts";
import { viewOf } from "./view.ts";

/** A policy made ready to decide. Holds no input; safe to share. */
export interface CompiledPolicy {
  readonly policy: Policy;
  readonly source: PolicySource;
  decide(facts: Facts): Decision;
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

/** @param policy validated: a pattern that cannot be read throws. @param source where it came from, as decisions say it. */
export function compile(policy: Policy, source: PolicySource): CompiledPolicy {
  const admission = compileAdmission(policy);
  const rules = compileRules(policy);
  const asksTrust = conditionsOf(policy).some((condition) => condition.server?.trust !== undefined || condition.server?.riskLevel !== undefined);
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
      known.set(key, (selected = { entries: admission.select(facts), rules: rules.select(facts), quiet: null }));
    }
    return selected;
  }

  const compiled: CompiledPolicy = {
    policy,
    source,
    explainFully: (facts) => ({ decision: compiled.decide(facts), near: [] }),
    restores: () => false,
    decide(facts) {
      const selected = select(facts);
      const { quiet } = selected;
      const isQuiet = facts.findings.length === 0 && facts.unknownClasses.length === 0;
      if (isQuiet && quiet && isSameQuestion(quiet.facts, facts, asksTrust) && facts.now < quiet.until) return quiet.decision;
      const { voices, standing } = admission.judge(facts, selected.entries);
      const decision = concludeFrom([...voices, ...rules.judge(viewOf(facts, standing), selected.rules)], about);
      if (isQuiet) selected.quiet = { facts, until: rules.standsUntil(facts.now), decision };
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
    isSameList(a.who?.groups, b.who?.groups)
  );
}

function conditionsOf({ admission, rules, exceptions = [] }: Policy): Condition[] {
  return [...admission.servers.map(({ match }) => ({ server: match })), ...rules.flatMap(({ when, unless }) => (unless ? [when, unless] : [when])), ...exceptions.map(({ when }) => when)];
}

function isSameList(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.length === b.length && a.every((each, i) => each === b[i]));
}
