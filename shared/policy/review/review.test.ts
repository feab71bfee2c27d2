import fc from "fast-check";
import { expect, test } from "vitest";
import { localServer, remoteServer, type ServerIdentity } from "../../mcp/identity.ts";
import { compile } from "../compile.ts";
import type { Facts } from "../decision.ts";
import { exampleFacts, exampleFinding } from "../example-facts.ts";
import type { AdmissionEntry, Condition, Policy, Rule } from "../language.ts";
import { readUrlPattern } from "../url-pattern.ts";
import { glob } from "../../base/glob.ts";
import { commandCovers, commandsOverlap, globCovers, urlCovers, urlsOverlap } from "./patterns.ts";
import { reviewPolicy, type Remark } from "./review.ts";

const pick = <const T extends readonly unknown[]>(...values: T) => fc.constantFrom(...values) as fc.Arbitrary<T[number]>;
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const NOW = Date.UTC(2026, 10, 21);

const server = pick(
  { url: "https://a.example/*" },
  { url: ["https://a.example/mcp", "https://b.example/*"] },
  { url: "*" },
  { kind: "local" as const },
  { kind: "remote" as const },
  { package: "npm:@acme/*" },
  { command: ["npx", "**"] },
  { command: ["npx", "-y", "*"] },
  { sanctioned: true },
  { id: "e0" },
  { trust: { below: 50 } },
  { trust: { below: 70, atLeast: 20 } },
  { url: "https://a.example/*", kind: "local" as const },
);
const condition: fc.Arbitrary<Condition> = fc
  .record({
    server: maybe(server),
    who: maybe(pick({ user: "alice" }, { user: "*" }, { group: "red" })),
    client: maybe(pick({ point: "page" as const }, { id: "app:*" }, { id: "client:*", point: "page" as const })),
    tool: maybe(pick("get_*", "get_x", "*", ["get_x", "delete_x"] as string[])),
    method: maybe(pick("tools/call", "tools/*", "prompts/get")),
    direction: maybe(pick("to-server", "to-client")),
    data: maybe(fc.record({ any: pick(["secret.*"], ["secret.jwt"], ["$set"], ["secret.jwt", "pii.email"]), minConfidence: maybe(pick("low", "high")), minCount: maybe(pick(1, 2)) })),
    transport: maybe(pick("stdio", "streamable-http")),
  })
  .map((each) => (Object.values(each).some((value) => value !== undefined) ? each : { method: "*" }));
const rule: fc.Arbitrary<Omit<Rule, "id">> = fc.record({ title: fc.constant("T"), when: condition, unless: maybe(condition), effect: pick("monitor", "block"), mode: maybe(pick("monitor", "enforce")) });
const entry: fc.Arbitrary<Omit<AdmissionEntry, "id">> = fc.record({ match: server.filter((each) => !("id" in each) && !("sanctioned" in each)), who: maybe(pick({ user: "alice" }, { user: "*" })), effect: pick("allow", "monitor", "block"), sanctioned: maybe(fc.boolean()) });
const policy: fc.Arbitrary<Policy> = fc
  .record({ entries: fc.array(entry, { minLength: 1, maxLength: 3 }), rules: fc.array(rule, { minLength: 1, maxLength: 4 }), exception: maybe(condition) })
  .map(({ entries, rules, exception }) => ({
    version: 1,
    id: "p",
    revision: 1,
    mode: "enforce",
    labels: { set: ["secret.jwt"] },
    admission: { default: "monitor", servers: entries.map((each, at) => ({ id: `e${at}`, ...each })) },
    rules: rules.map((each, at) => ({ id: `r${at}`, ...each })),
    ...(exception && { exceptions: [{ rule: "r0", when: exception, owner: "o", until: "2030-01-01", ticket: "t" }] }),
  }));

const SERVERS: ServerIdentity[] = [remoteServer("https://a.example/mcp")!, remoteServer("https://b.example/x")!, localServer("npx", ["-y", "@acme/desk"]), localServer("node", ["x.js"])];
const facts: fc.Arbitrary<Facts> = fc
  .record({
    server: pick(...SERVERS),
    tool: pick("get_x", "get_y", "delete_x"),
    direction: pick("to-server", "to-client"),
    findings: fc.array(fc.record({ name: pick("secret.jwt", "secret.password", "pii.email"), at: fc.nat(2), confidence: pick(0.4, 0.7, 0.9) }), { maxLength: 3 }),
    trust: pick({ score: 10, level: "critical" }, { score: 60, level: "moderate" }, { score: 90, level: "low" }),
    who: pick({ user: "alice", groups: ["red"] }, { user: "bob", groups: [] }),
    now: fc.constant(NOW),
  })
  .map(({ server: of, findings, ...rest }) => exampleFacts(of, { ...rest, findings: findings.map(({ name, at, confidence }) => exampleFinding(name, at, confidence)) }));

