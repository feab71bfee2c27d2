import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { escaped, junitXml } from "./junit.ts";
import { openStage, type Stage } from "./run.fixture.ts";

let stage: Stage;
beforeEach(() => void (stage = openStage()));
afterEach(() => stage.close());

const POLICY = `version: 1
id: p
revision: 1
mode: enforce
admission:
  default: block
  servers:
    - { id: desk, match: { url: "https://desk.example/*" }, effect: allow, sanctioned: true }
    - { id: other, match: { url: "https://other.example/*" }, effect: monitor }
rules:
  - id: no-secrets
    title: Secrets stay
    when: { direction: to-server, data: { any: [secret.*] } }
    unless: { server: { sanctioned: true } }
    effect: block
    tests:
      - { given: { data: [secret.jwt] }, expect: block }
  - { id: no-deletes, title: Nothing is deleted, when: { tool: delete_* }, effect: block }
exceptions:
  - { rule: no-deletes, when: { who: { group: red } }, owner: o, until: 2026-12-31, ticket: T-1 }
  - { rule: no-deletes, when: { who: { user: bob } }, owner: o, until: 2026-12-31, ticket: T-2 }
`;

async function run(tests: string, ...more: string[]) {
  return stage.run("test", stage.file("p.yaml", POLICY), "--tests", stage.file("tests.yaml", tests), ...more);
}

const GOOD = `- name: secrets to the desk
  given: { server: desk, data: [secret.jwt] }
  expect: allow
- { name: secrets elsewhere, given: { server: other, data: [secret.jwt] }, expect: { effect: block, decidedBy: no-secrets } }
- { name: unknown server, given: { server: "https://x.example/mcp" }, expect: { effect: block, decidedBy: admission.default } }
- { given: { tool: delete_x, groups: [red], at: "2026-12-01T09:00:00Z" }, expect: allow }
- { name: later, given: { tool: delete_x, groups: [red], at: "2027-01-02T09:00:00Z" }, expect: { effect: block, decidedBy: no-deletes } }
`;

test("examples in files are run beside the policy's own; who decided counts where it is named", async () => {
  const { code, out } = await run(GOOD);
  expect(out).toContain("ok   secrets elsewhere: block (no-secrets)");
  expect(out).toContain("6 examples, all as they should be\n");
  expect(code).toBe(0);
  const wrong = await run(GOOD.replace("decidedBy: no-secrets", "decidedBy: other"));
  expect(wrong.code).toBe(1);
  expect(wrong.out).toContain("FAIL secrets elsewhere: block as expected, but from no-secrets, not from other");
  expect(wrong.out).toContain('Rule "Secrets stay" (no-secrets): block, because of direction to-server; data secret.jwt (1)');
});

test("coverage: who spoke, who was spared, by what, and what nobody tried", async () => {
  const { out } = await run(GOOD, "--json");
  expect(JSON.parse(out)).toMatchObject({
    ok: true,
    coverage: {
      rules: [
        { rule: "no-secrets", reached: 3, spoke: 2, unless: 1, exceptions: [] },
        { rule: "no-deletes", reached: 2, spoke: 1, unless: null, exceptions: [{ ticket: "T-1", examples: 2 }, { ticket: "T-2", examples: 0 }] },
      ],
      entries: [{ entry: "desk", examples: 1 }, { entry: "other", examples: 1 }],
    },
  });
  const text = (await run(GOOD, "--coverage")).out;
  expect(text).toMatch(/no-deletes +1 +1 +– +T-1: tried 2×, T-2: not tried/);
  expect((await stage.run("test", stage.file("p.yaml", POLICY))).out).toContain("no example reaches: no-deletes");
});

test("a slip in a file of examples has its line and remedy", async () => {
  for (const [text, line, word] of [
    ["tests: []\n", 1, "must be a list"],
    ["- { given: { tol: x }, expect: block }\n", 1, 'did you mean "tool"?'],
    ["- { name: a, given: {}, expect: blok }\n", 1, 'did you mean "block"?'],
    ["- { expect: block }\n- { given: { data: [secret.jwtt] }, expect: block }\n", 2, "no data class"],
    ["- { expect: { effect: block, decidedBy: no-secret } }\n", 1, 'did you mean "no-secrets"?'],
    ["- { expect: { efect: block } }\n", 1, "unknown key"],
    ["- { givn: {}, expect: block }\n", 1, 'did you mean "given"?'],
    ["- { given: {} }\n", 1, '"expect" is missing'],
    ["- { given: { server: dsk }, expect: block }\n", 1, 'did you mean "desk"?'],
    ["- [\n", 2, ""],
  ] as const) {
    const { code, out } = await run(text);
    expect(code).toBe(1);
    expect(out).toMatch(/tests\.yaml:\d+:\d+ /);
    expect(Number(/tests\.yaml:(\d+):/.exec(out)?.[1])).toBe(line);
    expect(out).toContain(word);
  }
  await expect(stage.run("test", stage.file("p.yaml", POLICY), "--tests", "nowhere.yaml")).rejects.toMatchObject({ code: 2 });
});

test("JUnit: one case an example, failures with their reason, whatever the names hold", async () => {
  const report = `${stage.folder}/report.xml`;
  expect((await run(GOOD.replace("secrets to the desk", '"<a> & \\"b\\" \\u0001"').replace("expect: allow", "expect: block"), "--junit", report)).code).toBe(1);
  const xml = readFileSync(report, "utf8");
  expect(xml).toContain('<testsuites tests="6" failures="1">');
  expect(xml).toContain('name="&lt;a&gt; &amp; &quot;b&quot; ?">');
  expect(xml).toContain('<failure message="expected block, got allow">Allowed.');
  expect((await run(GOOD, "--junit", "-")).out).toMatch(/^<\?xml /);
});

test("no text breaks out of its place in the XML", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const safe = escaped(text);
      // oxlint-disable-next-line no-control-regex
      expect(safe).not.toMatch(/[<>"'\u0000-\u001f\ufffe\uffff]|&(?!(?:amp|lt|gt|quot|apos|#9|#10|#13);)/);
      expect(safe.isWellFormed()).toBe(true);
      expect(junitXml(text, []).split("<").length).toBe(6);
    }),
  );
});
