import fc from "fast-check";
import { expect, test } from "vitest";
import { remoteServer } from "../mcp/identity.ts";
import { compile } from "./compile.ts";
import { exampleFacts, exampleFinding } from "./example-facts.ts";
import type { PolicyPart, PolicySource, Rule } from "./language.ts";
import { mergePolicies, type Layer, type Role } from "./merge.ts";
import { pathText } from "./schema-problems.ts";
import { validatePart } from "./schema.ts";
import { compareEffects } from "./verdict.ts";

const rule = (id: string, changes: Partial<Rule> = {}): Rule => ({ id, title: id, when: { data: { any: ["secret.*"] } }, effect: "redact", ...changes });
const source: PolicySource = {
  version: 1,
  id: "acme",
  revision: 3,
  mode: "enforce",
  labels: { own: ["secret.*"] },
  admission: { default: "monitor", servers: [{ id: "desk", match: { url: "https://desk.example/*" }, effect: "allow", sanctioned: true }] },
  rules: [rule("own-rule", { when: { data: { any: ["$own"] } } })],
};
const layer = (role: Role, name: string, part: Partial<PolicyPart>): Layer => ({ role, name, part: { version: 1, id: name, ...part } });

function merged(...layers: Layer[]) {
  const result = mergePolicies({ name: "acme.yaml", source }, layers);
  if (!result.ok) throw new Error(JSON.stringify(result.why));
  return result.value;
}

function problems(...layers: Layer[]): string[] {
  const result = mergePolicies({ name: "acme.yaml", source }, layers);
  return result.ok ? [] : result.why.map((each) => `${each.layer}: ${pathText(each.path)}: ${each.message}${each.fix ? `; ${each.fix}` : ""}`);
}

test("rules, entries, names and exceptions are united; id, revision and mode are the root's; the strictest default holds", () => {
  const vendor = layer("vendor", "pack", { revision: 9, minEngine: 2, mode: "monitor", rules: [rule("pack-rule")], labels: { own: ["secret.*"], more: ["pii.*"] } });
  const other = layer("organization", "servers.yaml", { admission: { default: "coach", override: { reason: "required" }, servers: [{ id: "mail", match: { url: "https://mail.example/*" }, effect: "allow" }] }, exceptions: [{ rule: "pack-rule", when: { who: { group: "red" } }, owner: "o", until: "2027-01-01", ticket: "T" }] });
  const team = layer("team", "team.yaml", { rules: [rule("team-rule", { when: { data: { any: ["$more"] } } })] });
  const policy = merged(vendor, other, team);
  expect(policy).toMatchObject({ id: "acme", revision: 3, mode: "enforce", minEngine: 2, admission: { default: "coach", override: { reason: "required" } }, labels: { own: ["secret.*"], more: ["pii.*"] } });
  expect(policy.admission.servers.map(({ id }) => id)).toEqual(["desk", "mail"]);
  expect(policy.rules.map(({ id, mode }) => [id, mode])).toEqual([["own-rule", undefined], ["pack-rule", "monitor"], ["team-rule", undefined]]);
  expect(policy.exceptions).toHaveLength(1);
});

test("the order in which files are included changes nothing", () => {
  const layers = [layer("team", "b", { rules: [rule("b")] }), layer("team", "a", { rules: [rule("a")] }), layer("vendor", "z", { rules: [rule("z")] }), layer("organization", "m", { rules: [rule("m")] })];
  fc.assert(fc.property(fc.shuffledSubarray(layers, { minLength: 4 }), (shuffled) => void expect(JSON.stringify(merged(...shuffled))).toBe(JSON.stringify(merged(...layers)))));
});

test.each<[string, Layer, string]>([
  ["an id of another file", layer("vendor", "pack", { rules: [rule("own-rule")] }), 'pack: rules[0].id: the id "own-rule" is already used in acme.yaml'],
  ["a server id of another file", layer("vendor", "pack", { admission: { servers: [{ id: "desk", match: { url: "*" }, effect: "block" }] } }), "pack: admission.servers[0].id: the id \"desk\" is already used in acme.yaml"],
  ["another meaning for a label", layer("organization", "more.yaml", { labels: { own: ["pii.*"] } }), 'more.yaml: labels.own: the label "own" is already in acme.yaml'],
  ["a slip, in the file where it stands", layer("team", "team.yaml", { rules: [rule("x"), rule("y", { when: { data: { any: ["$onw"] } } })] }), 'team.yaml: rules[1].when.data.any[0]: no label is called "$onw"; did you mean "$own"?'],
  ["an exception of a team to a rule of others", layer("team", "team.yaml", { exceptions: [{ rule: "own-rule", when: { who: { group: "us" } }, owner: "o", until: "2027-01-01", ticket: "T" }] }), "team.yaml: exceptions[0].rule: a team can make exceptions to its own rules only"],
  ["a server that a team opens", layer("team", "team.yaml", { admission: { servers: [{ id: "ours", match: { url: "*" }, effect: "allow" }] } }), "team.yaml: admission.servers[0].effect: a team's server entries can only block"],
  ["a tool that a team opens", layer("team", "team.yaml", { admission: { servers: [{ id: "ours", match: { url: "*" }, effect: "block", tools: [{ name: "x", effect: "allow" }] }] } }), "so no tool can be opened"],
  ["a mark that a team gives", layer("team", "team.yaml", { admission: { servers: [{ id: "ours", match: { url: "*" }, effect: "block", sanctioned: false }] } }), "for the organization to say"],
  ["a default of a team that leaves out what the organization redacts", layer("team", "team.yaml", { admission: { default: "coach", override: { raw: true } } }), "team.yaml: admission.override.raw: it would also leave out"],
  ["a style that a team chooses for all", layer("team", "team.yaml", { redaction: { "secret.*": "mask" } }), "team.yaml: redaction: how values are replaced"],
  ["going on without others' redactions", layer("team", "team.yaml", { rules: [rule("x", { effect: "coach", override: { raw: true } })] }), "team.yaml: rules[0].override.raw: it would also leave out"],
])("refused: %s", (_name, each, expected) => {
  expect(problems(each).join("\n")).toContain(expected);
});

