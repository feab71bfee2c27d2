import { expect, test } from "vitest";
import { localServer, remoteServer, type ServerIdentity } from "../mcp/identity.ts";
import { compile } from "./compile.ts";
import type { Decision, Facts } from "./decision.ts";
import { exampleChannel, exampleFacts, exampleFinding } from "./example-facts.ts";
import type { AdmissionEntry, Policy, Rule } from "./language.ts";
import { validatePolicy } from "./schema.ts";

const DESK = remoteServer("https://desk.example/mcp")!;
const ROGUE = remoteServer("https://rogue.example/mcp")!;
const desk: AdmissionEntry = { id: "desk", match: { url: "https://desk.example/*" }, effect: "allow", sanctioned: true };

function policy(changes: { entries?: AdmissionEntry[]; byDefault?: Policy["admission"]["default"]; rules?: Rule[] } & Partial<Policy>): Policy {
  const { entries = [desk], byDefault = "block", rules = [], ...rest } = changes;
  const value: Policy = { version: 1, id: "acme", revision: 7, mode: "enforce", admission: { default: byDefault, servers: entries }, rules, ...rest };
  const checked = validatePolicy(value);
  if (!checked.ok) throw new Error(JSON.stringify(checked.why));
  return checked.value;
}

function decide(written: Policy, server: ServerIdentity = DESK, changes: Partial<Facts> = {}): Decision {
  return compile(written, "local").decide(exampleFacts(server, changes));
}

const rule = (changes: Partial<Rule>): Rule => ({ id: "r", title: "R", when: { method: "*" }, effect: "block", ...changes });
const secrets = (changes: Partial<Rule> = {}): Rule => rule({ id: "secrets", when: { data: { any: ["secret.*"] } }, effect: "redact", ...changes });
const one = [exampleFinding("secret.jwt", 1)];

test("a listed server passes, an unlisted one takes the default, and says so", () => {
  expect(decide(policy({}))).toMatchObject({ effect: "allow", enforced: "allow", decidedBy: null });
  const refused = decide(policy({ admission: { default: "block", message: "Ask first.", servers: [desk] } }), ROGUE);
  expect(refused).toMatchObject({ effect: "block", enforced: "block", decidedBy: "admission.default", message: "Ask first.", policy: { id: "acme", revision: 7, source: "local" } });
  expect(refused.matched[0]!.clauses).toEqual(["server is not on the list"]);
});

test("replies and lists of a refused server are refused as well", () => {
  expect(decide(policy({}), ROGUE, { direction: "to-client", method: "tools/list", tool: null }).enforced).toBe("block");
});

// threat: rule-opens-server
test("a content rule never opens a server", () => {
  expect(decide(policy({ rules: [rule({ effect: "allow", when: { server: { url: "https://rogue.example/*" } } })] }), ROGUE).enforced).toBe("block");
});

test("of matching entries the strictest wins, and of a listed tool's effects too", () => {
  const wide: AdmissionEntry = { id: "wide", match: { url: "*" }, effect: "monitor" };
  expect(decide(policy({ entries: [desk, wide] }))).toMatchObject({ effect: "monitor", decidedBy: "wide" });
  const tools: AdmissionEntry = { ...desk, tools: [{ name: "delete_*", effect: "block", message: "No." }, { name: "*_draft", effect: "monitor" }] };
  expect(decide(policy({ entries: [tools] }), DESK, { tool: "delete_draft" })).toMatchObject({ effect: "block", message: "No." });
  expect(decide(policy({ entries: [tools] }), DESK, { tool: "save_draft" }).effect).toBe("monitor");
  expect(decide(policy({ entries: [tools] }), DESK, { tool: "read" }).effect).toBe("allow");
  expect(decide(policy({ entries: [tools] }), DESK, { tool: null, method: "tools/list" }).effect).toBe("allow");
});

test("a tool that could not be read is treated as the worst listed one", () => {
  const tools: AdmissionEntry = { ...desk, tools: [{ name: "delete_*", effect: "block" }] };
  const decision = decide(policy({ entries: [tools] }), DESK, { tool: undefined });
  expect(decision.enforced).toBe("block");
  expect(decision.matched[0]!.clauses).toContain("tool could not be read");
});

