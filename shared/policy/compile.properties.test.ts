import fc from "fast-check";
import { expect, test } from "vitest";
import { localServer, remoteServer, type ServerIdentity } from "../mcp/identity.ts";
import { compile } from "./compile.ts";
import { ADMISSION_DEFAULT, type Decision, type Facts } from "./decision.ts";
import { exampleFacts, exampleFinding } from "./example-facts.ts";
import type { AdmissionEntry, Condition, Policy, Rule } from "./language.ts";
import { validatePolicy } from "./schema.ts";
import { compareEffects } from "./verdict.ts";

const SERVERS: ServerIdentity[] = [remoteServer("https://a.example/mcp")!, remoteServer("https://b.example/x")!, localServer("npx", ["-y", "@acme/desk"]), localServer("node", ["x.js"])];
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const pick = <const T extends readonly unknown[]>(...values: T) => fc.constantFrom(...values) as fc.Arbitrary<T[number]>;

const data = fc.record({ any: fc.uniqueArray(pick("secret.*", "pii.email", "$set", "*"), { minLength: 1, maxLength: 2 }), minConfidence: maybe(pick("low", "high")), minCount: maybe(pick(1, 2)) });
const trust = pick({ below: 50 }, { atLeast: 50 });
const servers = pick({ kind: "remote" as const }, { url: "https://a.example/*" }, { package: "npm:@acme/*" }, { command: ["node", "**"] }, { url: "*" });
const ruleServer = fc.oneof(servers, pick({ sanctioned: true }, { sanctioned: false }, { id: "e0" }), trust.map((each) => ({ trust: each })));
const who = pick({ group: "red" }, { user: "alice" });
const condition: fc.Arbitrary<Condition> = fc
  .record({ server: maybe(ruleServer), who: maybe(who), tool: maybe(pick("get_*", "*", "delete_x")), direction: maybe(pick("to-server", "to-client")), data: maybe(data), authentication: maybe(pick("none", "bearer")) })
  .map((each) => (Object.values(each).some((value) => value !== undefined) ? each : { method: "*" }));
const rule: fc.Arbitrary<Omit<Rule, "id">> = fc
  .record({ title: fc.constant("T"), when: condition, unless: maybe(condition), effect: pick("allow", "monitor", "redact", "block"), mode: maybe(pick("monitor", "enforce")), style: maybe(pick("mask", "placeholder")), message: maybe(pick("m1", "m2")), severity: maybe(pick("low", "critical")) })
  .map(({ style, ...each }) => (each.effect === "redact" ? { ...each, style, ...(!each.when.data && { when: { ...each.when, data: { any: ["*"] } } }) } : each));
const admissionEffect = pick("allow", "monitor", "block");
const entry: fc.Arbitrary<Omit<AdmissionEntry, "id">> = fc.record({
  match: servers,
  who: maybe(who),
  effect: admissionEffect,
  sanctioned: maybe(fc.boolean()),
  message: maybe(pick("e1", "e2")),
  tools: maybe(fc.array(fc.record({ name: pick("get_*", "delete_*", "*"), effect: admissionEffect, message: maybe(pick("t1", "t2")) }), { minLength: 1, maxLength: 3 })),
});
const policy: fc.Arbitrary<Policy> = fc
  .record({ mode: pick("monitor", "enforce", "enforce", "enforce"), byDefault: admissionEffect, entries: fc.array(entry, { minLength: 1, maxLength: 4 }), rules: fc.array(rule, { minLength: 1, maxLength: 5 }), exception: maybe(condition) })
  .map(({ mode, byDefault, entries, rules, exception }) => ({
    version: 1,
    id: "p",
    revision: 1,
    mode,
    labels: { set: ["pci.*", "secret.jwt"] },
    admission: { default: byDefault, servers: entries.map((each, at) => ({ id: `e${at}`, ...each })) },
    rules: rules.map((each, at) => ({ id: `r${at}`, ...each })),
    ...(exception && { exceptions: [{ rule: "r0", when: exception, owner: "o", until: "2030-01-01", ticket: "t" }] }),
  }));