test("a part needs neither revision nor mode nor admission, and a slip in it is a slip", () => {
  expect(validatePart({ version: 1, id: "part", rules: [] }).ok).toBe(true);
  expect(validatePart({ version: 1, id: "part", rulez: [] }).ok).toBe(false);
});

// threat: policy-typo
test("whatever a team adds, nothing passes that would not have passed", () => {
  const when = fc.constantFrom<Rule["when"]>({ method: "*" }, { data: { any: ["secret.*"] } }, { server: { sanctioned: true } }, { server: { id: "desk" } }, { tool: "get_*" });
  const teamRule = fc.record({ id: fc.constantFrom("t1", "t2"), title: fc.constant("T"), when, effect: fc.constantFrom("allow", "monitor", "coach", "approve", "block", "redact") }, {}).map((each) => (each.effect === "redact" ? { ...each, when: { data: { any: ["*"] } }, style: "mask" } : each)) as fc.Arbitrary<Rule>;
  const part = fc.record({
    mode: fc.constantFrom(undefined, "monitor", "enforce"),
    rules: fc.uniqueArray(teamRule, { selector: ({ id }) => id, maxLength: 2 }),
    admission: fc.constantFrom(undefined, { default: "allow" }, { default: "block" }, { servers: [{ id: "t", match: { url: "https://desk.example/*" }, effect: "block" }] }, { servers: [{ id: "t", match: { url: "*" }, effect: "approve" }] }, { servers: [{ id: "t", match: { url: "*" }, effect: "allow", sanctioned: true }] }),
    redaction: fc.constantFrom(undefined, undefined, undefined, { "secret.*": "mask" }),
  }) as fc.Arbitrary<Partial<PolicyPart>>;
  const facts = fc
    .record({ server: fc.constantFrom("https://desk.example/mcp", "https://other.example/mcp"), tool: fc.constantFrom("get_x", "put_x", undefined), data: fc.subarray(["secret.jwt", "pii.email"]) })
    .map(({ server, tool, data }) => exampleFacts(remoteServer(server)!, { tool, findings: data.map((name, at) => exampleFinding(name, at)) }));
  const root: PolicySource = { ...source, rules: [...source.rules, rule("vouched", { when: { server: { sanctioned: true }, tool: "put_*" }, effect: "approve" }), rule("strange", { when: { server: { sanctioned: false } }, effect: "coach" })] };
  let accepted = 0;
  fc.assert(
    fc.property(part, facts, (team, about) => {
      const result = mergePolicies({ name: "acme.yaml", source: root }, [layer("team", "team.yaml", JSON.parse(JSON.stringify(team)) as Partial<PolicyPart>)]);
      if (!result.ok) return;
      accepted++;
      const before = compile(root, "local").decide(about);
      const now = compile(result.value, "local").decide(about);
      expect(compareEffects(now.effect, before.effect)).toBeGreaterThanOrEqual(0);
      expect(compareEffects(now.enforced, before.enforced)).toBeGreaterThanOrEqual(0);
      for (const redaction of before.redactions) expect(now.redactions).toContainEqual(redaction);
    }),
    { numRuns: 300 },
  );
  expect(accepted).toBeGreaterThan(50);
});

test("a yes to a team's rule holds no longer than the organization's own rule on the same call lets it", () => {
  const when = { tool: "refund" };
  const org = layer("organization", "org.yaml", { rules: [rule("think", { when, effect: "coach" })] });
  const team = layer("team", "team.yaml", { rules: [rule("look", { when, effect: "approve", approve: { offer: ["once", "session", "7d"] } })] });
  const policy = compile(merged(org, team), "local");
  expect(policy.decide(exampleFacts(remoteServer("https://desk.example/mcp")!, { tool: "refund" })).hold).toMatchObject({ kind: "approve", offer: ["call"] });
});
