/** What a decision costs with hundreds and thousands of rules, beside a plain look at every rule. */
import { performance } from "node:perf_hooks";
import { CLASSES } from "../../shared/inspect/data/classes.ts";
import { remoteServer } from "../../shared/mcp/identity.ts";
import { compile, type CompiledPolicy } from "../../shared/policy/compile.ts";
import type { Facts } from "../../shared/policy/decision.ts";
import { exampleFacts, exampleFinding } from "../../shared/policy/example-facts.ts";
import type { AdmissionEntry, Condition, Effect, Policy, Rule } from "../../shared/policy/language.ts";
import { plainEvaluator } from "../../shared/policy/plain-evaluator.fixture.ts";
import { validatePolicy } from "../../shared/policy/schema.ts";
import { compare, type Figure } from "./figures.ts";

export type PolicyVariant = "compiled" | "plain";

export interface PolicyFigures {
  readonly rules: number;
  readonly entries: number;
  /** Milliseconds. */
  readonly validate: number;
  readonly compile: number;
  readonly decide: readonly Figure<PolicyVariant>[];
}

const ROUNDS = 5;
const BATCH = 20;
const CLASS_NAMES = Object.keys(CLASSES);
const EFFECTS: readonly Effect[] = ["monitor", "redact", "coach", "approve", "block"];

/** A policy as a large organization might have it: most rules name a tool, a server or a group, some are about data anywhere. */
export function largePolicy(rules: number): Policy {
  const entries = Math.max(10, rules / 5);
  const servers = Array.from({ length: entries }, (_, at): AdmissionEntry => ({ id: `server-${at}`, match: { url: `https://server-${at}.example/*` }, effect: at % 7 === 0 ? "monitor" : "allow", sanctioned: at % 2 === 0 }));
  return { version: 1, id: "large", revision: 1, mode: "enforce", admission: { default: "block", servers }, rules: Array.from({ length: rules }, (_, at) => ruleAt(at, entries)) };
}

function ruleAt(at: number, entries: number): Rule {
  const data = { any: [CLASS_NAMES[at % CLASS_NAMES.length]!], ...(at % 3 === 0 && { minCount: 2 }) };
  const when = ((): Condition => {
    switch (at % 20) {
      case 0:
        return { data };
      case 1:
        return { direction: "to-client", data: { ...data, any: ["pii.*"], minCount: 5 + at } };
      case 2:
        return { who: { group: `group-${at}` }, data };
      case 3:
        return { direction: "to-server", tool: `delete_*_${at}` };
      case 4:
      case 5:
      case 6:
        return { server: { url: `https://server-${at % entries}.example/*` }, tool: "write_*" };
      case 7:
      case 8:
      case 9:
      case 10:
        return { server: { id: `server-${at % entries}` }, data };
      case 11:
        return { tool: `tool_${at}`, arguments: [{ at: "/path", glob: "/etc/*" }] };
      default:
        return { direction: "to-server", tool: [`tool_${at}`, `tool_${at}_v2`] };
    }
  })();
  const effect = EFFECTS[at % EFFECTS.length]!;
  return { id: `rule-${at}`, title: `Rule ${at}`, when, ...(at % 4 === 0 && { unless: { server: { sanctioned: true } } }), effect: effect === "redact" && !when.data ? "block" : effect };
}

/** Calls on several servers: a new connection each time, as its first message is the dearest. */
function messages(entries: number, findings: Facts["findings"]): Facts[] {
  return Array.from({ length: 500 }, (_, at) => exampleFacts(remoteServer(`https://server-${(at * 13) % entries}.example/mcp`)!, { tool: `tool_${12 + at}`, findings }));
}

export async function measurePolicies(sizes: readonly number[] = [500, 1000, 5000]): Promise<PolicyFigures[]> {
  const figures: PolicyFigures[] = [];
  for (const rules of sizes) {
    const written = largePolicy(rules);
    const entries = written.admission.servers.length;
    const validate = fastest(() => validatePolicy(written));
    const compileMs = fastest(() => compile(written, "local"));
    const plain = plainEvaluator(written);
    const found = [exampleFinding("pii.email", 0), exampleFinding("secret.jwt", 1)];
    const quiet = messages(entries, []);
    const busy = messages(entries, found);
    const compiled: CompiledPolicy = compile(written, "local");
    const run = (decide: (facts: Facts) => unknown, all: readonly Facts[]): number[] => {
      // In small batches: their median leaves out those in which the machine did something else.
      const times: number[] = [];
      for (let at = 0; at < all.length; at += BATCH) {
        const batch = all.slice(at, at + BATCH);
        const begin = performance.now();
        for (const facts of batch) decide(facts);
        times.push((performance.now() - begin) / batch.length);
      }
      return times;
    };
    const figure = (name: string, all: () => readonly Facts[]): Promise<Figure<PolicyVariant>> =>
      compare(name, "µs", ["compiled", "plain"], ROUNDS, async (variant) => run(variant === "plain" ? plain : compiled.decide, all()));
    // A connection that is new to the policy: nothing is remembered of it.
    const fresh = (all: readonly Facts[]): Facts[] => all.map((facts) => ({ ...facts, channel: { ...facts.channel } }));
    const decide = [
      await figure("first message of a connection", () => fresh(quiet)),
      await figure("first message, with data found", () => fresh(busy)),
      await figure("later message, with data found", () => busy),
      await figure("later message, nothing found", () => quiet),
    ];
    figures.push({ rules, entries, validate, compile: compileMs, decide });
  }
  return figures;
}

function fastest(work: () => unknown): number {
  return Math.min(
    ...Array.from({ length: ROUNDS }, () => {
      const begin = performance.now();
      work();
      return performance.now() - begin;
    }),
  );
}
