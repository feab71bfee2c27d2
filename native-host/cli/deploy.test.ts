import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { collector } from "./collector.fixture.ts";
import deploy from "./deploy.ts";
import { Failure } from "./failure.ts";

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "sluice-deploy-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const ID = "abcdefghijklmnopabcdefghijklmnop";
const ASKED = ["chromium-linux", "--update-url", "https://updates.example.com/u.xml", "--extension-id", ID];

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err] = [collector(), collector()];
  const code = await deploy.run(argv, { stdin: Readable.from([]), stdout: out.stream, stderr: err.stream, env: {} });
  return { code, out: out.text(), err: err.text() };
}

test("writes the files, says which, and where to read on", async () => {
  const { code, out } = await run(...ASKED, "--out", join(dir, "pilot"), "--set", "mode=monitor", "--set", "configVersion=2");
  expect(code).toBe(0);
  expect(out).toContain("pilot/README.txt");
  const settings = JSON.parse(readFileSync(join(dir, "pilot/files/etc/chromium/policies/managed/sluice-settings.json"), "utf8")) as object;
  expect(settings).toEqual({ "3rdparty": { extensions: { [ID]: { configVersion: 2, mode: "monitor" } } } });
  expect(statSync(join(dir, "pilot/files/opt/sluice/sluice-host")).mode & 0o111).toBe(0o111);
});

test("a policy with errors is refused before anything is written, with the words of the check", async () => {
  const file = join(dir, "bad.yaml");
  writeFileSync(file, "version: 1\nid: x\nrevision: 1\nmode: enforced\n");
  await expect(run(...ASKED, "--out", join(dir, "pilot"), "--policy", file)).rejects.toMatchObject({ code: 1 });
  expect(existsSync(join(dir, "pilot"))).toBe(false);
});

test("the extension gets the policy that the check saw, in one piece", async () => {
  await run(...ASKED, "--out", join(dir, "pilot"), "--policy", "docs/policy.sample.yaml");
  const settings = JSON.parse(readFileSync(join(dir, "pilot/files/etc/chromium/policies/managed/sluice-settings.json"), "utf8")) as { "3rdparty": { extensions: Record<string, { policy: string }> } };
  const machine = readFileSync(join(dir, "pilot/files/etc/sluice/policy.json"), "utf8");
  expect(`${settings["3rdparty"].extensions[ID]!.policy}\n`).toBe(machine);
  expect(JSON.parse(machine)).toMatchObject({ id: "sample" });
});

test("a contradiction names the file and what to do, and writes nothing", async () => {
  const corp = join(dir, "corp.json");
  writeFileSync(corp, JSON.stringify({ NativeMessagingBlocklist: ["dev.sluice.host"] }));
  const refused = await run(...ASKED, "--out", join(dir, "pilot"), "--merge", corp).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Failure);
  expect(refused).toMatchObject({ code: 1, message: expect.stringContaining(corp) });
  expect((refused as Failure).message).toContain("take it off the list");
  expect(existsSync(join(dir, "pilot"))).toBe(false);
});

test("a folder with something in it is left alone", async () => {
  writeFileSync(join(dir, "mine.txt"), "mine");
  await expect(run(...ASKED, "--out", dir)).rejects.toMatchObject({ code: 2, message: expect.stringContaining("not empty") });
  expect(readdirSync(dir)).toEqual(["mine.txt"]);
});

test.each<[argv: string[], words: string]>([
  [["chromium-linus"], 'no target "chromium-linus"'],
  [["chromium-linux", "edge-linux"], "name one target"],
  [ASKED, "where to write"],
  [["chromium-linux", "--out", "OUT"], "where the machines get the extension"],
  [["chromium-linux", "--out", "OUT", "--install-url", "https://x.example/a.xpi"], "not for chromium-linux"],
  [["chromium-linux", "--out", "OUT", "--update-url", "http://updates.example.com/u.xml", "--extension-id", ID], "must begin with https://"],
  [["chromium-linux", "--out", "OUT", "--update-url", "https://me:pw@x.example/u.xml", "--extension-id", ID], "user name"],
  [["chromium-linux", "--out", "OUT", "--update-url", "https://x.example/u.xml", "--extension-id", "short"], "not an extension id"],
  [[...ASKED, "--out", "OUT", "--set", "mod=enforce"], 'no key "mod"'],
  [[...ASKED, "--out", "OUT", "--set", "mode=enforced"], "must be one of monitor, enforce"],
  [[...ASKED, "--out", "OUT", "--set", "orgName=a\nb"], "line break"],
  [[...ASKED, "--out", "OUT", "--set", "policy={}"], "given as a file"],
  [[...ASKED, "--out", "OUT", "--incognito", "open"], "closed or mandatory"],
  [[...ASKED, "--out", "OUT", "--host-dir", "opt/sluice"], "whole path"],
  [["chrome-windows", "--out", "OUT", "--update-url", "https://x.example/u.xml", "--extension-id", ID, "--node", "/usr/bin/node"], "Windows path"],
])("wrong usage is told, and nothing is written: %j", async (argv, words) => {
  const refused = await run(...argv.map((part) => (part === "OUT" ? join(dir, "out") : part))).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 2, message: expect.stringContaining(words) });
  expect(existsSync(join(dir, "out"))).toBe(false);
});

test("verify: 0 when all is there, 1 when something is missing, a list for programs", async () => {
  await run(...ASKED, "--out", join(dir, "pilot"), "--set", "orgName=Example", "--node", "/bin/sh");
  const image = join(dir, "pilot/files");
  const missing = await run("verify", "--root", image, "--json");
  expect(missing.code).toBe(1);
  expect((JSON.parse(missing.out) as { state: string }[]).filter(({ state }) => state === "missing")).toEqual([expect.objectContaining({ browser: "chromium", about: "host", fix: expect.any(String) })]);
  for (const path of ["bin/sh", "opt/sluice/host/sluice.mjs"]) {
    mkdirSync(join(image, path, ".."), { recursive: true });
    writeFileSync(join(image, path), "");
  }
  expect(await run("verify", "--root", image)).toMatchObject({ code: 0, out: expect.stringContaining("registered for all users") });
  expect((await run("verify", "--root", join(dir, "nothing"))).code).toBe(1);
  await expect(run("verify", "--browser", "netscape")).rejects.toMatchObject({ code: 2 });
});
