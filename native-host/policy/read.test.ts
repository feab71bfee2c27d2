import { expect, test } from "vitest";
import { fileProblemText, readPolicy } from "./read.ts";

const GOOD = `version: 1
id: acme
revision: 1
mode: enforce
admission:
  default: block
  servers: []
rules:
  - id: no-secrets
    title: No secrets
    when: { data: { any: [secret.*] } }
    effect: block
`;

async function problems(text: string, name = "policy.yaml"): Promise<string[]> {
  const read = await readPolicy(text, name);
  return read.ok ? [] : read.why.map((problem) => fileProblemText(name, problem));
}

test("YAML and JSON of the same policy are the same policy", async () => {
  const yaml = await readPolicy(GOOD, "policy.yaml");
  const json = await readPolicy(JSON.stringify(yaml.ok && yaml.value), "policy.json");
  expect(yaml.ok).toBe(true);
  expect(json).toEqual(yaml);
  expect(await problems(`\ufeff${GOOD}`)).toEqual([]);
});

test.each<[string, string, string]>([
  ["an unknown key stands at its own place", GOOD.replace("    effect:", "    efect:"), 'policy.yaml:12:5 rules[0].efect: unknown key "efect"; did you mean "effect"?'],
  ["a wrong value stands at its key", GOOD.replace("effect: block", "effect: blok"), 'policy.yaml:12:5 rules[0].effect: unknown effect "blok"; did you mean "block"? allowed: allow, monitor, redact, coach, approve, block'],
  ["a missing key stands at the group that lacks it", GOOD.replace("    effect: block\n", ""), 'policy.yaml:9:5 rules[0].effect: "effect" is missing'],
  ["deep inside a flow", GOOD.replace("any:", "ayn:"), 'policy.yaml:11:21 rules[0].when.data.ayn: unknown key "ayn"; did you mean "any"?'],
  ["a key twice", `${GOOD}mode: monitor\n`, "policy.yaml:13:1 this key stands twice in one group"],
  ["broken quotes", GOOD.replace("No secrets", '"No secrets'), "policy.yaml:"],
  ["tabs", GOOD.replace("  default", "\tdefault"), "policy.yaml:6:"],
  ["two documents", `${GOOD}---\n${GOOD}`, "the file holds several documents"],
  ["another YAML", `%YAML 1.1\n---\n${GOOD}`, "only YAML 1.2 is read"],
  ["a merge key is a key like any other", GOOD.replace("mode: enforce", "mode: enforce\n<<: { mode: monitor }"), 'unknown key "<<"'],
  ["a tag that asks for more", GOOD.replace("id: acme", "id: !!js/function x"), "policy.yaml:2:"],
  ["nothing", "# only a comment\n", "policy.yaml:1:1 the file is empty"],
])("%s", async (_name, text, expected) => {
  expect((await problems(text)).join("\n")).toContain(expected);
});

test("an alias bomb is refused quickly", async () => {
  const levels = Array.from({ length: 9 }, (_, at) => `a${at}: &a${at} [${Array(9).fill(at === 0 ? "x" : `*a${at - 1}`).join(", ")}]`);
  expect((await problems(`${GOOD}${levels.join("\n")}\n`)).join()).toContain("aliases");
});

test.each(["[", "{a: "])("depth is an error, not a crash: %s", async (open) => {
  expect((await problems(open.repeat(50_000))).length).toBeGreaterThan(0);
});

test("anchors that people write are fine", async () => {
  expect(await problems(GOOD.replace("any: [secret.*]", "any: &set [secret.*]").replace("effect: block\n", "effect: block\n    unless: { data: { any: *set }, tool: x }\n"))).toEqual([]);
});

test("JSON errors have places, and duplicate keys are errors there too", async () => {
  const text = '{\n  "version": 1,\n  "version": 1\n}';
  expect(await problems(text, "p.json")).toEqual(['p.json:3:3 a key stands twice in one object']);
  const wrong = '{\n  "version": 1, "id": "acme", "revision": 1, "mode": "enforce",\n  "admission": { "default": "block", "servers": [ {\n    "id": "a", "effct": "allow", "match": { "url": "*" } } ] },\n  "rules": [] }';
  expect(await problems(wrong, "p.json")).toEqual(['p.json:4:16 admission.servers[0].effct: unknown key "effct"; did you mean "effect"?']);
});
