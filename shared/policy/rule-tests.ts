/** Runs the inline examples of a policy's rules, so that an author sees what a rule does before anybody else does. */
import { localServer, remoteServer, type ServerIdentity } from "../mcp/identity.ts";
import { never } from "../base/result.ts";
import type { Channel, Transport } from "../mcp/channel.ts";
import { readVersionRange } from "../base/version-range.ts";
import type { Finding } from "../inspect/data/finding.ts";
import { THRESHOLDS } from "./data-clause.ts";
import { levelOf } from "./risk-level.ts";
import { momentOf } from "./schema-checks.ts";
import { compile } from "./compile.ts";
import type { Decision, Facts } from "./decision.ts";
import { exampleFacts, exampleFinding } from "./example-facts.ts";
import type { Effect, Given, Policy, Rule, RuleTest, ServerMatch, UnknownFact } from "./language.ts";

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
      const decision = (test.given.server === undefined ? admitted : whole).decide(factsOfExample(policy, test.given, rule.when.direction));
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

/** @param direction where the example names none. */
export function factsOfExample(policy: Policy, given: Given, direction: Facts["direction"] = "to-server"): Facts {
  const server = given.server === undefined ? STAND_IN : serverOf(policy, given.server);
  const example = exampleFacts(server, {
    direction: given.direction ?? direction,
    ...subjectOf(given),
    findings: findingsOf(given),
    who: { user: given.user ?? "example", groups: given.groups ?? [], device: given.device ?? "example" },
  });
  const { client, transport } = given;
  const channel = { ...example.channel, ...(client !== undefined && clientOf(client)), ...(transport !== undefined && { transport: transport as Transport }) };
  const facts: Facts = {
    ...example,
    channel,
    ...(given.direction === "to-client" ? { arguments: null } : { arguments: given.arguments ?? {} }),
    ...(given.protocolVersion !== undefined && { protocolVersion: given.protocolVersion }),
    ...(given.authentication !== undefined && { authentication: given.authentication }),
    ...(given.trust !== undefined && { trust: { score: given.trust, level: levelOf(given.trust) } }),
    ...(given.addresses !== undefined && { addresses: given.addresses }),
    ...(given.at !== undefined && { now: momentOf(given.at) }),
    rate: { read: ({ of }) => given[of] ?? 0 },
  };
  return (given.unknown ?? []).reduce(forget, facts);
}

/** What the message is about; a call of some tool where the example does not say. */
function subjectOf({ method, tool, prompt, resource }: Given): Pick<Facts, "method" | "tool" | "prompt" | "resource"> {
  const isCall = prompt === undefined && resource === undefined && (method === undefined || method === "tools/call");
  return {
    method: method ?? (prompt !== undefined ? "prompts/get" : resource !== undefined ? "resources/read" : "tools/call"),
    tool: tool ?? (isCall ? "example_tool" : null),
    prompt: prompt ?? null,
    resource: resource ?? null,
  };
}

function findingsOf({ data = [] }: Given): Finding[] {
  return data.flatMap((example, at) => {
    if (typeof example === "string") return [exampleFinding(example, at)];
    const { class: name, count = 1, confidence } = example;
    return Array.from({ length: count }, (_, copy) => exampleFinding(name, data.length + at * 1000 + copy, confidence && THRESHOLDS[confidence]));
  });
}

function clientOf(id: string): Pick<Channel, "client" | "point"> {
  return { client: { id, name: id.replace(/^\w+:/, "") }, point: id.startsWith("app:") ? "page" : "stdio" };
}

function forget(facts: Facts, what: UnknownFact): Facts {
  const { channel, who = {} } = facts;
  const { server } = channel;
  switch (what) {
    case "user":
    case "groups":
    case "device": {
      const { [what]: _forgotten, ...rest } = who;
      return { ...facts, who: rest };
    }
    case "client":
      return { ...facts, channel: { ...channel, client: { id: "client:unknown", name: "unknown" } } };
    case "data":
      return { ...facts, unknownClasses: ["*"] };
    case "authentication":
      return { ...facts, authentication: "unknown" };
    case "version":
      if (server.kind !== "local" || !server.package) return facts;
      return { ...facts, channel: { ...channel, server: { ...server, package: { registry: server.package.registry, name: server.package.name } } } };
    case "method":
    case "tool":
    case "prompt":
    case "resource":
    case "arguments":
    case "protocolVersion":
    case "trust":
      return { ...facts, [what]: undefined };
    case "addresses":
    case "rate": {
      const { [what]: _forgotten, ...rest } = facts;
      return rest;
    }
    default:
      return never(what);
  }
}

/** An address, a command line, or the id of a server entry (then: some server that the entry means). */
function serverOf(policy: Policy, text: string): ServerIdentity {
  const entry = policy.admission.servers.find(({ id }) => id === text);
  if (entry) return serverLike(entry.match);
  if (text.includes("://")) return remoteServer(text) ?? STAND_IN;
  const [command = "", ...args] = text.split(/\s+/);
  return localServer(command, args);
}

/** Some version that the range includes, with the sign that stands before it. */
function versionIn(range: string | undefined): string {
  const read = readVersionRange(range ?? "*");
  const found = (range?.match(/\d+(?:\.\d+)*/g) ?? []).find((version) => read.ok && read.value(version) === true);
  return found ? `@${found}` : "";
}

function serverLike({ url, command, package: packages, version }: ServerMatch): ServerIdentity {
  const some = (patterns: string | readonly string[]): string => (typeof patterns === "string" ? patterns : patterns[0]!).replaceAll("*", "1");
  if (url !== undefined) return remoteServer(some(url).replace(/^1:/, "https:")) ?? STAND_IN;
  if (packages !== undefined) {
    const [registry, name = ""] = some(packages).split(/:(.*)/s);
    return registry === "pypi" ? localServer("uvx", [name + versionIn(version)]) : registry === "oci" ? localServer("docker", ["run", name]) : localServer("npx", ["-y", name + versionIn(version)]);
  }
  const [name = "example", ...args] = (command ?? []).filter((part) => part !== "**").map(some);
  return localServer(name, args);
}