test("an entry of which we cannot tell whether it matches restricts, and never opens", () => {
  const forRed: AdmissionEntry = { ...desk, who: { group: "red" } };
  const unknown = { who: undefined };
  expect(decide(policy({ entries: [forRed] }), DESK, unknown).enforced).toBe("block");
  expect(decide(policy({ entries: [{ ...forRed, effect: "monitor" }] }), DESK, unknown).enforced).toBe("block");
  expect(decide(policy({ entries: [desk, { ...forRed, id: "not-red", effect: "block" }] }), DESK, unknown).enforced).toBe("block");
  expect(decide(policy({ entries: [desk, { ...forRed, id: "not-red", effect: "block" }] }), DESK, { who: { groups: ["blue"] } }).enforced).toBe("allow");
});

test("local servers are matched by command and by package", () => {
  const entries: AdmissionEntry[] = [
    { id: "script", match: { command: ["node", "*server-everything*", "**"] }, effect: "allow" },
    { id: "exact", match: { command: ["tool", "serve"] }, effect: "allow" },
    { id: "package", match: { package: "npm:@acme/*" }, effect: "allow" },
  ];
  const written = policy({ entries });
  const opened = (command: string, ...args: string[]) => decide(written, localServer(command, args)).enforced === "allow";
  expect(opened("/usr/bin/node", "/x/server-everything/index.js")).toBe(true);
  expect(opened("node.exe", "C:\\server-everything\\index.js", "stdio")).toBe(true);
  expect(opened("node", "-e", "server-everything")).toBe(false);
  expect(opened("tool", "serve")).toBe(true);
  expect(opened("tool", "serve", "--all")).toBe(false);
  expect(opened("tool")).toBe(false);
  expect(opened("npx", "-y", "@acme/desk@1.2.3")).toBe(true);
  expect(opened("npx", "-y", "@acme-evil/desk")).toBe(false);
  expect(decide(policy({ entries: [{ id: "all-local", match: { kind: "local" }, effect: "allow" }] })).enforced).toBe("block");
});

test("rules may ask for the server's entry and whether it is sanctioned", () => {
  const plain: AdmissionEntry = { id: "plain", match: { url: "https://plain.example/*" }, effect: "allow" };
  const PLAIN = remoteServer("https://plain.example/mcp")!;
  const written = policy({ entries: [desk, plain], rules: [secrets({ unless: { server: { sanctioned: true } }, effect: "block" }), rule({ id: "only-plain", when: { server: { id: "plain" } }, effect: "monitor" })] });
  expect(decide(written, DESK, { findings: one }).effect).toBe("allow");
  expect(decide(written, PLAIN, { findings: one }).effect).toBe("block");
  expect(decide(written, PLAIN).effect).toBe("monitor");
  const unsanctioned = policy({ entries: [desk, plain], rules: [rule({ when: { server: { sanctioned: false } } })] });
  expect(decide(unsanctioned, DESK).effect).toBe("allow");
  expect(decide(unsanctioned, PLAIN).effect).toBe("block");
});

test("a mark that depends on somebody unknown does not exempt", () => {
  const forRed: AdmissionEntry = { id: "red", match: { url: "*" }, who: { group: "red" }, effect: "allow", sanctioned: true };
  const open: AdmissionEntry = { id: "open", match: { url: "*" }, effect: "allow" };
  const written = policy({ entries: [forRed, open], rules: [secrets({ unless: { server: { sanctioned: true } }, effect: "block" })] });
  expect(decide(written, DESK, { findings: one, who: undefined }).effect).toBe("block");
  expect(decide(written, DESK, { findings: one, who: { groups: ["RED"] } }).effect).toBe("allow");
});

test("all rules that match count: the strictest wins and redactions add up", () => {
  const findings = [exampleFinding("pii.email", 1), exampleFinding("secret.jwt", 2), exampleFinding("pci.card-number", 3)];
  const cards = rule({ id: "cards", title: "Cards", when: { data: { any: ["pci.*", "secret.*"] } }, effect: "redact", style: "mask" });
  const decision = decide(policy({ rules: [secrets(), cards, rule({ id: "watch", effect: "monitor" })] }), DESK, { findings });
  expect(decision.effect).toBe("redact");
  expect(decision.redactions).toEqual([{ finding: 1, style: "placeholder" }, { finding: 2, style: "mask" }]);
  expect(decision.matched.map(({ id }) => id)).toEqual(["cards", "secrets", "watch", "desk"]);
  expect(decision.matched[0]!.clauses).toEqual(["data secret.jwt (1)", "data pci.card-number (1)"]);
});

