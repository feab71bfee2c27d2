/** Runs the inline examples of a policy's rules, so that an author sees what a rule does before anybody else does. */
import { localServer, remoteServer, type ServerIdentity } from "../mcp/identity.ts";
import { compile } from "./compile.ts";
import type { Decision, Facts } from "./decision.ts";
import { exampleFacts, exampleFinding } from "./example-facts.ts";
import type { Effect, Policy, Rule, RuleTest, ServerMatch } from "./language.ts";

export interface TestOutcome {
  readonly rule: string;
  /** Position in the rule's `tests`. */
  readonly test: number;
  readonly passed: boolean;
  readonly expected: Effect;
  readonly actual: Effect;
  /** Who decided, or why the test failed. */
  readonly detail: string;
}

/** Each test asks the whole policy, so that rules which get in each other's way show. A test without a server is about some server that may be used. */
export function runRuleTests(policy: Policy): TestOutcome[] {
  const whole = compile(policy, "local");
  const admitted = compile({ ...policy, admission: { default: "allow", servers: [] } }, "local");
  return policy.rules.flatMap((rule) =>
    (rule.tests ?? []).map((test, at) => {
      const decision = (test.given.server === undefined ? admitted : whole).decide(factsOf(policy, rule, test));
      return outcome(rule, test, at, decision);
    }),
  );
}

function outcome(rule: Rule, test: RuleTest, at: number, decision: Decision): TestOutcome {
  const base = { rule: rule.id, test: at, expected: test.expect, actual: decision.effect };
  if (decision.effect !== test.expect) return { ...base, passed: false, detail: `expected ${test.expect}, got ${decision.effect}${decision.decidedBy ? ` from ${decision.decidedBy}` : ""}` };
  const took = decision.matched.some((matched) => matched.kind === "rule" && matched.id === rule.id);
  if (test.expect === rule.effect && !took) return { ...base, passed: false, detail: `${test.expect} came from ${decision.decidedBy ?? "nowhere"}, not from this rule` };
  return { ...base, passed: true, detail: decision.decidedBy ?? "nothing restricts it" };
}

const STAND_IN: ServerIdentity = { kind: "remote", id: "srv_example", url: "https://server.example/mcp" };

function factsOf(policy: Policy, rule: Rule, { given }: RuleTest): Facts {
  const server = given.server === undefined ? STAND_IN : serverOf(policy, given.server);
  return exampleFacts(server, {
    direction: given.direction ?? rule.when.direction ?? "to-server",
    findings: (given.data ?? []).map((name, at) => exampleFinding(name, at)),
    ...(given.tool !== undefined && { tool: given.tool }),
  });
}

/** An address, a command line, or the id of a server entry (then: some server that the entry means). */
function serverOf(policy: Policy, text: string): ServerIdentity {
  const entry = policy.admission.servers.find(({ id }) => id === text);
  if (entry) return serverLike(entry.match);
  if (text.includes("://")) return remoteServer(text) ?? STAND_IN;
  const [command = "", ...args] = text.split(/\s+/);
  return localServer(command, args);
}

function serverLike({ url, command, package: packages }: ServerMatch): ServerIdentity {
  const some = (patterns: string | readonly string[]): string => (typeof patterns === "string" ? patterns : patterns[0]!).replaceAll("*", "1");
  if (url !== undefined) return remoteServer(some(url).replace(/^1:/, "https:")) ?? STAND_IN;
  if (packages !== undefined) {
    const [registry, name = ""] = some(packages).split(/:(.*)/s);
    return registry === "pypi" ? localServer("uvx", [name]) : registry === "oci" ? localServer("docker", ["run", name]) : localServer("npx", ["-y", name]);
  }
  const [name = "example", ...args] = (command ?? []).filter((part) => part !== "**").map(some);
  return localServer(name, args);
}
