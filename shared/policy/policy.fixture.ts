/** Random policies and facts that touch everything the language can ask. */
import fc from "fast-check";
import { localServer, remoteServer, type ServerIdentity } from "../mcp/identity.ts";
import type { Facts } from "./decision.ts";
import { exampleFacts, exampleFinding } from "./example-facts.ts";
import type { AdmissionEntry, ArgumentMatch, Condition, Policy, Rule } from "./language.ts";

export const SERVERS: ServerIdentity[] = [remoteServer("https://a.example/mcp")!, remoteServer("https://b.example/x")!, localServer("npx", ["-y", "@acme/desk"]), localServer("npx", ["-y", "@acme/desk@1.4.2"]), localServer("node", ["x.js"])];
export const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
export const pick = <const T extends readonly unknown[]>(...values: T) => fc.constantFrom(...values) as fc.Arbitrary<T[number]>;

const data = fc.record({ any: fc.uniqueArray(pick("secret.*", "pii.email", "$set", "*"), { minLength: 1, maxLength: 2 }), minConfidence: maybe(pick("low", "high")), minCount: maybe(pick(1, 2)), minTotal: maybe(pick(1, 2)) });
const trust = pick({ below: 50 }, { atLeast: 50 });
const servers = pick({ kind: "remote" as const }, { url: "https://a.example/*" }, { package: "npm:@acme/*" }, { package: "npm:@acme/desk", version: "^1.4" }, { url: "https://b.example/x" }, { command: ["npx", "-y", "**"] }, { command: ["node", "**"] }, { url: "*" });
const ruleServer = fc.oneof(servers, pick({ sanctioned: true }, { sanctioned: false }, { id: "e0" }), trust.map((each) => ({ trust: each })));
const who = pick({ group: "red" }, { user: "alice" });
const client = pick({ id: "client:example" }, { id: "app:*" }, { webApp: "https://app.example" }, { point: "stdio" as const });
const argument: fc.Arbitrary<ArgumentMatch> = pick({ at: "/path", glob: "/etc/*" }, { at: "/n", range: { atLeast: 10 } }, { at: "/list/*", equals: 1 }, { at: "/list", size: { atLeast: 2 } }, { at: "/path", exists: false }, { at: "", in: ["x"] });
const time = pick({ days: "mon-fri", from: "08:00", to: "18:00", zone: "Europe/Berlin" }, { from: "22:00", to: "06:00", zone: "UTC" });
const rate = pick({ calls: { over: 3 }, per: "1m" }, { bytes: { over: 1000 }, per: "1h", by: "tool" as const });
export const condition: fc.Arbitrary<Condition> = fc
  .record({ server: maybe(ruleServer), who: maybe(who), tool: maybe(pick("get_*", "*", "delete_x")), direction: maybe(pick("to-server", "to-client")), data: maybe(data), authentication: maybe(pick("none", "bearer")), more: maybe(fc.oneof(client.map((each) => ({ client: each })), argument.map((each) => ({ arguments: [each] })), time.map((each) => ({ time: each })), pick({ network: "office" }), rate.map((each) => ({ rate: each })), pick({ method: "tools/*" }))) })
  .map(({ more, ...rest }): Condition => {
    const { direction: _dropped, ...open } = rest;
    // Arguments and calls go to servers: with the other direction the schema refuses them.
    return { ...(more && ("arguments" in more || "rate" in more) ? open : rest), ...more };
  })
  .map((each) => (Object.values(each).some((value) => value !== undefined) ? each : { method: "*" }));
const override = maybe(pick({ reason: "required" as const }, { for: "8h", raw: true }, { for: "session" }));
const approve = maybe(pick({ offer: ["session" as const, "1h"] }, { within: "10s" }));

