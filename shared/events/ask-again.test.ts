import fc from "fast-check";
import { expect, test } from "vitest";
import { localServer, remoteServer, type ServerIdentity } from "../mcp/identity.ts";
import { compile } from "../policy/compile.ts";
import type { Facts } from "../policy/decision.ts";
import { exampleFacts, exampleFinding } from "../policy/example-facts.ts";
import type { AdmissionEntry, Condition, Effect, Policy, Rule } from "../policy/language.ts";
import { compareEffects } from "../policy/verdict.ts";
import { createAsker } from "./ask-again.ts";
import { PASSED } from "./example-records.fixture.ts";
import type { FindingSummary, MessageRecord } from "./record.ts";
import type { Surroundings } from "./replay.ts";

const SERVERS: ServerIdentity[] = [remoteServer("https://a.example/mcp")!, remoteServer("https://b.example/x")!, localServer("npx", ["-y", "@acme/desk"])];
const pick = <const T extends readonly unknown[]>(...values: T) => fc.constantFrom(...values) as fc.Arbitrary<T[number]>;
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const server = pick({ url: "https://a.example/*" }, { kind: "local" as const }, { sanctioned: true }, { trust: { below: 50 } });
const condition: fc.Arbitrary<Condition> = fc
  .record({
    server: maybe(server),
    who: maybe(pick({ user: "alice" }, { group: "red" }, { device: "d1" })),
    tool: maybe(pick("get_*", "delete_x")),
    direction: maybe(pick("to-server", "to-client")),
    data: maybe(fc.record({ any: fc.constant(["secret.*"] as string[]), minConfidence: maybe(pick("low", "high")), minCount: maybe(pick(1, 2, 3)) })),
    protocolVersion: maybe(pick("2025-*", "2026-*")),
    authentication: maybe(pick("none", "bearer")),
  })
  .map((each) => (Object.values(each).some((value) => value !== undefined) ? each : { method: "*" }));
const rule: fc.Arbitrary<Omit<Rule, "id">> = fc.record({ title: fc.constant("T"), when: condition, unless: maybe(condition), effect: pick("monitor", "block", "allow"), mode: maybe(pick("monitor", "enforce")) });
const entry: fc.Arbitrary<Omit<AdmissionEntry, "id">> = fc.record({ match: pick({ url: "https://a.example/*" }, { kind: "local" as const }, { trust: { below: 50 } }), who: maybe(pick({ user: "alice" }, { group: "red" })), effect: pick("allow", "monitor", "block"), sanctioned: maybe(fc.boolean()) });
const policy: fc.Arbitrary<Policy> = fc
  .record({ byDefault: pick("allow", "monitor", "block"), entries: fc.array(entry, { maxLength: 2 }), rules: fc.array(rule, { minLength: 1, maxLength: 3 }), exception: maybe(condition) })
  .map(({ byDefault, entries, rules, exception }) => ({
    version: 1,
    id: "p",
    revision: 1,
    mode: "enforce",
    admission: { default: byDefault, servers: entries.map((each, at) => ({ id: `e${at}`, ...each })) },
    rules: rules.map((each, at) => ({ id: `r${at}`, ...each })),
    ...(exception && { exceptions: [{ rule: "r0", when: exception, owner: "o", until: "2030-01-01", ticket: "t" }] }),
  }));

const facts: fc.Arbitrary<Facts> = fc
  .record({
    server: pick(...SERVERS),
    tool: pick("get_x", "delete_x"),
    direction: pick("to-server", "to-client"),
    findings: fc.array(fc.record({ at: fc.nat(5), confidence: pick(0.4, 0.9) }), { maxLength: 6 }),
    trust: pick({ score: 10, level: "critical" as const }, { score: 90, level: "low" as const }),
    who: fc.record({ user: pick("alice", "bob"), groups: pick<[string[], string[]]>(["red"], []), device: pick("d1", "d2") }),
    protocolVersion: pick("2025-06-18", "2026-07-28"),
    authentication: pick("none", "bearer"),
    now: pick(Date.UTC(2029, 0, 1), Date.UTC(2040, 0, 1)),
  })
  .map(({ server: of, findings, ...rest }) => exampleFacts(of, { ...rest, findings: findings.map(({ at, confidence }) => exampleFinding("secret.jwt", at, confidence)) }));

/** What the gate would have kept of this message. */
function recordOf(about: Facts): MessageRecord {
  const { channel, direction, tool, findings, now } = about;
  const fingerprints = [...new Set(findings.map(({ fingerprint }) => fingerprint))].slice(0, 3);
  const summary: FindingSummary[] = findings.length === 0 ? [] : [{ class: "secret.jwt", count: findings.length, confidence: Math.max(...findings.map(({ confidence }) => confidence)), previews: [], fingerprints, pointers: [] }];
  const kind = direction === "to-server" ? "request" : "response";
  return { v: 1, id: "00000000-0000-7000-8000-000000000000", time: now, by: "guard", kind, channel: channel.id, point: channel.point, transport: channel.transport, client: channel.client, server: channel.server, direction, method: "tools/call", ...(tool && { tool }), bytes: 1, findings: summary, decision: PASSED, redacted: 0, exchange: "x" };
}

