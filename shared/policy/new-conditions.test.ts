/** What the newer conditions and terms do, each asked through a whole policy. */
import { describe, expect, test } from "vitest";
import { localServer, remoteServer, type ServerIdentity } from "../mcp/identity.ts";
import { compile } from "./compile.ts";
import type { Decision, Facts } from "./decision.ts";
import { exampleChannel, exampleFacts, exampleFinding } from "./example-facts.ts";
import type { ArgumentMatch, Condition, Policy, Rule } from "./language.ts";
import { validatePolicy } from "./schema.ts";

const DESK = remoteServer("https://desk.example/mcp")!;

function policy(rules: Partial<Rule>[], changes: Partial<Policy> = {}): Policy {
  const value = { version: 1, id: "p", revision: 1, mode: "enforce", networks: { office: ["10.0.0.0/8", "fd00::/8"] }, admission: { default: "allow", servers: [] }, rules: rules.map((rule, at) => ({ id: `r${at}`, title: "R", when: { method: "*" }, effect: "block", ...rule })), ...changes };
  const checked = validatePolicy(value);
  if (!checked.ok) throw new Error(JSON.stringify(checked.why));
  return checked.value;
}

const decide = (written: Policy, changes: Partial<Facts> = {}, server: ServerIdentity = DESK): Decision => compile(written, "local").decide(exampleFacts(server, changes));
const holds = (when: Condition, changes: Partial<Facts> = {}, server = DESK as ServerIdentity): boolean => decide(policy([{ when }]), changes, server).effect === "block";

describe("arguments", () => {
  const given = (match: ArgumentMatch, args: unknown): boolean => holds({ arguments: [match] }, { arguments: args });
  test.each<[string, ArgumentMatch, unknown, boolean]>([
    ["equal text", { at: "/a", equals: "x" }, { a: "x" }, true],
    ["other text", { at: "/a", equals: "x" }, { a: "y" }, false],
    ["null", { at: "/a", equals: null }, { a: null }, true],
    ["yes is not the text", { at: "/a", equals: true }, { a: "true" }, false],
    ["one of several", { at: "/a", in: ["x", 5] }, { a: 5 }, true],
    ["a glob over a text", { at: "/path", glob: ["/etc/*", "/root/*"] }, { path: "/root/x" }, true],
    ["a glob over a number, as written", { at: "/n", glob: "4*" }, { n: 42 }, true],
    ["a number in range", { at: "/n", range: { atLeast: 10, atMost: 20 } }, { n: 20 }, true],
    ["a number out of range", { at: "/n", range: { atLeast: 10, atMost: 20 } }, { n: 21 }, false],
    ["a number in quotes", { at: "/n", range: { atLeast: 10 } }, { n: " 1e3" }, true],
    ["length of a text", { at: "/t", size: { atLeast: 3 } }, { t: "ab" }, false],
    ["length of a list", { at: "/t", size: { atMost: 2 } }, { t: [1, 2] }, true],
    ["number of keys", { at: "", size: { atLeast: 2 } }, { a: 1, b: 2 }, true],
    ["what is there", { at: "/a", exists: true }, { a: null }, true],
    ["what is not there", { at: "/a", exists: false }, {}, true],
    ["any member of a list", { at: "/to/*/mail", glob: "*@evil.example" }, { to: [{ mail: "a@b.example" }, { mail: "x@evil.example" }] }, true],
    ["any member of an object", { at: "/*", equals: 1 }, { a: 2, b: 1 }, true],
    ["a place in a list", { at: "/l/1", equals: "b" }, { l: ["a", "b"] }, true],
    ["no place in a list", { at: "/l/01", exists: true }, { l: ["a", "b"] }, false],
    ["a name with a slash", { at: "/a~1b", equals: 1 }, { "a/b": 1 }, true],
    ["what an object inherits is not there", { at: "/constructor", exists: true }, {}, false],
    ["a length that nobody gave", { at: "/l/length", exists: true }, { l: [] }, false],
    ["nothing where a number was meant", { at: "/n", range: { atLeast: 1 } }, {}, false],
    // What a server might read as the value is not known to be another.
    ["a list where a text was meant", { at: "/path", glob: "/etc/*" }, { path: ["/etc/x"] }, true],
    ["a word where a number was meant", { at: "/n", range: { atLeast: 10 } }, { n: "many" }, true],
  ])("%s", (_name, match, args, expected) => {
    expect(given(match, args)).toBe(expected);
  });

  test("all tests must hold for one and the same value", () => {
    const match: ArgumentMatch = { at: "/l/*", glob: "a*", size: { atLeast: 3 } };
    expect([given(match, { l: ["ab", "bcd"] }), given(match, { l: ["abc"] })]).toEqual([false, true]);
  });

  test("several arguments must all hold, and what is no call has none", () => {
    const when: Condition = { arguments: [{ at: "/a", exists: true }, { at: "/b", exists: false }] };
    expect([holds(when, { arguments: { a: 1 } }), holds(when, { arguments: { a: 1, b: 1 } }), holds(when, { arguments: null }), holds(when, { arguments: undefined })]).toEqual([true, false, false, true]);
  });

  test("more values than anybody looks at are not known to be harmless", () => {
    expect(given({ at: "/*", equals: "x" }, Array.from({ length: 20_000 }, () => "y"))).toBe(true);
  });

  test("an explanation shows the policy's words and not the argument", () => {
    const [matched] = decide(policy([{ when: { arguments: [{ at: "/path", glob: "/etc/*" }] } }]), { arguments: { path: "/etc/secret-name" } }).matched;
    expect(matched?.clauses).toEqual(["argument /path like /etc/*"]);
  });
});

