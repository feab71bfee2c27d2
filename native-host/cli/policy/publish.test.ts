import { chmodSync, existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStage, type Stage } from "./run.fixture.ts";

let stage: Stage;
let site: string;
let pin: string;
beforeEach(async () => {
  stage = openStage();
  site = join(stage.folder, "site");
  await stage.run("keygen", join(stage.folder, "a"));
  pin = (JSON.parse((await stage.run("root", "--out", site, "--key", key(), "--json")).out) as { rootSha256: string }).rootSha256;
});
afterEach(() => stage.close());

const key = (name = "a"): string => join(stage.folder, `${name}.key`);
const open = (name = "a"): string => join(stage.folder, `${name}.pub`);

function policy(revision: number, more = "", id = "acme"): string {
  return stage.file(`p${revision}.yaml`, `version: 1\nid: ${id}\nrevision: ${revision}\nmode: enforce\nadmission: { default: monitor, servers: [] }\nrules:\n  - { id: r, title: R, when: { tool: x }, effect: block, tests: [{ given: { tool: x }, expect: block }] }\n${more}`);
}

const refresh = (...more: string[]) => stage.run("refresh", "--from", site, "--root", pin, ...more);
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
  const { sha256 } = JSON.parse(out) as { sha256: string };
  // What any TUF client would look for.
  expect(readdirSync(site).sort()).toEqual([...["1.root.json", "1.snapshot.json", "1.targets.json", "1.timestamp.json", `${pin}.root.json`].sort(), "targets", "timestamp.json"]);
  expect(createHash("sha256").update(readFileSync(join(site, "targets/policy/stable", `${sha256}.3.json`))).digest("hex")).toBe(sha256);
  const refreshed = await refresh("--json");
  expect(refreshed.code).toBe(0);
  expect(JSON.parse(refreshed.out)).toMatchObject({ asked: { kind: "updated", revision: 3 }, digest: sha256, source: "local", rejected: null });
  expect((await stage.run("show")).out).toContain("acme, revision 3");
  expect((await refresh()).out).toContain("nothing newer");
});

test("publish runs what check and test run, and writes nothing when they do not hold", async () => {
  await expect(publish(stage.file("bad.yaml", "version: 1\n"))).rejects.toMatchObject({ code: 1 });
  await expect(publish(policy(1), "--strict")).resolves.toMatchObject({ code: 0 });
  const names = readdirSync(site);
  const failing = stage.file("failing.yaml", readFileSync(policy(4), "utf8").replace("expect: block", "expect: allow"));
  await expect(publish(failing)).rejects.toMatchObject({ code: 1, message: expect.stringContaining("1 example") as string });
  const warned = stage.file("warned.yaml", readFileSync(policy(5), "utf8").replace("mode: enforce", "mode: monitor"));
  await expect(publish(warned, "--strict")).rejects.toMatchObject({ code: 1 });
  expect((await publish(warned, "--dry-run")).out).toContain("would be published");
  expect(readdirSync(site)).toEqual(names);
});

// threat: policy-rollback
test("publish refuses to go back, also when somebody has put an old timestamp there or taken it away", async () => {
  await publish(policy(2));
  const old = readFileSync(join(site, "timestamp.json"), "utf8");
  await publish(policy(5));
  for (const revision of [1, 2, 5]) await expect(publish(policy(revision))).rejects.toMatchObject({ code: 1, message: expect.stringContaining("not higher than 5") as string });
  writeFileSync(join(site, "timestamp.json"), old);
  await expect(publish(policy(4))).rejects.toMatchObject({ code: 1, message: expect.stringContaining("not higher than 5") as string });
  rmSync(join(site, "timestamp.json"));
  await refreshTrouble();
  expect((await publish(policy(6))).code).toBe(0);
  expect(JSON.parse(readFileSync(join(site, "timestamp.json"), "utf8"))).toMatchObject({ signed: { version: 3 } });
  expect((await refresh()).code).toBe(0);
});

async function refreshTrouble(...more: string[]): Promise<string> {
  const { code, out } = await refresh(...more);
  expect(code).toBe(1);
  return out;
}

// threat: policy-rollback
test("refresh takes no older release than the one it has", async () => {
  await publish(policy(2));
  const old = readFileSync(join(site, "timestamp.json"), "utf8");
  await publish(policy(5));
  await refresh();
  writeFileSync(join(site, "timestamp.json"), old);
  expect(await refreshTrouble()).toContain("Refused (rollback)");
  expect((await stage.run("show")).out).toContain("revision 5");
});