const of = (remarks: readonly Remark[], ...codes: readonly Remark["code"][]): Remark[] => remarks.filter(({ code }) => codes.includes(code));

test("a rule that is said never to decide can go, and no decision changes", () => {
  let found = 0;
  fc.assert(
    fc.property(policy, fc.array(facts, { minLength: 5, maxLength: 10 }), (written, abouts) => {
      const idle = of(reviewPolicy(written, NOW), "shadowed", "overlapping", "redundant", "never-applies").concat(of(reviewPolicy(written, NOW), "never-matches").filter(({ path }) => path[2] === "when"));
      const rules = new Set(idle.filter(({ path }) => path[0] === "rules").map(({ path }) => path[1]));
      if (rules.size === 0) return;
      found++;
      for (const at of rules) {
        const without = compile({ ...written, rules: written.rules.filter((_, place) => place !== at) }, "local");
        const whole = compile(written, "local");
        for (const about of abouts) {
          const [a, b] = [whole.decide(about), without.decide(about)];
          expect([a.effect, a.enforced]).toEqual([b.effect, b.enforced]);
        }
      }
    }),
    { numRuns: 1500 },
  );
  expect(found).toBeGreaterThan(200);
});

test("a server entry that is said never to count can go, and no decision on the server changes", () => {
  let found = 0;
  fc.assert(
    fc.property(policy, fc.array(facts, { minLength: 5, maxLength: 10 }), (written, abouts) => {
      const silent = { ...written, rules: [] };
      const idle = of(reviewPolicy(silent, NOW), "shadowed", "overlapping", "redundant", "never-matches").filter(({ path }) => path[0] === "admission");
      for (const at of new Set(idle.map(({ path }) => path[2]))) {
        found++;
        const without = compile({ ...silent, admission: { ...silent.admission, servers: silent.admission.servers.filter((_, place) => place !== at) } }, "local");
        for (const about of abouts) expect(without.decide(about).effect).toBe(compile(silent, "local").decide(about).effect);
      }
    }),
    { numRuns: 800 },
  );
  expect(found).toBeGreaterThan(100);
});

test("a pattern that covers another matches all that it matches; two that do not overlap share nothing", () => {
  const part = fc.array(pick("a", "b", "*"), { maxLength: 5 }).map((letters) => letters.join(""));
  const text = fc.array(pick("a", "b"), { maxLength: 6 }).map((letters) => letters.join(""));
  fc.assert(
    fc.property(part, part, text, (wide, narrow, sample) => {
      if (globCovers(wide, narrow) && glob(narrow).matches(sample)) expect(glob(wide).matches(sample)).toBe(true);
    }),
    { numRuns: 3000 },
  );
  const url = fc.tuple(pick("http", "https", "*"), pick("a.example", "*.example", "b.a.example", "a.example:8080", "a.example:*"), pick("", "/*", "/x", "/x/*", "/x*", "/*/y")).map(([scheme, host, path]) => `${scheme}://${host}${path === "" && host.includes("*") ? "/*" : path}`);
  const address = fc.tuple(pick("http", "https"), pick("a.example", "b.a.example", "x.example", "a.example:8080"), pick("", "/x", "/x/y", "/x/z", "/q/y")).map((parts) => `${parts[0]}://${parts[1]}${parts[2]}`);
  fc.assert(
    fc.property(url, url, address, (wide, narrow, sample) => {
      const [a, b] = [readUrlPattern(wide), readUrlPattern(narrow)];
      if (!a.ok || !b.ok) return;
      if (urlCovers(wide, narrow) && b.value.matches(sample)) expect(a.value.matches(sample)).toBe(true);
      if (!urlsOverlap(wide, narrow)) expect(a.value.matches(sample) && b.value.matches(sample)).toBe(false);
    }),
    { numRuns: 3000 },
  );
});

test("commands are compared word by word, and ** takes the rest", () => {
  expect(commandCovers(["npx", "**"], ["npx", "-y", "x"])).toBe(true);
  expect(commandCovers(["npx", "-y", "*"], ["npx", "**"])).toBe(false);
  expect(commandsOverlap(["npx", "**"], ["npx"])).toBe(true);
  expect(commandsOverlap(["npx", "-y"], ["npx", "-y", "x", "**"])).toBe(false);
});

function withRules(...rules: Omit<Rule, "title">[]): Policy {
  return { version: 1, id: "p", revision: 1, mode: "enforce", admission: { default: "block", servers: [{ id: "desk", match: { url: "https://a.example/*" }, effect: "allow" }] }, rules: rules.map((each) => ({ title: "T", owner: "o", tests: [{ given: {}, expect: "allow" }], ...each })) };
}

const codes = (written: Policy): string[] => reviewPolicy(written, NOW).map(({ code, path }) => `${code} ${path.join(".")}`);

