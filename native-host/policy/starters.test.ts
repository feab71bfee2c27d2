/** The policies that people start from: valid, true to their examples, and with examples for every rule. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import type { PolicyPart, PolicySource, Rule } from "../../shared/policy/language.ts";
import { mergePolicies, type Layer } from "../../shared/policy/merge.ts";
import { runRuleTests } from "../../shared/policy/rule-tests.ts";
import { validatePart } from "../../shared/policy/schema.ts";
import { readPolicy } from "./read.ts";

const FOLDER = new URL("../../docs/policies/", import.meta.url);
const STARTERS = ["watch.yaml", "balanced.yaml", "locked-down.yaml"];
const PACKS = readdirSync(new URL("packs/", FOLDER));
const text = (name: string): string => readFileSync(new URL(name, FOLDER), "utf8");

/** One example that shows the rule at work, and one that shows what it leaves alone. */
function expectBothKinds(rules: readonly Rule[]): void {
  for (const rule of rules) {
    const effects = (rule.tests ?? []).map((each) => each.expect);
    expect(effects, rule.id).toContain(rule.effect);
    expect(effects.some((effect) => effect !== rule.effect) || effects.length > 1, rule.id).toBe(true);
    expect([rule.id, rule.owner !== undefined, rule.severity !== undefined]).toEqual([rule.id, true, true]);
  }
}

test.each(STARTERS)("%s is valid and does what its examples say", async (name) => {
  const read = await readPolicy(text(name), name);
  if (!read.ok) throw new Error(JSON.stringify(read.why));
  expect(runRuleTests(read.value).filter(({ passed }) => !passed)).toEqual([]);
  expectBothKinds(read.value.rules);
});

test("the three differ as their names say: watching enforces nothing, locked down opens nothing that is not listed", async () => {
  const [watch, balanced, locked] = await Promise.all(STARTERS.map(async (name) => (await readPolicy(text(name), name)) as { value: PolicySource }));
  expect([watch?.value.mode, balanced?.value.mode, locked?.value.mode]).toEqual(["monitor", "enforce", "enforce"]);
  expect([watch?.value.admission.default, balanced?.value.admission.default, locked?.value.admission.default]).toEqual(["monitor", "monitor", "block"]);
});

const ROOT: PolicySource = { version: 1, id: "root", revision: 1, mode: "enforce", admission: { default: "allow", servers: [] }, rules: [] };

function layerOf(file: string): Layer {
  const part = validatePart(parse(text(`packs/${file}`)));
  if (!part.ok) throw new Error(`${file}: ${JSON.stringify(part.why)}`);
  return { name: file, role: "vendor", part: part.value as PolicyPart };
}

test.each(PACKS)("%s is valid and does what its examples say", (file) => {
  const layer = layerOf(file);
  const merged = mergePolicies({ name: "root", source: ROOT }, [layer]);
  if (!merged.ok) throw new Error(JSON.stringify(merged.why));
  expect(runRuleTests(merged.value).filter(({ passed }) => !passed)).toEqual([]);
  expectBothKinds(merged.value.rules);
  expect(`${layer.part.id}.yaml`).toBe(file);
  expect(text("README.md")).toContain(`\`${layer.part.id}\``);
  expect(text(`packs/${file}`)).toContain("# Not seen yet: ");
});

test("all packs can be used together, and under each starter", async () => {
  const layers = PACKS.map(layerOf);
  for (const name of STARTERS) {
    const read = await readPolicy(text(name), name);
    const merged = read.ok && mergePolicies({ name, source: read.value }, layers);
    expect(merged).toMatchObject({ ok: true });
  }
});
