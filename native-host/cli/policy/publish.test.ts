import { chmodSync, existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStage, type Stage } from "./run.fixture.ts";

let stage: Stage;
let site: string;
beforeEach(async () => {
  stage = openStage();
  site = join(stage.folder, "site");
  await stage.run("keygen", join(stage.folder, "a"));
});
afterEach(() => stage.close());

const key = (name = "a"): string => join(stage.folder, `${name}.key`);
const open = (name = "a"): string => join(stage.folder, `${name}.pub`);

function policy(revision: number, more = "", id = "acme"): string {
  return stage.file(`p${revision}.yaml`, `version: 1\nid: ${id}\nrevision: ${revision}\nmode: enforce\nadmission: { default: monitor, servers: [] }\nrules:\n  - { id: r, title: R, when: { tool: x }, effect: block, tests: [{ given: { tool: x }, expect: block }] }\n${more}`);
}

const publish = (file: string, ...more: string[]) => stage.run("publish", file, "--key", key(), "--out", site, ...more);

test("keygen: a private key that nobody else can read, a public one with its id, nothing overwritten", async () => {
  if (process.platform !== "win32") expect(statSync(key()).mode & 0o777).toBe(0o600);
  expect(readFileSync(key(), "utf8")).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  const { keyid, ...rest } = JSON.parse(readFileSync(open(), "utf8")) as { keyid: string };
  // TUF: the id is the digest of the canonical public key.
  const { keyval } = rest as unknown as { keyval: { public: string } };
  expect(keyid).toBe(createHash("sha256").update(`{"keytype":"ed25519","keyval":{"public":"${keyval.public}"},"scheme":"ed25519"}`).digest("hex"));
  expect(readFileSync(open(), "utf8")).not.toContain("PRIVATE");
  const before = readFileSync(key(), "utf8");
  await expect(stage.run("keygen", join(stage.folder, "a"))).rejects.toMatchObject({ code: 2 });
  expect(readFileSync(key(), "utf8")).toBe(before);
});

test("publish, then refresh: the same policy is in force on another computer", async () => {
  const { code, out } = await publish(policy(3), "--json");
  expect(code).toBe(0);
  const { sha256, file } = JSON.parse(out) as { sha256: string; file: string };
  expect(readdirSync(site).sort()).toEqual(["policy-3.json", "policy-3.json.sha256", "policy-3.json.sig", "release.json"]);
  expect(createHash("sha256").update(readFileSync(join(site, file))).digest("hex")).toBe(sha256);
  const refreshed = await stage.run("refresh", "--from", site, "--trust", open(), "--json");
  expect(refreshed.code).toBe(0);
  expect(JSON.parse(refreshed.out)).toMatchObject({ taken: { id: "acme", revision: 3, sha256 }, digest: sha256, source: "local", rejected: null });
  expect((await stage.run("show")).out).toContain("acme, revision 3");
});

test("publish runs what check and test run, and writes nothing when they do not hold", async () => {
  await expect(publish(stage.file("bad.yaml", "version: 1\n"))).rejects.toMatchObject({ code: 1 });
  await expect(publish(policy(1), "--strict")).resolves.toMatchObject({ code: 0 });
  const failing = stage.file("failing.yaml", readFileSync(policy(4), "utf8").replace("expect: block", "expect: allow"));
  await expect(publish(failing)).rejects.toMatchObject({ code: 1, message: expect.stringContaining("1 example") as string });
  const warned = stage.file("warned.yaml", readFileSync(policy(5), "utf8").replace("mode: enforce", "mode: monitor"));
  await expect(publish(warned, "--strict")).rejects.toMatchObject({ code: 1 });
  expect((await publish(warned, "--dry-run")).out).toContain("would be published");
  expect(readdirSync(site).filter((name) => !name.includes("-1."))).toEqual(["release.json"]);
});

// threat: policy-rollback
test("publish refuses to go back, also when somebody has removed the note or put an old one there", async () => {
  await publish(policy(2));
  const old = readFileSync(join(site, "release.json"), "utf8");
  await publish(policy(5));
  for (const revision of [1, 2, 5]) await expect(publish(policy(revision))).rejects.toMatchObject({ code: 1, message: expect.stringContaining("not higher than 5") as string });
  writeFileSync(join(site, "release.json"), old);
  await expect(publish(policy(4))).rejects.toMatchObject({ code: 1, message: expect.stringContaining("not higher than 5") as string });
  rmSync(join(site, "release.json"));
  await expect(publish(policy(5))).rejects.toMatchObject({ code: 1 });
  expect((await publish(policy(6))).code).toBe(0);
});

