/** The sample people start from: good, true to its examples, and safe against slips of the finger. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isMap, isScalar, parseDocument, visit } from "yaml";
import { localServer, remoteServer, type ServerIdentity } from "../../shared/mcp/identity.ts";
import { compile } from "../../shared/policy/compile.ts";
import type { Facts } from "../../shared/policy/decision.ts";
import { exampleFacts, exampleFinding } from "../../shared/policy/example-facts.ts";
import { EFFECTS } from "../../shared/policy/language.ts";
import { runRuleTests } from "../../shared/policy/rule-tests.ts";
import { compareEffects } from "../../shared/policy/verdict.ts";
import { readPolicy } from "./read.ts";

const SAMPLE = readFileSync(new URL("../../docs/policy.sample.yaml", import.meta.url), "utf8");

const DESK = remoteServer("http://127.0.0.1:41000/desk/mcp")!;
const EVERYTHING = remoteServer("http://127.0.0.1:41000/everything/mcp")!;
const ROGUE = remoteServer("http://127.0.0.1:41000/rogue/mcp")!;
const SERVERS: ServerIdentity[] = [
  DESK,
  EVERYTHING,
  ROGUE,
  localServer("npx", ["-y", "@modelcontextprotocol/server-everything"]),
  localServer("/usr/bin/node", ["/work/node_modules/@modelcontextprotocol/server-everything/dist/index.js", "stdio"]),
  localServer("mcp-server-everything", []),
  localServer("npx", ["-y", "@somebody/else"]),
];

async function sample(text = SAMPLE) {
  const read = await readPolicy(text, "policy.sample.yaml");
  return read.ok ? compile(read.value, "local") : null;
}

test("its examples come out as it says", async () => {
  const compiled = await sample();
  expect(runRuleTests(compiled!.policy).filter(({ passed }) => !passed)).toEqual([]);
});

test("it opens the listed servers, remote and local, and no other", async () => {
  const compiled = await sample();
  expect(SERVERS.map((server) => compiled!.decide(exampleFacts(server)).enforced)).toEqual(["allow", "allow", "block", "allow", "allow", "allow", "block"]);
  expect(compiled!.decide(exampleFacts(DESK, { tool: "delete_customer" }))).toMatchObject({ enforced: "block", message: expect.stringContaining("ticket") as string });
});

test("many e-mail addresses are on trial only", async () => {
  const findings = Array.from({ length: 20 }, (_, at) => exampleFinding("pii.email", at));
  const decision = (await sample())!.decide(exampleFacts(DESK, { direction: "to-client", findings }));
  expect(decision).toMatchObject({ effect: "block", enforced: "redact", decidedBy: "mass-export" });
  expect(decision.redactions).toHaveLength(20);
});

/** Every key, and every word that is an effect or a mode, with its place in the text. */
function targets(): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  const words = new Set<unknown>([...EFFECTS, "enforce"]);
  visit(parseDocument(SAMPLE), {
    Map(_key, node) {
      expect(isMap(node)).toBe(true);
      for (const { key, value } of node.items)
        for (const [scalar, wanted] of [[key, true], [value, isScalar(value) && words.has(value.value)]] as const)
          if (wanted && isScalar(scalar) && scalar.range) found.push({ start: scalar.range[0], end: scalar.range[1] });
    },
  });
  return found;
}

function probes(): Facts[] {
  const findings = [[], ["secret.github-token"], ["secret.private-key"], ["pci.card-number", "pii.iban"], ["pii.email", "pii.phone"], Array<string>(20).fill("pii.email")].map((names) => names.map((name, at) => exampleFinding(name, at)));
  return SERVERS.flatMap((server) => (["to-server", "to-client"] as const).flatMap((direction) => ["get_customer", "delete_customer", null].flatMap((tool) => findings.map((each) => exampleFacts(server, { direction, tool, findings: each })))));
}

// threat: policy-typo
test("one wrong character in a key, an effect or a mode is refused, or leaves every decision at least as strict", async () => {
  const before = (await sample())!;
  const facts = probes();
  const decisions = facts.map((each) => before.decide(each));
  let refused = 0;
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...targets()), fc.nat(40), fc.constantFrom("insert", "replace", "delete"), fc.constantFrom(..."abcdefghijklmnopqrstuvwxyzABE019_-#:'\"* ~&!"), async ({ start, end }, offset, how, character) => {
      const at = start + (offset % (end - start + (how === "insert" ? 1 : 0)));
      const compiled = await sample(SAMPLE.slice(0, at) + (how === "delete" ? "" : character) + SAMPLE.slice(how === "insert" ? at : at + 1));
      if (!compiled) return void refused++;
      accepted++;
      for (const [index, each] of facts.entries()) {
        const now = compiled.decide(each);
        const was = decisions[index]!;
        expect(compareEffects(now.effect, was.effect)).toBeGreaterThanOrEqual(0);
        expect(compareEffects(now.enforced, was.enforced)).toBeGreaterThanOrEqual(0);
        if (now.enforced !== "block") expect(now.redactions.map(({ finding }) => finding)).toEqual(expect.arrayContaining(was.redactions.map(({ finding }) => finding)));
      }
    }),
    { numRuns: 250 },
  );
  expect(refused).toBeGreaterThan(accepted);
});