test("a version is one of a package; without one a server may be any", () => {
  const when: Condition = { server: { package: "npm:@acme/desk", version: ">=1.4 <2" } };
  const run = (spec: string): boolean => holds(when, {}, localServer("npx", ["-y", spec]));
  expect(["@acme/desk@1.5.0", "@acme/desk@2.0.0", "@acme/desk", "@acme/other@1.5.0"].map(run)).toEqual([true, false, true, false]);
  expect(holds(when)).toBe(false);
  expect(decide(policy([{ unless: when }]), {}, localServer("npx", ["-y", "@acme/desk"])).effect).toBe("block");
});

test("a web app is meant by its origin, and no desktop client is one", () => {
  const at = (id: string, webApp: string): boolean => holds({ client: { webApp } }, { channel: { ...exampleChannel(DESK), client: { id, name: "x" } } });
  expect([at("app:https://chat.example", "https://chat.example"), at("app:https://a.chat.example", "https://*.chat.example/*"), at("app:https://chat.example.evil.example", "https://chat.example"), at("client:unknown", "*"), at("client:cursor", "*")]).toEqual([true, true, false, false, false]);
});

test("a network is one of this computer's addresses; where nobody knows them, rules apply and exemptions do not", () => {
  const when: Condition = { network: "office" };
  expect([["10.1.2.3"], ["192.168.1.1", "fd12::1"], ["192.168.1.1"], []].map((addresses) => holds(when, { addresses }))).toEqual([true, true, false, false]);
  expect([decide(policy([{ when }]), { addresses: undefined }).effect, decide(policy([{ unless: when }]), { addresses: undefined }).effect]).toEqual(["block", "block"]);
});

test("a rate counts this message, too, and answers are no calls", () => {
  const when: Condition = { rate: { calls: { over: 3 }, per: "1m" } };
  const at = (before: number | undefined, changes: Partial<Facts> = {}): boolean => holds(when, { rate: { read: () => before }, ...changes });
  expect([at(2), at(3), at(undefined), at(9, { direction: "to-client" })]).toEqual([false, true, true, false]);
});

test("a total counts repetitions", () => {
  const when: Condition = { data: { any: ["pii.email"], minTotal: 3 } };
  const same = (count: number): Partial<Facts> => ({ findings: Array.from({ length: count }, () => exampleFinding("pii.email", 1)) });
  expect([holds(when, same(2)), holds(when, same(3))]).toEqual([false, true]);
});

describe("who is asked on what terms", () => {
  const coach = (override?: Rule["override"]): Partial<Rule> => ({ effect: "coach", ...(override && { override }) });
  const approve = (terms?: Rule["approve"]): Partial<Rule> => ({ effect: "approve", ...(terms && { approve: terms }) });
  test.each<[string, Partial<Rule>[], Decision["hold"]]>([
    ["coach without terms", [coach()], { kind: "coach", reason: "optional", for: "call", raw: false }],
    ["coach with terms", [coach({ reason: "none", for: "8h", raw: true })], { kind: "coach", reason: "none", for: 28_800_000, raw: true }],
    ["two that coach", [coach({ reason: "required", for: "8h", raw: true }), coach({ reason: "none", for: "1h" })], { kind: "coach", reason: "required", for: 3_600_000, raw: false }],
    ["an hour and a session", [coach({ for: "1h" }), coach({ for: "session" })], { kind: "coach", reason: "optional", for: "call", raw: false }],
    ["approve without terms", [approve()], { kind: "approve", offer: ["call"], within: 45 }],
    ["approve with terms", [approve({ offer: ["1h", "session"], within: "2m" })], { kind: "approve", offer: ["call", "session", 3_600_000], within: 120 }],
    ["two that approve", [approve({ offer: ["session", "1h"], within: "30s" }), approve({ offer: ["1h", "8h"] })], { kind: "approve", offer: ["call", 3_600_000], within: 30 }],
    ["approve and coach", [approve(), coach({ reason: "required" })], { kind: "approve", offer: ["call"], within: 45 }],
    ["on trial", [{ ...coach(), mode: "monitor" }], undefined],
    ["block beside it", [coach(), { effect: "block" }], undefined],
  ])("%s", (_name, rules, expected) => {
    expect(decide(policy(rules)).hold).toEqual(expected);
  });

  test("admission holds calls as well: an entry, its tools, the default", () => {
    const servers: Policy["admission"]["servers"] = [{ id: "desk", match: { url: "https://desk.example/*" }, effect: "allow", tools: [{ name: "delete_*", effect: "approve" }], approve: { within: "10s" } }];
    const written = policy([], { admission: { default: "coach", override: { reason: "required" }, servers } });
    expect(decide(written, { tool: "delete_x" }).hold).toEqual({ kind: "approve", offer: ["call"], within: 10 });
    expect(decide(written, {}, remoteServer("https://other.example/mcp")!)).toMatchObject({ enforced: "coach", hold: { kind: "coach", reason: "required" } });
  });
});

