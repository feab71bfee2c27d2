/** A policy made ready to decide: patterns read once, what depends only on the connection remembered per connection. Knows no schema library, because every page's relay carries it. */
import type { Channel } from "../mcp/channel.ts";
import { compileAdmission, type Admission } from "./admission.ts";
import type { Decision, Facts, PolicySource } from "./decision.ts";
import type { Policy } from "./language.ts";
import { compileRules, type Rules } from "./rules.ts";
import { concludeFrom } from "./verdict.ts";
import { viewOf } from "./view.ts";

/** A policy made ready to decide. Holds no input; safe to share. */
export interface CompiledPolicy {
  readonly policy: Policy;
  readonly source: PolicySource;
  decide(facts: Facts): Decision;
}

interface Selected {
  readonly entries: ReturnType<Admission["select"]>;
  readonly rules: ReturnType<Rules["select"]>;
}

/** A hostile server can invent tool names without end. */
const MAX_KEPT = 256;

/** @param policy validated: a pattern that cannot be read throws. @param source where it came from, as decisions say it. */
export function compile(policy: Policy, source: PolicySource): CompiledPolicy {
  const admission = compileAdmission(policy);
  const rules = compileRules(policy);
  const about: Decision["policy"] = { id: policy.id, revision: policy.revision, source };
  const kept = new WeakMap<Channel, Map<string, Selected>>();

  function select(facts: Facts): Selected {
    let known = kept.get(facts.channel);
    if (!known) kept.set(facts.channel, (known = new Map()));
    const key = `${facts.direction} ${facts.unplaced ? "unplaced " : ""}${facts.tool === undefined ? "unknown" : facts.tool === null ? "none" : `tool ${facts.tool}`}`;
    let selected = known.get(key);
    if (!selected) {
      if (known.size >= MAX_KEPT) known.clear();
      known.set(key, (selected = { entries: admission.select(facts), rules: rules.select(facts) }));
    }
    return selected;
  }

  return {
    policy,
    source,
    decide(facts) {
      const selected = select(facts);
      const { voices, standing } = admission.judge(facts, selected.entries);
      return concludeFrom([...voices, ...rules.judge(viewOf(facts, standing), selected.rules)], about);
    },
  };
}