test("thresholds: medium unless the rule says otherwise, inclusive", () => {
  const weak = [exampleFinding("secret.jwt", 1, 0.59), exampleFinding("secret.jwt", 2, 0.3)];
  expect(decide(policy({ rules: [secrets()] }), DESK, { findings: weak }).effect).toBe("allow");
  const low = decide(policy({ rules: [secrets({ when: { data: { any: ["secret.*"], minConfidence: "low" } } })] }), DESK, { findings: weak });
  expect(low.redactions).toHaveLength(2);
  const mixed = decide(policy({ rules: [secrets({ when: { data: { any: ["secret.*"], minConfidence: "high" } } })] }), DESK, { findings: [exampleFinding("secret.jwt", 1, 0.85), ...weak] });
  expect(mixed.redactions).toEqual([{ finding: 0, style: "placeholder" }]);
});

test("a count is of different values", () => {
  const many = secrets({ when: { data: { any: ["pii.*"], minCount: 2 } } });
  const same = [exampleFinding("pii.email", 1), exampleFinding("pii.email", 1)];
  expect(decide(policy({ rules: [many] }), DESK, { findings: same }).effect).toBe("allow");
  expect(decide(policy({ rules: [many] }), DESK, { findings: [...same, exampleFinding("pii.phone", 2)] }).redactions).toHaveLength(3);
});

test("labels stand for sets of classes", () => {
  const written = policy({ labels: { payment: ["pci.*", "pii.iban"] }, rules: [secrets({ when: { data: { any: ["$payment"] } } })] });
  expect(decide(written, DESK, { findings: [exampleFinding("pii.iban", 1)] }).effect).toBe("redact");
  expect(decide(written, DESK, { findings: one }).effect).toBe("allow");
});

test("a class that could not be judged counts as found, and what cannot be redacted is blocked", () => {
  const unknownClasses = ["secret.*"];
  expect(decide(policy({ rules: [secrets()] }), DESK, { unknownClasses })).toMatchObject({ effect: "block", enforced: "block", decidedBy: "secrets" });
  expect(decide(policy({ rules: [secrets({ when: { data: { any: ["*.jwt"] } }, effect: "monitor" })] }), DESK, { unknownClasses }).effect).toBe("monitor");
  expect(decide(policy({ rules: [secrets({ when: { data: { any: ["pii.*"] } } })] }), DESK, { unknownClasses }).effect).toBe("allow");
  expect(decide(policy({ rules: [secrets({ effect: "block", when: { method: "*" }, unless: { data: { any: ["secret.*"] } } })] }), DESK, { unknownClasses }).effect).toBe("block");
});

test.each<[string, Rule["when"], Partial<Facts>]>([
  ["method", { method: "tools/call" }, { method: undefined }],
  ["tool", { tool: "x" }, { tool: undefined }],
  ["prompt", { prompt: "x" }, { prompt: undefined }],
  ["resource", { resource: "x" }, { resource: undefined }],
  ["protocol version", { protocolVersion: "2025-*" }, { protocolVersion: undefined }],
  ["authentication", { authentication: "none" }, { authentication: "unknown" }],
  ["trust", { server: { trust: { below: 50 } } }, { trust: undefined }],
  ["risk level", { server: { riskLevel: "high" } }, { trust: undefined }],
  ["user", { who: { user: "x" } }, { who: { groups: [] } }],
  ["group", { who: { group: "x" } }, { who: { user: "x" } }],
  ["device", { who: { device: "x" } }, { who: undefined }],
  ["client", { client: { id: "client:cursor" } }, { channel: { ...exampleChannel(DESK), client: { id: "client:unknown", name: "?" } } }],
])("%s not known: a restricting rule applies, an allowing one and an unless do not", (_name, when, unknown) => {
  expect(decide(policy({ rules: [rule({ when })] }), DESK, unknown).effect).toBe("block");
  expect(decide(policy({ rules: [rule({ when, effect: "allow" })] }), DESK, unknown).matched.map(({ id }) => id)).toEqual(["desk"]);
  expect(decide(policy({ rules: [rule({ unless: when })] }), DESK, unknown).effect).toBe("block");
  // Known, and something else: the rule does not apply.
  const other: Partial<Facts> = { method: "ping", tool: "y", prompt: "y", resource: "y", protocolVersion: "2024-11-05", authentication: "bearer", trust: { score: 90, level: "low" }, who: { user: "y", groups: ["y"], device: "y" } };
  expect(decide(policy({ rules: [rule({ when })] }), DESK, other).effect).toBe("allow");
});

