import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { packNames, starterNames, starterText } from "./packs.ts";
import { readPolicyTree, treeProblemText, type PolicyTree } from "./tree.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "sluice-tree-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const ROOT = "version: 1\nid: acme\nrevision: 1\nmode: enforce\nadmission: { default: monitor, servers: [] }\nrules: []\n";
const part = (id: string, more: string): string => `version: 1\nid: ${id}\n${more}`;
const rule = (id: string, tool = "x"): string => `rules:\n  - { id: ${id}, title: ${id}, when: { tool: ${tool} }, effect: block }\n`;
const root = (include: string): string => file("acme.yaml", `${ROOT}include: ${include}\n`);
const readUtf8 = (path: string): Promise<string> => Promise.resolve(readFileSync(path, "utf8"));

async function good(path: string): Promise<PolicyTree> {
  const read = await readPolicyTree(path, readUtf8);
  if (!read.ok) throw new Error(read.why.map(treeProblemText).join("\n"));
  return read.value;
}

async function problems(path: string): Promise<string[]> {
  const read = await readPolicyTree(path, readUtf8);
  return read.ok ? [] : read.why.map((problem) => treeProblemText(problem).replaceAll(folder, ""));
}

test("files, packs and teams become one policy, and each part is found where it was written", async () => {
  file("parts/net.yaml", part("net", `include: [deep/more.yaml]\n${rule("net-rule")}`));
  file("parts/deep/more.yaml", part("more", `# a line\n${rule("more-rule", "y")}`));
  file("team.yaml", part("team", rule("team-rule", "z")));
  const path = root("[parts/net.yaml, owasp-mcp01-secrets, { team: team.yaml }]");
  const { policy, files, placeOf } = await good(path);
  expect(policy.rules.map(({ id }) => id)).toEqual(expect.arrayContaining(["net-rule", "more-rule", "team-rule", "mcp01-secrets-out"]));
  expect(policy).not.toHaveProperty("include");
  expect(files).toHaveLength(5);
  const at = policy.rules.findIndex(({ id }) => id === "more-rule");
  expect(placeOf(["rules", at, "when"])).toMatchObject({ file: join(folder, "parts/deep/more.yaml"), line: 5 });
  const packed = policy.rules.findIndex(({ id }) => id === "mcp01-secrets-out");
  expect(placeOf(["rules", packed]).file).toBe("pack owasp-mcp01-secrets");
  expect(placeOf(["mode"])).toMatchObject({ file: path, line: 4 });
});

test("a problem names the file in which it stands", async () => {
  file("bad.yaml", part("bad", "rules:\n  - { id: r, title: R, when: { tool: x }, efect: block }\n"));
  expect(await problems(root("[bad.yaml]"))).toEqual([expect.stringMatching(/^\/bad\.yaml:4:\d+ rules\[0\]\.efect: unknown key "efect"; did you mean "effect"\?$/)]);
  file("broken.yaml", "version: 1\nid: [");
  expect((await problems(root("[broken.yaml]")))[0]).toMatch(/^\/broken\.yaml:\d+:\d+ /);
  file("twice.yaml", part("twice", rule("same")));
  file("again.yaml", part("again", rule("same")));
  expect((await problems(root("[twice.yaml, again.yaml]")))[0]).toMatch(/^\/twice\.yaml:4:\d+ rules\[0\]\.id: the id "same" is already used in .*again\.yaml/);
});

test("what is not there, no pack, a circle", async () => {
  expect(await problems(root("[nowhere.yaml]"))).toEqual(["/acme.yaml:7:11 include[0]: /nowhere.yaml does not exist; paths count from the file that includes them"]);
  expect(await problems(root("[owasp-mcp01-secretz]"))).toEqual([expect.stringContaining('did you mean "owasp-mcp01-secrets"?')]);
  file("a.yaml", part("a", "include: [b.yaml]\n"));
  file("b.yaml", part("b", "include: [a.yaml]\n"));
  expect((await good(root("[a.yaml]"))).files).toHaveLength(3);
  file("a.yaml", part("a", "include: [acme.yaml]\n"));
  expect((await good(root("[a.yaml]"))).files).toHaveLength(2);
});

// threat: team-loosens
test.skipIf(process.platform === "win32")("a pipe that nobody writes to is no file, and keeps nobody waiting", async () => {
  execFileSync("mkfifo", [join(folder, "pipe.yaml")]);
  expect(await problems(root("[pipe.yaml]"))).toEqual([expect.stringContaining("/pipe.yaml is not a file")]);
});

test("a team's file stays a team's, whatever it includes itself, and nothing is both", async () => {
  file("team.yaml", part("team", "include: [servers.yaml]\n"));
  file("servers.yaml", part("servers", "admission: { servers: [{ id: open, match: { url: '*' }, effect: allow }] }\n"));
  expect((await problems(root("[{ team: team.yaml }]")))[0]).toMatch(/^\/servers\.yaml:3:/);
  expect(await problems(root("[servers.yaml, { team: team.yaml }]"))).toEqual([expect.stringContaining("is already part of this policy, as the organization's own")]);
});

test("packs and starters are found by name alone", () => {
  expect(packNames()).toContain("owasp-mcp01-secrets");
  expect(starterNames()).toEqual(expect.arrayContaining(["balanced", "locked-down", "watch"]));
  expect(starterText("../policy.sample")).toBeUndefined();
});
