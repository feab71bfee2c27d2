import { expect, test } from "vitest";
import { remoteServer } from "../mcp/identity.ts";
import { BASELINE } from "./baseline.ts";
import { compile } from "./compile.ts";
import type { Facts } from "./decision.ts";
import { exampleFacts, exampleFinding } from "./example-facts.ts";
import { explain, nearText, refusalText } from "./explain.ts";
import type { Policy, Rule } from "./language.ts";

const SERVER = remoteServer("https://desk.example/mcp")!;
const support = { name: "Help desk", url: "https://help.example/ai" };

function decide(rules: Rule[], changes: Partial<Facts> = {}, policy: Partial<Policy> = {}) {
  return compile({ version: 1, id: "acme", revision: 42, mode: "enforce", admission: { default: "allow", servers: [] }, rules, ...policy }, "machine").decide(exampleFacts(SERVER, changes));
}

const noKeys: Rule = { id: "no-keys", title: "Keys stay here", when: { data: { any: ["secret.private-*"] }, tool: "send_*" }, effect: "block", message: "Use the vault", learnMore: "https://wiki.example/keys" };
const key = { ...exampleFinding("secret.private-key", 1), preview: "••••TAIL", fingerprint: "feedfacefeedface", pointer: "/params/arguments/pem" };

test("a refusal names the rule, its words, the policy and where to get help", () => {
  const text = refusalText(decide([noKeys], { tool: "send_mail", findings: [key] }), support);
  for (const part of ["Keys stay here", "no-keys", "Use the vault.", "acme", "revision 42", "https://wiki.example/keys", "Help desk", "https://help.example/ai"]) expect(text).toContain(part);
});

test("a refusal gives away neither the value nor what the rule looks for", () => {
  const text = refusalText(decide([noKeys], { tool: "send_mail", findings: [key] }), undefined);
  for (const part of ["TAIL", "feedface", "/params", "secret.private", "send_"]) expect(text).not.toContain(part);
});

test("a refusal by default or by an untitled entry is a sentence, too", () => {
  expect(refusalText(decide([], {}, { admission: { default: "block", servers: [] } }), undefined)).toBe("Blocked by Sluice: This server is not on the list of known servers. (policy acme, revision 42)");
  expect(refusalText(decide([], {}, { admission: { default: "allow", servers: [{ id: "x", match: { url: "*" }, effect: "block" }] } }), undefined)).toBe("Blocked by Sluice: x may not be used. (rule x, policy acme, revision 42)");
});

test("a refused tool is told from a refused server, and the message does not show the rule's pattern", () => {
  const servers = [{ id: "desk", title: "Customer desk", match: { url: "*" }, effect: "allow" as const, tools: [{ name: "delete_*", effect: "block" as const }] }];
  const text = refusalText(decide([], { tool: "delete_all" }, { admission: { default: "block", servers } }), undefined);
  expect(text).toBe("Blocked by Sluice: This tool may not be used on Customer desk. (rule desk, policy acme, revision 42)");
  expect(text).not.toContain("delete_*");
});

test("an explanation says what happened, which rule, which class, under which policy and what to do", () => {
  const lines = explain(decide([noKeys], { tool: "send_mail", findings: [key] }), support);
  expect(lines[0]).toBe("Blocked.");
  expect(lines.join("\n")).toContain('Rule "Keys stay here" (no-keys): block, because of tool send_*; data secret.private-key (1).');
  expect(lines.join("\n")).toContain("Policy acme, revision 42, set by your organization on this computer.");
  expect(lines.at(-1)).toContain("https://help.example/ai");
  expect(lines.join("\n")).not.toContain("TAIL");
});

test("an explanation tells watching from doing", () => {
  expect(explain(decide([noKeys], { tool: "send_mail", findings: [key] }, { mode: "monitor" }))[0]).toBe("Allowed and recorded. The policy would block this, but it only watches here.");
  expect(explain(decide([]))[0]).toBe("Allowed.");
});

test("the baseline lets live credentials out of no message, and only records the rest", () => {
  const compiled = compile(BASELINE, "baseline");
  const about = (name: string, confidence: number, direction: Facts["direction"]) => compiled.decide(exampleFacts(SERVER, { direction, findings: [exampleFinding(name, 1, confidence)] }));
  expect(about("secret.private-key", 0.6, "to-server").redactions).toHaveLength(1);
  expect(about("secret.github-token", 0.85, "to-server").redactions).toHaveLength(1);
  expect(about("secret.password", 0.7, "to-server")).toMatchObject({ enforced: "monitor", redactions: [] });
  expect(about("secret.github-token", 1, "to-client").enforced).toBe("monitor");
  expect(about("pii.email", 1, "to-server").enforced).toBe("monitor");
});

test("what came near says what it would have done, and what kept it from it", () => {
  const { near } = compile({ version: 1, id: "acme", revision: 1, mode: "enforce", admission: { default: "allow", servers: [] }, rules: [{ ...noKeys, when: { direction: "to-server", tool: "send_*" } }, { id: "all", title: "All", when: { method: "*" }, unless: { tool: "get_*" }, effect: "approve" }] }, "local").explainFully(exampleFacts(SERVER, { tool: "get_mail" }));
  expect(near.map(nearText)).toEqual(['Rule "Keys stay here" (no-keys) would block this, but it asks for tool send_*.', 'Rule "All" (all) would ask for approval, but this message is spared by tool get_*.']);
});