const facts: fc.Arbitrary<Facts> = fc
  .record({
    server: pick(...SERVERS),
    tool: pick("get_x", "delete_x", null, undefined),
    direction: pick("to-server", "to-client"),
    findings: fc.array(fc.record({ name: pick("secret.jwt", "pii.email", "pci.card-number"), at: fc.nat(2), confidence: pick(0.2, 0.5, 0.7, 0.9) }), { maxLength: 4 }),
    unknownClasses: pick([], [], ["secret.*"], ["pii.*", "pci.*"]),
    trust: pick(undefined, { score: 10, level: "critical" }, { score: 90, level: "low" }),
    who: pick(undefined, { user: "alice", groups: ["red"] }, { user: "bob", groups: [] }, { user: "alice" }),
    authentication: pick("none", "bearer", "unknown"),
    now: pick(0, Date.UTC(2040, 0, 1)),
  })
  .map(({ server, findings, ...rest }) => exampleFacts(server, { ...rest, findings: findings.map(({ name, at, confidence }) => exampleFinding(name, at, confidence)) }));

const decide = (written: Policy, about: Facts): Decision => compile(written, "local").decide(about);

function atLeastAsStrict(now: Decision, before: Decision): void {
  expect(compareEffects(now.effect, before.effect)).toBeGreaterThanOrEqual(0);
  expect(compareEffects(now.enforced, before.enforced)).toBeGreaterThanOrEqual(0);
  for (const { finding } of before.redactions) expect(now.redactions.map((each) => each.finding)).toContain(finding);
}

test("what is generated here is valid policy", () => {
  fc.assert(
    fc.property(policy, (written) => {
      expect(validatePolicy(JSON.parse(JSON.stringify(written)))).toMatchObject({ ok: true });
    }),
  );
});

test("the order of rules, entries and tools never changes a decision", () => {
  fc.assert(
    fc.property(policy, facts, fc.infiniteStream(fc.nat(10)), (written, about, dice) => {
      const shuffle = <T>(list: readonly T[]): T[] => list.map((each) => ({ each, at: dice.next().value as number })).sort((a, b) => a.at - b.at).map(({ each }) => each);
      const entries = shuffle(written.admission.servers).map((each) => ({ ...each, ...(each.tools && { tools: shuffle(each.tools) }) }));
      expect(decide({ ...written, admission: { ...written.admission, servers: entries }, rules: shuffle(written.rules) }, about)).toEqual(decide(written, about));
    }),
    { numRuns: 400 },
  );
});

test("one more restricting rule never loosens", () => {
  fc.assert(
    fc.property(policy, rule, facts, (written, more, about) => {
      fc.pre(more.effect !== "allow");
      atLeastAsStrict(decide({ ...written, rules: [...written.rules, { id: "more", ...more }] }, about), decide(written, about));
    }),
    { numRuns: 400 },
  );
});

// threat: rule-opens-server
test("one more allowing rule changes nothing, on listed and on unlisted servers", () => {
  fc.assert(
    fc.property(policy, rule, facts, (written, more, about) => {
      const before = decide(written, about);
      const now = decide({ ...written, rules: [...written.rules, { id: "more", ...more, effect: "allow" }] }, about);
      expect({ ...now, matched: [] }).toEqual({ ...before, matched: [] });
      expect(now.matched.some(({ id }) => id === ADMISSION_DEFAULT)).toBe(before.matched.some(({ id }) => id === ADMISSION_DEFAULT));
    }),
    { numRuns: 400 },
  );
});

test("one more exception spares at most its own rule", () => {
  fc.assert(
    fc.property(policy, condition, facts, (written, when, about) => {
      const now = decide({ ...written, exceptions: [...(written.exceptions ?? []), { rule: "r0", when, owner: "o", until: "2030-01-01", ticket: "t" }] }, about);
      atLeastAsStrict(now, decide({ ...written, rules: written.rules.slice(1), exceptions: [] }, about));
    }),
    { numRuns: 200 },
  );
});

