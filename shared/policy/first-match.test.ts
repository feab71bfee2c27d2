import fc from "fast-check";
import { expect, test } from "vitest";
import { localServer, remoteServer, type ServerIdentity } from "../mcp/identity.ts";
import { compile } from "./compile.ts";
import type { Facts } from "./decision.ts";
import { exampleFacts, exampleFinding } from "./example-facts.ts";
import { compileFirstMatch, type Row } from "./first-match.ts";
import type { Condition, Effect, Policy } from "./language.ts";
import { validatePolicy } from "./schema.ts";

const pick = <const T extends readonly unknown[]>(...values: T) => fc.constantFrom(...values) as fc.Arbitrary<T[number]>;
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const when: fc.Arbitrary<Condition> = fc
  .record({
    who: maybe(pick({ user: "alice" }, { user: ["alice", "bob"] }, { group: "red" })),
    client: maybe(pick({ id: "client:*" }, { id: "app:*" })),
    server: maybe(pick({ url: "https://a.example/*" }, { url: "*" }, { kind: "local" as const }, { package: "npm:@acme/*" })),
    tool: maybe(pick("get_*", "get_x", ["get_x", "delete_x"] as string[], "*")),
    direction: maybe(pick("to-server", "to-client")),
    data: maybe(fc.record({ any: pick(["secret.*"], ["secret.jwt"], ["pii.email", "pci.*"]) })),
  })
  .map((each) => {
    const asked = Object.fromEntries(Object.entries(each).filter(([, value]) => value !== undefined)) as Condition;
    return Object.keys(asked).length > 0 ? asked : { method: "*" };
  });
const rows: fc.Arbitrary<Row[]> = fc
  .array(fc.record({ when, effect: pick("allow", "monitor", "redact", "block") }), { minLength: 1, maxLength: 7 })
  .map((list) => list.map(({ when: asked, effect }, at) => ({ id: `row-${at}`, title: "T", place: `row ${at}`, effect, when: effect === "redact" && !asked.data ? { ...asked, data: { any: ["*"] } } : asked })));

const SERVERS: ServerIdentity[] = [remoteServer("https://a.example/mcp")!, remoteServer("https://b.example/x")!, localServer("npx", ["-y", "@acme/desk"])];
const facts: fc.Arbitrary<Facts> = fc
  .record({
    server: pick(...SERVERS),
    tool: pick("get_x", "get_y", "delete_x"),
    direction: pick("to-server", "to-client"),
    who: pick({ user: "alice", groups: [] as string[] }, { user: "bob", groups: ["red"] }, { user: "carol", groups: [] as string[] }),
    findings: fc.array(pick("secret.jwt", "secret.password", "pii.email", "pci.card-number"), { maxLength: 3 }),
    now: pick(0, Date.UTC(9999, 11, 31)),
  })
  .map(({ server, findings, ...rest }) => exampleFacts(server, { ...rest, findings: findings.map((name, at) => exampleFinding(name, at)) }));

function policyOf(list: readonly Row[]): Policy {
  const { rules, exceptions } = compileFirstMatch(list);
  return { version: 1, id: "p", revision: 1, mode: "enforce", admission: { default: "allow", servers: [] }, rules, ...(exceptions.length > 0 && { exceptions }) };
}

/** Looks at the rows one by one and stops. */
function firstMatch(list: readonly Row[], about: Facts): { row: Row | null; effect: Effect; redactions: unknown } {
  for (const row of list) {
    const alone: Policy = { version: 1, id: "p", revision: 1, mode: "enforce", admission: { default: "allow", servers: [] }, rules: [{ id: "r", title: "T", when: row.when, effect: row.effect === "allow" ? "monitor" : row.effect }] };
    const decision = compile(alone, "local").decide(about);
    if (decision.matched.some(({ kind }) => kind === "rule")) return { row, effect: row.effect, redactions: decision.redactions };
  }
  return { row: null, effect: "allow", redactions: [] };
}

test("the rules decide as the first matching row does, and redact what it redacts", () => {
  fc.assert(
    fc.property(rows, facts, (list, about) => {
      const decision = compile(policyOf(list), "local").decide(about);
      const first = firstMatch(list, about);
      expect(decision.effect).toBe(first.effect);
      // What is blocked is not rewritten as well.
      if (first.effect !== "block") expect(decision.redactions).toEqual(first.redactions);
    }),
    { numRuns: 4000 },
  );
});

test("what comes out is valid policy", () => {
  fc.assert(
    fc.property(rows, (list) => {
      expect(validatePolicy(JSON.parse(JSON.stringify(policyOf(list))))).toMatchObject({ ok: true });
    }),
  );
});

test("a row that is said to be unreached is never the first to match", () => {
  fc.assert(
    fc.property(rows, facts, (list, about) => {
      const dead = new Set(compileFirstMatch(list).unreached.map(({ row }) => row.id));
      const { row } = firstMatch(list, about);
      if (row) expect(dead.has(row.id)).toBe(false);
    }),
    { numRuns: 1000 },
  );
});

test("rows that read like the old table: an earlier allow becomes an exemption, and exemptions join", () => {
  const { rules, exceptions, unreached } = compileFirstMatch([
    { id: "a", title: "A", place: "row 1", when: { tool: "get_a" }, effect: "allow" },
    { id: "b", title: "B", place: "row 2", when: { tool: "get_b" }, effect: "monitor" },
    { id: "c", title: "C", place: "row 3", when: { server: { url: "https://a.example/*" } }, effect: "allow" },
    { id: "d", title: "D", place: "row 4", when: { tool: "get_*" }, effect: "block" },
    { id: "e", title: "E", place: "row 5", when: { tool: "get_x" }, effect: "allow" },
  ]);
  expect(rules).toEqual([
    { id: "b", title: "B", when: { tool: "get_b" }, effect: "monitor" },
    { id: "d", title: "D", when: { tool: "get_*" }, unless: { tool: ["get_a", "get_b"] }, effect: "block" },
  ]);
  expect(exceptions).toMatchObject([{ rule: "d", when: { server: { url: "https://a.example/*" } }, ticket: "row 3 goes before row 4" }]);
  expect(unreached.map(({ row, by }) => [row.id, by.id])).toEqual([["e", "d"]]);
});