test("what a person would stumble over is named, with its place", () => {
  expect(codes(withRules())).toEqual([]);
  expect(codes(withRules({ id: "a", when: { server: { kind: "local", url: "https://a.example/*" } }, effect: "block" }))).toEqual(["never-matches rules.0.when.server"]);
  expect(codes(withRules({ id: "a", when: { server: { sanctioned: true } }, effect: "block" }))).toEqual(["never-matches rules.0.when.server.sanctioned"]);
  expect(codes(withRules({ id: "a", when: { server: { trust: { below: 20, atLeast: 40 } } }, effect: "block" }))).toEqual(["never-matches rules.0.when.server.trust"]);
  expect(codes(withRules({ id: "a", when: { tool: "x", prompt: "y" }, effect: "block" }))).toEqual(["never-matches rules.0.when.prompt"]);
  expect(codes(withRules({ id: "a", when: { tool: "x", method: "prompts/get" }, effect: "block" }))).toEqual(["never-matches rules.0.when.method"]);
  expect(codes(withRules({ id: "a", when: { tool: "*" }, effect: "block" }))).toEqual(["everything rules.0.when.tool"]);
  expect(codes(withRules({ id: "a", when: { tool: "x" }, effect: "allow" }))).toEqual(["no-effect rules.0.effect"]);
  expect(codes(withRules({ id: "a", when: { tool: "x" }, unless: { tool: ["x", "y"] }, effect: "block" }))).toEqual(["never-applies rules.0.unless"]);
  expect(codes(withRules({ id: "a", when: { tool: "x" }, unless: { tool: "y" }, effect: "block" }))).toEqual(["never-matches rules.0.unless"]);
  expect(codes(withRules({ id: "a", when: { tool: ["x", "y"] }, effect: "block" }, { id: "b", when: { tool: ["y", "x"] }, effect: "monitor" }))).toEqual(["overlapping rules.1"]);
  expect(codes(withRules({ id: "a", when: { tool: "x" }, effect: "monitor" }, { id: "b", when: { tool: "*x*" }, effect: "block" }))).toEqual(["shadowed rules.0"]);
  expect(codes(withRules({ id: "a", when: { tool: "x" }, effect: "block", mode: "monitor" }))).toEqual(["watching-only rules.0.mode"]);
});

test("what seems to repeat and does not is left alone", () => {
  // The stricter one is only on trial, spares something, or has an exception.
  const weak = { id: "b", when: { tool: "x" }, effect: "monitor" } as const;
  expect(codes(withRules({ id: "a", when: { tool: "x*" }, effect: "block", mode: "monitor" }, weak))).toEqual(["watching-only rules.0.mode"]);
  expect(codes(withRules({ id: "a", when: { tool: "x*" }, unless: { who: { user: "alice" } }, effect: "block" }, weak))).toEqual([]);
  const excepted = { ...withRules({ id: "a", when: { tool: "x*" }, effect: "block" }, weak), exceptions: [{ rule: "a", when: { who: { user: "alice" } }, owner: "o", until: "2030-01-01", ticket: "t" }] };
  expect(codes(excepted)).toEqual([]);
});

test("exceptions: ended, ending, idle", () => {
  const of = (until: string, when: Condition = { tool: "x" }, effect: Rule["effect"] = "block"): string[] => codes({ ...withRules({ id: "a", when: { tool: "x*" }, effect }), exceptions: [{ rule: "a", when, owner: "o", until, ticket: "T-1" }] });
  expect(of("2026-11-20")).toEqual(["exception-expired exceptions.0.until"]);
  expect(of("2026-11-21")).toEqual(["exception-ends-soon exceptions.0.until"]);
  expect(of("2026-12-04")).toEqual(["exception-ends-soon exceptions.0.until"]);
  expect(of("2026-12-05")).toEqual([]);
  expect(of("2030-01-01", { tool: "other" })).toEqual(["exception-idle exceptions.0"]);
});

test("server entries and their tools", () => {
  const of = (...servers: AdmissionEntry[]): string[] => codes({ ...withRules(), admission: { default: "block", servers } });
  const wide = { id: "a", match: { url: "https://*.example/*" }, effect: "block" } as const;
  expect(of(wide, { id: "b", match: { url: "https://x.example/mcp" }, effect: "allow" })).toEqual(["shadowed admission.servers.1"]);
  expect(of(wide, { id: "b", match: { url: "https://x.other/mcp" }, effect: "allow" })).toEqual([]);
  expect(of({ ...wide, effect: "allow", tools: [{ name: "*", effect: "block" }, { name: "get_*", effect: "monitor" }] })).toEqual(["everything admission.servers.0.tools.0", "shadowed admission.servers.0.tools.1"]);
  expect(of({ id: "a", match: { url: "https://a.example/*", package: "npm:x" }, effect: "allow" })).toEqual(["never-matches admission.servers.0.match"]);
});