const surroundings = (about: Facts, hidden: { user: boolean; groups: boolean; device: boolean; trust: boolean; version: boolean; authentication: boolean }): Surroundings => ({
  protocolVersion: hidden.version ? undefined : about.protocolVersion,
  authentication: hidden.authentication ? "unknown" : about.authentication,
  trust: hidden.trust ? undefined : about.trust,
  who: { ...(!hidden.user && { user: about.who!.user! }), ...(!hidden.groups && { groups: about.who!.groups! }), ...(!hidden.device && { device: about.who!.device! }) },
});
const hiding = fc.record({ user: fc.boolean(), groups: fc.boolean(), device: fc.boolean(), trust: fc.boolean(), version: fc.boolean(), authentication: fc.boolean() });

const isBetween = (least: Effect, real: Effect, most: Effect): boolean => compareEffects(least, real) <= 0 && compareEffects(real, most) <= 0;

test("the decision that the message itself would have got lies between what is certain and what may be", () => {
  let certain = 0;
  let open = 0;
  fc.assert(
    fc.property(policy, facts, hiding, (written, about, hidden) => {
      const compiled = compile(written, "local");
      const { least, most, open: gaps } = createAsker(compiled).ask(recordOf(about), surroundings(about, hidden));
      const real = compiled.decide(about);
      expect([isBetween(least.effect, real.effect, most.effect), isBetween(least.enforced, real.enforced, most.enforced)]).toEqual([true, true]);
      expect(gaps.length > 0).toBe(least.effect !== most.effect || least.enforced !== most.enforced);
      if (gaps.length > 0) open++;
      else certain++;
    }),
    { numRuns: 3000 },
  );
  // Both kinds must have been looked at.
  expect(Math.min(certain, open)).toBeGreaterThan(100);
});

test("where all is known, an answer hangs on counts at most", () => {
  fc.assert(
    fc.property(policy, facts, (written, about) => {
      const answer = createAsker(compile(written, "local")).ask(recordOf(about), surroundings(about, { user: false, groups: false, device: false, trust: false, version: false, authentication: false }));
      expect(answer.open.filter((gap) => gap !== "count")).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});

test("what is unknown may have matched, and the answer names it", () => {
  const written: Policy = { version: 1, id: "p", revision: 1, mode: "enforce", admission: { default: "allow", servers: [] }, rules: [{ id: "r", title: "T", when: { tool: "get_x", arguments: [{ at: "/path", glob: "/etc/*" }] }, effect: "block" }] };
  const asker = createAsker(compile(written, "local"));
  const record = recordOf(exampleFacts(SERVERS[0]!, { tool: "get_x" }));
  const around = surroundings(exampleFacts(SERVERS[0]!), { user: false, groups: false, device: false, trust: false, version: false, authentication: false });
  expect(asker.ask(record, around)).toMatchObject({ least: { effect: "allow" }, most: { effect: "block" }, open: ["arguments"] });
  expect(asker.ask({ ...record, tool: "other" }, around)).toMatchObject({ least: { effect: "allow" }, most: { effect: "allow" }, open: [] });
});

test("two messages that differ only in time are told apart when an exception ends between them", () => {
  const written: Policy = {
    version: 1,
    id: "p",
    revision: 1,
    mode: "enforce",
    admission: { default: "allow", servers: [] },
    rules: [{ id: "r", title: "T", when: { tool: "get_x" }, effect: "block" }],
    exceptions: [{ rule: "r", when: { method: "*" }, owner: "o", until: "2026-11-20", ticket: "t" }],
  };
  const asker = createAsker(compile(written, "local"));
  const around: Surroundings = { protocolVersion: undefined, authentication: "unknown", trust: undefined, who: undefined };
  const at = (now: number) => asker.ask(recordOf(exampleFacts(SERVERS[0]!, { tool: "get_x", now })), around).most.effect;
  expect([at(Date.UTC(2026, 10, 20, 23, 59)), at(Date.UTC(2026, 10, 21))]).toEqual(["allow", "block"]);
});

test("a name that was cut or withheld may have been any", () => {
  const written: Policy = {
    version: 1,
    id: "p",
    revision: 1,
    mode: "enforce",
    admission: { default: "allow", servers: [{ id: "e", match: { url: "https://b.example/*" }, effect: "allow", tools: [{ name: "delete_*", effect: "block" }] }] },
    rules: [{ id: "r", title: "T", when: { server: { url: "https://a.example/*" }, tool: "get_*" }, effect: "block" }],
  };
  const asker = createAsker(compile(written, "local"));
  const around: Surroundings = { protocolVersion: undefined, authentication: "unknown", trust: undefined, who: undefined };
  for (const server of SERVERS.slice(0, 2)) {
    const record = recordOf(exampleFacts(server, { tool: "get_x" }));
    for (const tool of ["[withheld: secret.jwt]", "g".repeat(200)]) expect(asker.ask({ ...record, tool }, around)).toMatchObject({ least: { effect: "allow" }, most: { effect: "block" }, open: ["name"] });
    expect(asker.ask({ ...record, tool: "other" }, around).open).toEqual([]);
  }
});