// threat: policy-forged
test("what other keys have made is neither taken nor built upon", async () => {
  await publish(policy(2));
  await stage.run("keygen", join(stage.folder, "b"));
  await expect(stage.run("publish", policy(3), "--key", key("b"), "--out", site)).rejects.toMatchObject({ code: 1, message: expect.stringContaining("does not name any of these keys") as string });
  expect(await refreshTrouble("--root", "0".repeat(64))).toContain("wrong-root");
  const list = join(site, "1.targets.json");
  const good = readFileSync(list, "utf8");
  writeFileSync(list, good.replace('"rollout":100', '"rollout":50'));
  expect(await refreshTrouble()).toContain("Refused (mismatch)");
  // A changed list is not signed anew with what somebody wrote into it.
  await expect(publish(policy(3))).rejects.toMatchObject({ code: 1, message: expect.stringContaining("1.targets.json is not signed as it must be") as string });
  expect(existsSync(join(stage.folder, "home", "policy.yaml"))).toBe(false);
});

test("another policy's channel or file is left alone", async () => {
  await publish(policy(2));
  await expect(publish(policy(3, "", "other"))).rejects.toMatchObject({ code: 1, message: expect.stringContaining('holds the policy "acme"') as string });
  const mine = stage.file("home/policy.yaml", readFileSync(policy(1, "", "mine"), "utf8"));
  await expect(refresh()).rejects.toMatchObject({ code: 1 });
  expect(readFileSync(mine, "utf8")).toContain("id: mine");
});

// threat: bundle-rollout
test("a release for a share, for more, taken back: always the same folder, always upwards", async () => {
  await publish(policy(1));
  expect((await publish(policy(2), "--rollout", "10%")).out).toContain('10 % of the computers of the channel "stable"');
  const shares = () => Object.values((JSON.parse(readFileSync(join(site, `${newest("targets")}.targets.json`), "utf8")) as { signed: { targets: Record<string, { custom: { revision: number; rollout: number } }> } }).signed.targets).map(({ custom }) => [custom.revision, custom.rollout]);
  expect(shares()).toEqual([[1, 100], [2, 10]]);
  await stage.run("publish", "--rollout", "50", "--key", key(), "--out", site);
  expect(shares()).toEqual([[1, 100], [2, 50]]);
  expect((await stage.run("revoke", "--key", key(), "--out", site)).out).toContain("Revision 2");
  expect(shares()).toEqual([[3, 100]]);
  await expect(stage.run("revoke", "--key", key(), "--out", site)).rejects.toMatchObject({ code: 1, message: expect.stringContaining("nothing before revision 3") as string });
  await refresh();
  expect((await stage.run("show")).out).toContain("revision 3");
});

function newest(role: string): number {
  return Math.max(...readdirSync(site).flatMap((name) => (name.endsWith(`.${role}.json`) ? [Number(name.split(".")[0])] : [])));
}

// threat: bundle-keys
test("a root of several keys: too few sign nothing, the online key renews and does no more, and computers follow a change", async () => {
  for (const name of ["b", "c", "online"]) await stage.run("keygen", join(stage.folder, name));
  site = join(stage.folder, "two");
  const root = (...signers: string[]) => stage.run("root", "--out", site, ...signers.flatMap((name) => ["--key", key(name)]), "--root-key", open("a"), "--root-key", open("b"), "--root-key", open("c"), "--threshold", "2", "--targets-key", open("a"), "--online-key", open("online"), "--json");
  await expect(root("a")).rejects.toMatchObject({ code: 1, message: expect.stringContaining("needs 2 of its 3 keys, and 1 is given") as string });
  pin = (JSON.parse((await root("a", "b")).out) as { rootSha256: string }).rootSha256;
  await expect(publish(policy(1))).rejects.toMatchObject({ code: 1, message: expect.stringContaining('"snapshot" needs 1') as string });
  await publish(policy(1), "--key", key("online"));
  await refresh();
  expect((await stage.run("renew", "--out", site, "--key", key("online"))).out).toContain("Timestamp 2");
  await expect(stage.run("publish", policy(2), "--out", site, "--key", key("online"))).rejects.toMatchObject({ code: 1 });
  // The next root: b and c, and the lists signed for it.
  await root("b", "c", "online");
  expect((await refresh()).out).toContain("nothing newer");
  expect(JSON.parse(readFileSync(join(site, "timestamp.json"), "utf8"))).toMatchObject({ signed: { version: 3 } });
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