// threat: policy-rollback
test("refresh takes no older release than the one it has", async () => {
  await publish(policy(2));
  const old = readFileSync(join(site, "release.json"), "utf8");
  await publish(policy(5));
  await stage.run("refresh", "--from", site, "--trust", open());
  writeFileSync(join(site, "release.json"), old);
  await expect(stage.run("refresh", "--from", site, "--trust", open())).rejects.toMatchObject({ code: 1, message: expect.stringContaining("going back is refused") as string });
  expect((await stage.run("show")).out).toContain("revision 5");
});

// threat: policy-forged
test("what is not signed with a trusted key is neither taken nor written over", async () => {
  await publish(policy(2));
  await stage.run("keygen", join(stage.folder, "b"));
  const refused = { code: 1, message: expect.stringContaining("not signed with a key that is trusted here") as string };
  await expect(stage.run("refresh", "--from", site, "--trust", open("b"))).rejects.toMatchObject(refused);
  await expect(stage.run("publish", policy(3), "--key", key("b"), "--out", site)).rejects.toMatchObject(refused);
  expect((await stage.run("publish", policy(3), "--key", key("b"), "--out", site, "--previous", open("a"))).code).toBe(0);
  const file = join(site, "policy-3.json");
  const good = readFileSync(file, "utf8");
  for (const forged of [good.replace("block", "allow"), `${good} `, good.replace('"revision":3', '"revision":9')]) {
    writeFileSync(file, forged);
    await expect(stage.run("refresh", "--from", site, "--trust", open("b"))).rejects.toMatchObject(refused);
  }
  writeFileSync(file, good);
  const note = JSON.parse(readFileSync(join(site, "release.json"), "utf8")) as object;
  for (const change of [{ signature: undefined }, { signature: null }, { signature: { keyid: "none", sig: "" } }, { file: "../p.yaml" }, { file: "policy-2.json" }, { v: 2 }]) {
    writeFileSync(join(site, "release.json"), JSON.stringify({ ...note, ...change }));
    await expect(stage.run("refresh", "--from", site, "--trust", open("b"))).rejects.toMatchObject({ code: 1 });
    await expect(stage.run("publish", policy(8), "--key", key("b"), "--out", site)).rejects.toMatchObject({ code: 1 });
  }
  expect(existsSync(join(stage.folder, "home", "policy.yaml"))).toBe(false);
});

test("another policy's folder or file is left alone", async () => {
  await publish(policy(2));
  await expect(publish(policy(3, "", "other"))).rejects.toMatchObject({ code: 1, message: expect.stringContaining('holds the policy "acme"') as string });
  const mine = stage.file("home/policy.yaml", readFileSync(policy(1, "", "mine"), "utf8"));
  await expect(stage.run("refresh", "--from", site, "--trust", open())).rejects.toMatchObject({ code: 1 });
  expect(readFileSync(mine, "utf8")).toContain("id: mine");
});

test("refresh alone says what is in force, and exits 1 while something stands refused", async () => {
  expect(await stage.run("refresh")).toMatchObject({ code: 0, out: expect.stringContaining("built into Sluice") as string });
  stage.file("home/policy.yaml", "version: 1\nid: [\n");
  const { code, out } = await stage.run("refresh");
  expect(code).toBe(1);
  expect(out).toContain("policy.yaml:");
});

test.skipIf(process.platform === "win32")("a private key that others can read is not used", async () => {
  chmodSync(key(), 0o644);
  await expect(publish(policy(1))).rejects.toMatchObject({ code: 1, fix: expect.stringContaining("chmod 600") as string });
  await expect(stage.run("publish", policy(1), "--key", open(), "--out", site)).rejects.toMatchObject({ code: expect.any(Number) as number });
});

test("init writes a starter that is good and true to its examples", async () => {
  for (const name of ["watch", "balanced", "locked-down"]) {
    const out = join(stage.folder, `${name}.yaml`);
    await stage.run("init", "--starter", name, "--out", out);
    expect((await stage.run("check", out)).code).toBe(0);
    expect((await stage.run("test", out)).code).toBe(0);
  }
  await expect(stage.run("init", "--starter", "everything")).rejects.toMatchObject({ code: 2, fix: expect.stringContaining("balanced") as string });
});
