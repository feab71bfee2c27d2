/** A policy put to the test: the examples of its rules, further ones from files, and what of the policy they touch. */
import { compile } from "./compile.ts";
import type { Decision } from "./decision.ts";
import { explain } from "./explain.ts";
import type { Condition, Effect, Given, Policy, Rule } from "./language.ts";
import { factsOfExample, runRuleTests } from "./rule-tests.ts";

/** An example that stands in a file of its own. */
export interface FileTest {
  readonly name: string;
  readonly given: Given;
  readonly expect: { readonly effect: Effect; /** Rule, server entry or `admission.default`. */ readonly decidedBy?: string };
}

export interface Case {
  /** Rule whose example it is; null: from a file. */
  readonly rule: string | null;
  readonly name: string;
  readonly passed: boolean;
  readonly expected: Effect;
  readonly actual: Effect;
  readonly decidedBy: string | null;
  /** Who decided, or what is wrong. */
  readonly detail: string;
  /** Of a failed one: the decision in plain sentences. */
  readonly because: readonly string[];
}

/** What of one rule the examples touch. */
export interface RuleCoverage {
  readonly rule: string;
  /** Examples in which it spoke. */
  readonly spoke: number;
  /** Examples that its `when` matches, also where it was spared. */
  readonly reached: number;
  /** Examples that its `unless` spares; null: it has none. */
  readonly unless: number | null;
  /** For each of its exceptions: examples that it means, whatever the date. */
  readonly exceptions: readonly { readonly ticket: string; readonly examples: number }[];
}

export interface EntryCoverage {
  readonly entry: string;
  readonly examples: number;
}

export interface Trial {
  readonly cases: readonly Case[];
  readonly rules: readonly RuleCoverage[];
  readonly entries: readonly EntryCoverage[];
}

export function runTrial(policy: Policy, fileTests: readonly FileTest[] = []): Trial {
  const inline = runRuleTests(policy);
  const examples = [...policy.rules.flatMap((rule) => (rule.tests ?? []).map(({ given }) => ({ given, direction: rule.when.direction }))), ...fileTests.map(({ given }) => ({ given, direction: undefined }))];
  const judge = judgeOf(policy);
  const probe = new Probe(policy);
  const decisions = examples.map(({ given, direction }) => {
    const decision = judge(given, direction);
    probe.look(given, direction, decision);
    return decision;
  });
  const { support } = policy;
  const cases = [
    ...inline.map(({ rule, test, passed, expected, actual, detail }, at): Case => ({ rule, name: `example ${test + 1}`, passed, expected, actual, decidedBy: decisions[at]!.decidedBy, detail, because: passed ? [] : explain(decisions[at]!, support) })),
    ...fileTests.map((test, at) => caseOf(test, decisions[inline.length + at]!, support)),
  ];
  return { cases, rules: probe.rules(), entries: probe.entries() };
}

function caseOf({ name, expect }: FileTest, decision: Decision, support: Policy["support"]): Case {
  const { effect, decidedBy } = decision;
  const wrong =
    effect !== expect.effect
      ? `expected ${expect.effect}, got ${effect}${decidedBy ? ` from ${decidedBy}` : ""}`
      : expect.decidedBy !== undefined && expect.decidedBy !== decidedBy
        ? `${effect} as expected, but from ${decidedBy ?? "nobody"}, not from ${expect.decidedBy}`
        : null;
  return { rule: null, name, passed: wrong === null, expected: expect.effect, actual: effect, decidedBy, detail: wrong ?? decidedBy ?? "nothing restricts it", because: wrong === null ? [] : explain(decision, support) };
}

/** An example without a server is about some server that may be used. */
function judgeOf(policy: Policy): (given: Given, direction: "to-server" | "to-client" | undefined) => Decision {
  const whole = compile(policy, "local");
  const admitted = compile(withoutAdmission(policy), "local");
  return (given, direction) => (given.server === undefined ? admitted : whole).decide(factsOfExample(policy, given, direction));
}

function withoutAdmission(policy: Policy): Policy {
  return { ...policy, admission: { default: "allow", servers: [] } };
}

interface Counts {
  spoke: number;
  reached: number;
  unless: number;
  readonly exceptions: number[];
}

/** Asks each condition by itself. A rule that blocks matches what may be, one that allows only what is for certain: just what "when" and "unless" count. */
class Probe {
  readonly #policy: Policy;
  readonly #judge: ReturnType<typeof judgeOf>;
  readonly #counts: ReadonlyMap<string, Counts>;
  readonly #entries = new Map<string, number>();

  constructor(policy: Policy) {
    this.#policy = policy;
    this.#counts = new Map(policy.rules.map(({ id }) => [id, { spoke: 0, reached: 0, unless: 0, exceptions: exceptionsOf(policy, id).map(() => 0) }]));
    this.#judge = judgeOf({ ...policy, mode: "enforce", rules: policy.rules.flatMap((rule) => probesOf(rule, policy)), exceptions: [] });
  }

  look(given: Given, direction: "to-server" | "to-client" | undefined, decision: Decision): void {
    const touched = new Set(this.#judge(given, direction).matched.map(({ id }) => id));
    const spoke = new Set(decision.matched.filter(({ kind }) => kind === "rule").map(({ id }) => id));
    for (const [id, counts] of this.#counts) {
      if (spoke.has(id)) counts.spoke++;
      if (!touched.has(probeId("when", id))) continue;
      counts.reached++;
      if (touched.has(probeId("unless", id))) counts.unless++;
      for (const at of counts.exceptions.keys()) if (touched.has(probeId(`exception ${at}`, id))) counts.exceptions[at]!++;
    }
    if (given.server !== undefined) for (const { kind, id } of decision.matched) if (kind === "admission") this.#entries.set(id, (this.#entries.get(id) ?? 0) + 1);
  }

  rules(): RuleCoverage[] {
    return this.#policy.rules.map(({ id, unless }) => {
      const counts = this.#counts.get(id)!;
      return { rule: id, spoke: counts.spoke, reached: counts.reached, unless: unless ? counts.unless : null, exceptions: exceptionsOf(this.#policy, id).map(({ ticket }, at) => ({ ticket, examples: counts.exceptions[at]! })) };
    });
  }

  entries(): EntryCoverage[] {
    return this.#policy.admission.servers.map(({ id }) => ({ entry: id, examples: this.#entries.get(id) ?? 0 }));
  }
}

function probesOf(rule: Rule, policy: Policy): Rule[] {
  const probe = (what: string, when: Condition, effect: Effect): Rule => ({ id: probeId(what, rule.id), title: what, when, effect });
  return [probe("when", rule.when, "block"), ...(rule.unless ? [probe("unless", rule.unless, "allow")] : []), ...exceptionsOf(policy, rule.id).map(({ when }, at) => probe(`exception ${at}`, when, "allow"))];
}

/** No rule can have it: a blank stands in no id. */
function probeId(what: string, rule: string): string {
  return `${what} of ${rule}`;
}

function exceptionsOf({ exceptions = [] }: Policy, rule: string): NonNullable<Policy["exceptions"]> {
  return exceptions.filter((exception) => exception.rule === rule);
}