describe("styles", () => {
  const found = [exampleFinding("pii.email", 1), exampleFinding("pii.phone", 2), exampleFinding("secret.jwt", 3)];
  const all: Partial<Rule> = { when: { data: { any: ["*"] } }, effect: "redact" };
  const redaction: Policy["redaction"] = { "pii.*": "mask", "pii.email": { style: "token", restoreFor: { url: "https://crm.example/*" } } };
  const stylesOf = (written: Policy): string[] => decide(written, { findings: found }).redactions.map(({ style }) => style);

  test("a rule's own style, then the most exact class, then the placeholder; of two rules the one that shows less", () => {
    expect(stylesOf(policy([all], { redaction }))).toEqual(["token", "mask", "placeholder"]);
    expect(stylesOf(policy([{ ...all, style: "format-preserving" }], { redaction }))).toEqual(["format-preserving", "format-preserving", "format-preserving"]);
    expect(stylesOf(policy([{ ...all, style: "mask" }, all], { redaction }))).toEqual(["token", "mask", "placeholder"]);
  });

  test("a token is turned back only for the servers that its class names", () => {
    const compiled = compile(policy([all], { redaction }), "local");
    const about = (url: string): Facts => exampleFacts(remoteServer(url)!);
    expect(compiled.restores("pii.email", about("https://crm.example/mcp"))).toBe(true);
    expect(compiled.restores("pii.email", about("https://crm.example.evil.example/mcp"))).toBe(false);
    expect(compiled.restores("pii.phone", about("https://crm.example/mcp"))).toBe(false);
    const byEntry = policy([all], { redaction: { "pii.*": { style: "token", restoreFor: { sanctioned: true } } }, admission: { default: "allow", servers: [{ id: "crm", match: { url: "https://crm.example/*" }, who: { group: "sales" }, effect: "allow", sanctioned: true }] } });
    const groups = (who: Facts["who"]): boolean => compile(byEntry, "local").restores("pii.email", exampleFacts(remoteServer("https://crm.example/mcp")!, { who }));
    expect([groups({ groups: ["sales"] }), groups({ groups: [] }), groups(undefined)]).toEqual([true, false, false]);
  });
});

test("what came near says which clause alone did not hold, or what spared it", () => {
  const written = policy(
    [
      { id: "tool", when: { direction: "to-server", tool: "delete_*" } },
      { id: "far", when: { direction: "to-client", tool: "delete_*" } },
      { id: "weak", when: { direction: "to-server", data: { any: ["secret.*"], minConfidence: "high" } } },
      { id: "spared", when: { direction: "to-server" }, unless: { who: { group: "red" } }, effect: "coach" },
      { id: "excepted", effect: "monitor" },
      { id: "alone", when: { tool: "other" } },
      { id: "hit", effect: "monitor" },
    ],
    { exceptions: [{ rule: "excepted", when: { tool: "*" }, owner: "o", until: "2027-01-01", ticket: "T-7" }] },
  );
  const { decision, near } = compile(written, "local").explainFully(exampleFacts(DESK, { tool: "get_x", who: { groups: ["red"] }, now: 0, findings: [exampleFinding("secret.jwt", 1, 0.7)] }));
  expect(decision.matched.map(({ id }) => id)).toEqual(["hit", "admission.default"]);
  expect(near.map(({ id, failed }) => [id, failed])).toEqual([
    ["tool", "tool delete_*"],
    ["weak", "data secret.* with high confidence (there was secret.jwt, 0 sure enough)"],
    ["spared", "spared by group red"],
    ["excepted", "spared by the exception T-7"],
  ]);
});