test("a message without a tool is no message about a tool that we cannot read", () => {
  expect(decide(policy({ rules: [rule({ when: { tool: "*" } })] }), DESK, { tool: null }).effect).toBe("allow");
});

test("an unknown desktop client is at least no web app", () => {
  const channel = { ...exampleChannel(DESK), client: { id: "client:unknown", name: "?" } };
  expect(decide(policy({ rules: [rule({ when: { client: { id: "app:https://chat.example" } } })] }), DESK, { channel }).effect).toBe("allow");
});

test("an exception spares one rule, for whom it names, until the end of its last day", () => {
  const written = policy({ rules: [secrets({ effect: "block" }), rule({ id: "other", when: { data: { any: ["secret.*"] } }, effect: "monitor" })], exceptions: [{ rule: "secrets", when: { who: { group: "red" } }, owner: "o", until: "2027-01-31", ticket: "T-1" }] });
  const at = (now: number, groups: string[] = ["red"]) => decide(written, DESK, { findings: one, who: { groups }, now }).effect;
  expect(at(Date.UTC(2027, 0, 31, 23, 59, 59, 999))).toBe("monitor");
  expect(at(Date.UTC(2027, 1, 1))).toBe("block");
  expect(at(Date.UTC(2026, 0, 1), ["blue"])).toBe("block");
  expect(decide(written, DESK, { findings: one, who: undefined, now: 0 }).effect).toBe("block");
});

test("a policy that only watches says what it would do, and does nothing", () => {
  const decision = decide(policy({ mode: "monitor", rules: [secrets({ effect: "block", mode: "enforce" }), secrets({ id: "s2" })] }), DESK, { findings: one });
  expect(decision).toMatchObject({ effect: "block", enforced: "monitor", decidedBy: "secrets", redactions: [] });
  expect(decide(policy({ mode: "monitor" }), ROGUE)).toMatchObject({ effect: "block", enforced: "monitor" });
  expect(decide(policy({ mode: "monitor" }), DESK)).toMatchObject({ effect: "allow", enforced: "allow" });
});

test("a rule on trial lends neither its effect nor its redactions; the others hold", () => {
  const onTrial = rule({ id: "trial", when: { data: { any: ["pii.*"] } }, effect: "redact", mode: "monitor" });
  const findings = [exampleFinding("pii.email", 1), exampleFinding("secret.jwt", 2)];
  expect(decide(policy({ rules: [onTrial, secrets()] }), DESK, { findings })).toMatchObject({ effect: "redact", enforced: "redact", decidedBy: "secrets", redactions: [{ finding: 1 }] });
  expect(decide(policy({ rules: [{ ...onTrial, effect: "block" }, secrets()] }), DESK, { findings })).toMatchObject({ effect: "block", enforced: "redact", decidedBy: "trial", redactions: [{ finding: 1 }] });
});

test("when several block, the one that is obeyed and has words speaks", () => {
  const written = policy({ rules: [rule({ id: "a", mode: "monitor", message: "trial" }), rule({ id: "b" }), rule({ id: "c", message: "Do this instead." })] });
  expect(decide(written)).toMatchObject({ decidedBy: "c", message: "Do this instead." });
});

test("what is remembered for a connection does not leak into another tool or another connection", () => {
  const compiled = compile(policy({ rules: [rule({ when: { tool: "bad" } })] }), "local");
  const facts = exampleFacts(DESK);
  for (const [tool, expected] of [["good", "allow"], ["bad", "block"], [null, "allow"], ["good", "allow"], [undefined, "block"]] as const) expect(compiled.decide({ ...facts, tool }).effect).toBe(expected);
  expect(compiled.decide(exampleFacts(ROGUE)).effect).toBe("block");
  for (let at = 0; at < 600; at++) compiled.decide({ ...facts, tool: `tool-${at}` });
  expect(compiled.decide({ ...facts, tool: "bad" }).effect).toBe("block");
});