test("knowing less never loosens", () => {
  fc.assert(
    fc.property(policy, facts, pick("tool", "trust", "who", "method", "authentication", "unknownClasses"), (written, about, hide) => {
      fc.pre(!(hide === "tool" && about.tool === null));
      const hidden = hide === "authentication" ? "unknown" : hide === "unknownClasses" ? ["*"] : undefined;
      const now = decide(written, { ...about, [hide]: hidden });
      const before = decide(written, about);
      expect(compareEffects(now.effect, before.effect)).toBeGreaterThanOrEqual(0);
      expect(compareEffects(now.enforced, before.enforced)).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 600 },
  );
});

test("what happened is never stricter than what policy said, and nothing beyond recording happens while watching", () => {
  fc.assert(
    fc.property(policy, facts, (written, about) => {
      const decision = decide(written, about);
      expect(compareEffects(decision.enforced, decision.effect)).toBeLessThanOrEqual(0);
      if (written.mode === "monitor") expect([compareEffects(decision.enforced, "monitor") <= 0, decision.redactions]).toEqual([true, []]);
      expect(decision.decidedBy === null).toBe(decision.effect === "allow");
    }),
  );
});

test("a connection that turns out to speak another transport is judged as that", () => {
  let transport: Facts["channel"]["transport"] = "streamable-http";
  const about = exampleFacts(SERVERS[0]!);
  const channel = {
    ...about.channel,
    get transport() {
      return transport;
    },
  };
  const written: Policy = { version: 1, id: "p", revision: 1, mode: "enforce", admission: { default: "allow", servers: [] }, rules: [{ id: "old", title: "T", when: { transport: "sse" }, effect: "block" }] };
  const compiled = compile(written, "local");
  expect(compiled.decide({ ...about, channel }).effect).toBe("allow");
  transport = "sse";
  expect(compiled.decide({ ...about, channel }).effect).toBe("block");
});

test("what a policy remembers of one connection changes no answer", () => {
  // One rule for everything that a rule may look at, so that an answer given to the wrong question shows.
  const conditions: Condition[] = [
    { method: "tools/list" }, { prompt: "p" }, { resource: "r" }, { protocolVersion: "2025-*" }, { authentication: "none" }, { direction: "to-server" }, { tool: "get_*" },
    { who: { user: "alice" } }, { who: { group: "red" } }, { who: { device: "d" } }, { server: { trust: { below: 50 } } }, { server: { riskLevel: ["critical"] } }, { data: { any: ["secret.*"] } },
  ];
  const all: Policy = {
    version: 1,
    id: "p",
    revision: 1,
    mode: "enforce",
    admission: { default: "monitor", servers: [] },
    rules: conditions.map((when, at) => ({ id: `r${at}`, title: "T", when, effect: "monitor" })),
    exceptions: [{ rule: "r4", when: { method: "*" }, owner: "o", until: "2030-01-01", ticket: "t" }],
  };
  const channels = new Map(SERVERS.map((server) => [server, exampleFacts(server).channel]));
  const question = fc
    .record({
      about: facts,
      server: pick(...SERVERS.slice(0, 2)),
      method: pick("tools/call", "tools/list", undefined),
      prompt: pick(null, "p", "q"),
      resource: pick(null, "r", "s"),
      protocolVersion: pick(undefined, "2025-06-18", "2026-07-28"),
      who: pick(undefined, { user: "alice" }, { user: "bob" }, { groups: ["red"] }, { groups: ["red", "blue"] }, { groups: [] }, { device: "d" }, { device: "e" }),
      unplaced: fc.boolean(),
      began: pick(undefined, "tools/call", "tools/list"),
      now: pick(1, Date.UTC(2029, 11, 31), Date.UTC(2030, 0, 3)),
      quiet: pick(true, true, true, false),
    })
    .map(({ about, server, quiet, ...rest }): Facts => ({ ...about, ...rest, channel: channels.get(server)!, ...(quiet ? { findings: [], unknownClasses: [] } : {}) }));
  const twoOf = fc.tuple(question, question).chain(([a, b]) => {
    // Mostly the same question, but for one thing: what a memory that looks at too little would get wrong.
    const fields = Object.keys(a) as (keyof Facts)[];
    return fc.constantFrom(...fields).map((field): Facts[] => [a, { ...a, [field]: b[field] }, a, b]);
  });
  fc.assert(
    fc.property(fc.oneof(policy, fc.constant(all), fc.constant(all)), fc.array(twoOf, { minLength: 1, maxLength: 4 }), (written, pairs) => {
      const remembering = compile(written, "local");
      for (const each of pairs.flat()) expect(remembering.decide(each)).toEqual(compile(written, "local").decide(each));
    }),
    { numRuns: 400 },
  );
});