export const rule: fc.Arbitrary<Omit<Rule, "id">> = fc
  .record({ title: fc.constant("T"), when: condition, unless: maybe(condition), effect: pick("allow", "monitor", "redact", "redact", "coach", "approve", "block"), override, approve, mode: maybe(pick("monitor", "enforce")), style: maybe(pick("mask", "placeholder", "token", "format-preserving")), message: maybe(pick("m1", "m2")), severity: maybe(pick("low", "critical")) })
  .map(({ override: coached, approve: approved, ...each }) => ({ ...each, ...(each.effect === "coach" && { override: coached }), ...(each.effect === "approve" && { approve: approved }) }))
  .map(({ style, ...each }) => (each.effect === "redact" ? { ...each, style, ...(!each.when.data && { when: { ...each.when, data: { any: ["*"] } } }) } : each));
const admissionEffect = pick("allow", "allow", "allow", "allow", "monitor", "coach", "approve", "block");
const entry: fc.Arbitrary<Omit<AdmissionEntry, "id">> = fc.record({
  match: servers,
  who: maybe(who),
  client: maybe(client),
  effect: admissionEffect,
  sanctioned: maybe(fc.boolean()),
  message: maybe(pick("e1", "e2")),
  tools: maybe(fc.array(fc.record({ name: pick("get_*", "delete_*", "*"), effect: admissionEffect, message: maybe(pick("t1", "t2")) }), { minLength: 1, maxLength: 3 })),
});
export const policy: fc.Arbitrary<Policy> = fc
  .record({ mode: pick("monitor", "enforce", "enforce", "enforce"), byDefault: admissionEffect, entries: fc.array(entry, { minLength: 1, maxLength: 4 }), rules: fc.array(rule, { minLength: 1, maxLength: 5 }), exception: maybe(fc.oneof(condition, fc.constant<Condition>({ method: "*" }))), redaction: maybe(pick({ "pii.*": "mask" as const, "pii.email": "token" as const }, { "secret.*": { style: "token" as const, restoreFor: { id: "e0" } } })) })
  .map(({ mode, byDefault, entries, rules, exception, redaction }) => ({
    version: 1,
    id: "p",
    revision: 1,
    mode,
    networks: { office: ["10.0.0.0/8", "fd00::/8"] },
    ...(redaction && { redaction }),
    labels: { set: ["pci.*", "secret.jwt"] },
    admission: { default: byDefault, servers: entries.map((each, at) => ({ id: `e${at}`, ...each })) },
    rules: rules.map((each, at) => ({ id: `r${at}`, ...each })),
    ...(exception && { exceptions: [{ rule: "r0", when: exception, owner: "o", until: "2030-01-01", ticket: "t" }] }),
  }));
export const facts: fc.Arbitrary<Facts> = fc
  .record({
    server: pick(...SERVERS),
    tool: pick("get_x", "delete_x", null, undefined),
    direction: pick("to-server", "to-client"),
    findings: fc.array(fc.record({ name: pick("secret.jwt", "pii.email", "pci.card-number"), at: fc.nat(2), confidence: pick(0.2, 0.3, 0.5, 0.6, 0.7, 0.85, 0.9) }), { maxLength: 4 }),
    unknownClasses: pick([], [], ["secret.*"], ["pii.*", "pci.*"]),
    trust: pick(undefined, { score: 10, level: "critical" }, { score: 90, level: "low" }),
    who: pick(undefined, { user: "alice", groups: ["red"] }, { user: "bob", groups: [] }, { user: "alice" }),
    authentication: pick("none", "bearer", "unknown"),
    arguments: pick(null, undefined, {}, { path: "/etc/passwd", n: "12" }, { path: ["/etc/x"], list: [1, 2] }, { n: 3, list: "ab" }),
    addresses: pick(undefined, [], ["10.1.2.3"], ["fe80::1"]),
    rate: pick(undefined, { read: () => 0 }, { read: () => 5000 }),
    now: pick(0, Date.UTC(2030, 0, 1, 23, 59), Date.UTC(2030, 0, 2), Date.UTC(2040, 0, 1), Date.UTC(2027, 2, 1, 7), Date.UTC(2027, 2, 1, 17), Date.UTC(2027, 2, 1, 23)),
  })
  .map(({ server, findings, ...rest }) => exampleFacts(server, { ...rest, findings: findings.map(({ name, at, confidence }) => exampleFinding(name, at, confidence)) }));
