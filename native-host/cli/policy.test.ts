import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Failure } from "./failure.ts";
import policy from "./policy.ts";

const SAMPLE = fileURLToPath(new URL("../../docs/policy.sample.yaml", import.meta.url));
let folder: string;

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "sluice-cli-policy-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(...argv: string[]): Promise<{ code: number; out: string }> {
  let out = "";
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      out += String(chunk);
      done();
    },
  });
  const code = await policy.run(argv, { stdin: Readable.from([]), stdout, stderr: stdout, env: { SLUICE_HOME: join(folder, "home") } });
  return { code, out };
}

function file(text: string): string {
  const path = join(folder, "policy.yaml");
  writeFileSync(path, text);
  return path;
}

const MINIMAL = "version: 1\nid: p\nrevision: 1\nmode: enforce\nadmission: { default: block, servers: [] }\nrules:\n  - { id: r, title: R, when: { data: { any: [secret.*] } }, effect: block, tests: [{ given: { data: [secret.jwt] }, expect: EXPECT }] }\n";

test("check: good files exit 0, one bad file among them 1, with place and remedy", async () => {
  expect(await run("check", SAMPLE)).toMatchObject({ code: 0, out: expect.stringContaining("good (sample, revision 1") as string });
  const bad = file(MINIMAL.replace("EXPECT", "blok"));
  const { code, out } = await run("check", SAMPLE, bad);
  expect(code).toBe(1);
  expect(out).toContain(`${bad}:7:`);
  expect(out).toContain('did you mean "block"?');
  const json: unknown = JSON.parse((await run("check", "--json", bad)).out);
  expect(json).toMatchObject([{ file: bad, ok: false, problems: [{ line: 7, path: "rules[0].tests[0].expect" }] }]);
});

test("test: examples that come out as they say exit 0, others 1 and say what happened", async () => {
  expect((await run("test", SAMPLE)).code).toBe(0);
  expect(await run("test", file(MINIMAL.replace("EXPECT", "block")))).toMatchObject({ code: 0, out: expect.stringContaining("ok   r #1") as string });
  expect(await run("test", file(MINIMAL.replace("EXPECT", "allow")))).toMatchObject({ code: 1, out: expect.stringContaining("FAIL r #1: expected allow, got block from r") as string });
});

test("test: an example fails when another rule does the work", async () => {
  const stolen = MINIMAL.replace("EXPECT", "block").replace("effect: block", "effect: block, unless: { tool: example_tool }") + "  - { id: other, title: O, when: { method: '*' }, effect: block }\n";
  expect(await run("test", file(stolen))).toMatchObject({ code: 1, out: expect.stringContaining("not from this rule") as string });
});

test("show: the policy in force and where it came from", async () => {
  const { code, out } = await run("show", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ rejected: null, policy: { version: 1 } });
});

test("wrong usage is told apart from a wrong policy", async () => {
  await expect(run("chekc", SAMPLE)).rejects.toMatchObject({ code: 2, fix: 'did you mean "sluice policy check"?' });
  await expect(run("check")).rejects.toMatchObject({ code: 2 });
  await expect(run("check", join(folder, "nowhere.yaml"))).rejects.toThrow(Failure);
});
