import { createHash, sign } from "node:crypto";
import { copyFileSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../../shared/policy/canonical.ts";
import { useAttackStage } from "./attack-stage.fixture.ts";
import { newKey, openPublisher, type Publisher } from "./fleet.fixture.ts";
import type { StoredBundle } from "./vault.ts";
import { verifyBundle } from "./verify.ts";

const stage = useAttackStage();

/** What a thief of the online key can make: a list that nobody has signed, under a snapshot and a timestamp that hold. */
async function forgedList({ folder, keys: { online } }: Publisher): Promise<Pick<StoredBundle, "timestamp" | "snapshot" | "targets">> {
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  const read = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8")) as { signed: Record<string, unknown>; signatures: unknown[] };
  const signed = (body: object) => JSON.stringify({ signed: body, signatures: [{ keyid: online.keyid, sig: sign(null, Buffer.from(canonicalJson(body)), online.secret).toString("hex") }] });
  const list = read("1.targets.json");
  const targets = JSON.stringify({ signed: { ...list.signed, version: 2, expires: "2032-01-01T00:00:00Z" }, signatures: list.signatures });
  const snapshot = signed({ ...read("1.snapshot.json").signed, version: 2, meta: { "targets.json": { version: 2, length: targets.length, hashes: { sha256: sha256(targets) } } } });
  const timestamp = signed({ ...read("1.timestamp.json").signed, version: 2, meta: { "snapshot.json": { version: 2, length: snapshot.length, hashes: { sha256: sha256(snapshot) } } } });
  for (const [name, text] of [["2.targets.json", targets], ["2.snapshot.json", snapshot], ["timestamp.json", timestamp]] as const) writeFileSync(join(folder, name), text);
  return { timestamp, snapshot, targets };
}

// threat: bundle-mixed
describe("mix and match", () => {
  test.each([
    ["an old snapshot under a new name", "2.snapshot.json", "1.snapshot.json"],
    ["an old list of policies under a new name", "2.targets.json", "1.targets.json"],
    ["a list where the timestamp should be", "timestamp.json", "1.targets.json"],
  ])("%s is refused", async (_name, asked, given) => {
    await stage.site.publish(1);
    await stage.machine.look();
    await stage.site.publish(2);
    copyFileSync(join(stage.site.folder, given), join(stage.site.folder, asked));
    const outcome = await stage.machine.look();
    expect(outcome).toMatchObject({ kind: "trouble", kept: 1 });
    expect(["mismatch", "broken", "signature", "rollback"]).toContain(outcome.kind === "trouble" && outcome.trouble.code);
    expect((await stage.machine.holds()).policy.revision).toBe(1);
  });

  test("a policy that was changed without changing its length is refused; one with more bytes, or fewer, too", async () => {
    await stage.site.publish(1);
    await stage.machine.look();
    await stage.site.publish(2);
    const folder = join(stage.site.folder, "targets/policy/stable");
    const file = join(folder, readdirSync(folder).find((name) => name.endsWith(".2.json"))!);
    const good = readFileSync(file, "utf8");
    for (const [changed, code] of [[good.replace("approve", "monitor"), "mismatch"], [`${good} `, "too-large"], [good.slice(0, -1), "mismatch"]] as const) {
      writeFileSync(file, changed);
      await stage.isRefused(code, 1);
    }
    rmSync(file);
    await stage.isRefused("broken", 1);
    writeFileSync(file, good);
    expect(await stage.machine.look()).toMatchObject({ kind: "updated", revision: 2 });
  });

  test("a signed file that is no good policy is refused whole", async () => {
    await stage.site.publish(1);
    await stage.machine.look();
    await stage.site.publish(2, { policy: { ...(await stage.machine.holds()).policy, revision: 2, mode: "enforced" } as never });
    await stage.isRefused("policy", 1);
  });
});

// threat: bundle-keys
describe("keys", () => {
  test("another publisher's folder is refused, and so is its root to a new machine", async () => {
    await stage.site.publish(1);
    await stage.machine.look();
    const other = await openPublisher(stage.place, "other");
    await other.publish(9);
    stage.server.folder = other.folder;
    await stage.isRefused("signature", 1);
    await stage.takesNothing(stage.newMachine(), "wrong-root");
    // Also when it hands its own root out under the pinned name.
    copyFileSync(join(other.folder, "1.root.json"), join(other.folder, `${stage.site.pin}.root.json`));
    await stage.takesNothing(stage.newMachine(), "wrong-root");
  });

  test("a signature that is taken out is not one that is not needed", async () => {
    await stage.site.publish(1);
    await stage.machine.look();
    await stage.site.publish(2);
    const file = join(stage.site.folder, "timestamp.json");
    const stamp = JSON.parse(readFileSync(file, "utf8")) as { signatures: unknown[] };
    for (const signatures of [[], [{ ...(stamp.signatures[0] as object), sig: "" }], [{ ...(stamp.signatures[0] as object), keyid: "0".repeat(64) }]]) {
      writeFileSync(file, JSON.stringify({ ...stamp, signatures }));
      await stage.isRefused("signature", 1);
    }
  });

  test("the online key alone changes no policy, and no root", async () => {
    await stage.site.publish(1);
    await stage.machine.look();
    const { online, root1, root2, root3, targets } = stage.site.keys;
    expect(await stage.site.rotate({}, [online])).toContain("2 of its 3 keys");
    // One root key of three, below the threshold.
    expect(await stage.site.rotate({}, [root1, targets, online])).toContain("2 of its 3 keys, and 1 is given");
    expect(await stage.site.rotate({}, [root2, root3, online])).toBeNull();
  });

  test("a list that nobody has signed is refused, though snapshot and timestamp lead to it", async () => {
    await stage.site.publish(1);
    await stage.machine.look();
    const forged = await forgedList(stage.site);
    await stage.isRefused("signature", 1);
    // The reader of what is stored refuses it by itself as well.
    const stored = JSON.parse(readFileSync(join(stage.machine.folder, "bundle.json"), "utf8")) as StoredBundle;
    expect(verifyBundle(stored, stage.site.pin).ok).toBe(true);
    expect(verifyBundle({ ...stored, ...forged }, stage.site.pin)).toMatchObject({ ok: false, why: expect.stringContaining("targets was signed by 0/1") as string });
  });

  test("a root below the threshold is refused though it was written into the folder", async () => {
    await stage.site.publish(1);
    await stage.machine.look();
    await stage.site.rotate({}, [stage.site.keys.root1, stage.site.keys.root2, stage.site.keys.online]);
    const file = join(stage.site.folder, "2.root.json");
    const root = JSON.parse(readFileSync(file, "utf8")) as { signatures: unknown[] };
    writeFileSync(file, JSON.stringify({ ...root, signatures: root.signatures.slice(0, 1) }));
    // The same signature twice counts once.
    await stage.isRefused("signature", 1);
    writeFileSync(file, JSON.stringify({ ...root, signatures: [root.signatures[0], { ...(root.signatures[0] as object) }] }));
    expect(await stage.machine.look()).toMatchObject({ kind: "trouble", kept: 1 });
    writeFileSync(file, JSON.stringify(root));
    expect(await stage.machine.look()).toEqual({ kind: "unchanged", revision: 1 });
  });

  test("machines follow a rotation of all keys, and the old keys count no more", async () => {
    await stage.site.publish(1);
    await stage.machine.look();
    const old = stage.site.copy();
    const [a, b, policies, online] = [newKey(), newKey(), newKey(), newKey()];
    const { root1, root2 } = stage.site.keys;
    const roles = { root: { keys: [a, b], threshold: 2 }, targets: { keys: [policies], threshold: 1 }, snapshot: { keys: [online], threshold: 1 }, timestamp: { keys: [online], threshold: 1 } };
    // New keys alone are not enough.
    expect(await stage.site.rotate(roles, [a, b, policies, online])).toContain("signed by the old keys as well");
    expect(await stage.site.rotate(roles, [root1, root2, a, b, policies, online])).toBeNull();
    expect(await stage.machine.look()).toEqual({ kind: "unchanged", revision: 1 });
    expect(JSON.parse(readFileSync(join(stage.machine.folder, "floor.json"), "utf8"))).toMatchObject({ versions: { root: 2 } });
    expect((await stage.machine.holds()).status).toMatchObject({ state: "fresh", signers: [policies.keyid.slice(0, 16)] });
    // A machine that was away for the whole of it, and a new one with the first root pinned.
    expect(await stage.newMachine().look()).toMatchObject({ kind: "updated", revision: 1 });
    // What the old keys sign from now on is nobody's.
    stage.server.folder = old;
    const outcome = await stage.machine.look();
    expect(outcome).toMatchObject({ kind: "trouble", trouble: { code: "signature" }, kept: 1 });
  });
});

