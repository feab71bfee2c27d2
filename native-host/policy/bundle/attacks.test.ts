import { createHash, sign } from "node:crypto";
import { copyFileSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DAY, newKey, openMachine, openPlace, openPublisher, START, type Machine, type Place, type Publisher } from "./fleet.fixture.ts";
import { openStaticServer, type StaticServer } from "./static-server.fixture.ts";
import type { TroubleCode } from "./trouble.ts";
import type { StoredBundle } from "./vault.ts";
import { verifyBundle } from "./verify.ts";
import { canonicalJson } from "../../../shared/policy/canonical.ts";

let place: Place;
let site: Publisher;
let server: StaticServer;
let machine: Machine;

beforeEach(async () => {
  place = openPlace();
  site = await openPublisher(place);
  server = await openStaticServer(site.folder);
  machine = openMachine(place, "m1", { bundleUrl: server.url, rootSha256: site.pin });
});

afterEach(async () => {
  await server.close();
  place.close();
});

/** Refused with this code, the policy that was there stays, and people can see both. */
async function isRefused(code: TroubleCode, kept: number, { of = machine, now = START }: { of?: Machine; now?: number } = {}): Promise<void> {
  expect(await of.look(now)).toMatchObject({ kind: "trouble", trouble: { code }, kept });
  const { policy, source, status, errors } = await of.holds(now);
  expect(`${source} ${policy.id} ${policy.revision}`).toBe(`bundle acme ${kept}`);
  expect(status.trouble?.code).toBe(code);
  expect(errors.length > 0).toBe(code !== "unreachable");
}

/** Nothing at all is taken by a machine that has nothing. */
async function takesNothing(of: Machine, code: TroubleCode, now = START): Promise<void> {
  expect(await of.look(now)).toMatchObject({ kind: "trouble", trouble: { code }, kept: null });
  expect((await of.holds(now)).source).toBe("baseline");
}

const newMachine = (changes: Partial<Machine["bootstrap"]> = {}) => openMachine(place, `new-${Math.random()}`, { bundleUrl: server.url, rootSha256: site.pin, ...changes });

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

test("a new machine takes the policy, and asks with one request for nothing new", async () => {
  await site.publish(1);
  expect(await machine.look()).toEqual({ kind: "updated", revision: 1, before: null });
  expect((await machine.holds()).status).toMatchObject({ state: "fresh", version: 1, trouble: null });
  // A pinned root, the look for a newer one, three lists, one policy.
  expect(server.log.splice(0).map((line) => line.replace(/[0-9a-f]{64}/, "H"))).toEqual(["200 H.root.json", "404 2.root.json", "200 timestamp.json", "200 1.snapshot.json", "200 1.targets.json", "200 targets/policy/stable/H.1.json"]);
  expect(await machine.look()).toEqual({ kind: "unchanged", revision: 1 });
  expect(server.log).toEqual(["304 timestamp.json"]);
});

test("a renewed timestamp costs no new list and no new policy", async () => {
  await site.publish(1);
  await machine.look();
  server.log.length = 0;
  await site.renew(START + DAY / 2);
  expect(await machine.look(START + DAY / 2)).toEqual({ kind: "unchanged", revision: 1 });
  expect(server.log).toEqual(["200 timestamp.json", "404 2.root.json"]);
});

// threat: bundle-replayed
describe("replay", () => {
  test("an old folder is refused by a machine that has seen a newer one", async () => {
    await site.publish(1);
    const old = site.copy();
    await site.publish(2);
    await machine.look();
    server.folder = old;
    await isRefused("rollback", 2);
  });

  test("also when the newer one was only a renewal, or only the timestamp is old", async () => {
    await site.publish(1);
    const old = readFileSync(join(site.folder, "timestamp.json"));
    await site.renew();
    await machine.look();
    server.instead.set("timestamp.json", (response) => response.end(old));
    await isRefused("rollback", 1);
  });

  test("a new machine with a pinned floor takes no old policy; one without takes it, while its signatures last", async () => {
    await site.publish(1);
    const old = site.copy();
    await site.publish(2);
    server.folder = old;
    const pinned = newMachine({ minRevision: 2 });
    await takesNothing(pinned, "below-minimum");
    server.folder = site.folder;
    expect(await pinned.look()).toMatchObject({ kind: "updated", revision: 2 });
    server.folder = old;
    const naive = newMachine();
    expect(await naive.look()).toMatchObject({ kind: "updated", revision: 1 });
    await takesNothing(newMachine(), "expired", START + 8 * DAY);
  });

  test("a floor that the administrator raises later puts a stored policy out of force", async () => {
    await site.publish(1);
    await machine.look();
    const raised = openMachine(place, "m1", { ...machine.bootstrap, minRevision: 2 });
    expect((await raised.holds()).status.state).toBe("none");
  });
});

// threat: bundle-frozen
describe("freeze", () => {
  test("a source that never moves on is noticed when its timestamp is over; the policy stays for its grace, then the fail mode holds", async () => {
    await site.publish(1);
    await machine.look();
    expect(await machine.look(START + 6 * DAY)).toMatchObject({ kind: "unchanged" });
    await isRefused("expired", 1, { now: START + 8 * DAY });
    expect((await machine.holds(START + 8 * DAY)).status.state).toBe("grace");
    await machine.look(START + 22 * DAY);
    const { policy, status, errors } = await machine.holds(START + 22 * DAY);
    expect([status.state, policy.id, policy.admission.default]).toEqual(["expired", "sluice-fail-closed", "block"]);
    expect(errors.at(-1)).toContain('fail mode "closed"');
  });

  test("a clock that is set back does not make an old list young", async () => {
    await site.publish(1);
    const old = site.copy();
    await machine.look();
    await site.renew(START + 20 * DAY);
    await machine.look(START + 20 * DAY);
    // A list that was good on day 3 and that this machine has never seen.
    server.folder = old;
    const late = newMachine();
    const lateLook = late.look(START + 8 * DAY);
    expect(await lateLook).toMatchObject({ trouble: { code: "expired" } });
    expect(await machine.look(START + DAY)).toMatchObject({ kind: "trouble" });
    server.folder = site.folder;
    await site.renew(START + 30 * DAY);
    // The floor holds against the clock, and the newer list is good by both.
    expect(await machine.look(START + 2 * DAY)).toMatchObject({ kind: "unchanged", revision: 1 });
    expect((await machine.holds(START + 2 * DAY)).status.state).toBe("fresh");
  });

  test("a list that is over stays over for a machine that has seen a later day, whatever its clock says now", async () => {
    await site.publish(1);
    await machine.look();
    await site.renew(START + DAY);
    const held = readFileSync(join(site.folder, "timestamp.json"));
    await site.renew(START + 10 * DAY);
    await machine.look(START + 10 * DAY);
    // The timestamp of day 1 ends on day 8; to a fresh memory with the clock set back it would be good.
    server.instead.set("timestamp.json", (response) => response.end(held));
    rmSync(join(machine.folder, "bundle.json"));
    expect(await machine.look(START + 2 * DAY)).toMatchObject({ kind: "trouble", trouble: { code: "expired" } });
  });

  test("one day with a clock far ahead does not refuse every later list", async () => {
    await site.publish(1);
    await machine.look();
    expect(await machine.look(START + 20 * 365 * DAY)).toMatchObject({ kind: "trouble", trouble: { code: "expired" } });
    await site.renew(START + DAY);
    expect(await machine.look(START + DAY)).toEqual({ kind: "unchanged", revision: 1 });
    expect((await machine.holds(START + DAY)).status.state).toBe("fresh");
  });
});

// threat: bundle-mixed
describe("mix and match", () => {
  test.each([
    ["an old snapshot under a new name", "2.snapshot.json", "1.snapshot.json"],
    ["an old list of policies under a new name", "2.targets.json", "1.targets.json"],
    ["a list where the timestamp should be", "timestamp.json", "1.targets.json"],
  ])("%s is refused", async (_name, asked, given) => {
    await site.publish(1);
    await machine.look();
    await site.publish(2);
    copyFileSync(join(site.folder, given), join(site.folder, asked));
    const outcome = await machine.look();
    expect(outcome).toMatchObject({ kind: "trouble", kept: 1 });
    expect(["mismatch", "broken", "signature", "rollback"]).toContain(outcome.kind === "trouble" && outcome.trouble.code);
    expect((await machine.holds()).policy.revision).toBe(1);
  });

  test("a policy that was changed without changing its length is refused; one with more bytes, or fewer, too", async () => {
    await site.publish(1);
    await machine.look();
    await site.publish(2);
    const folder = join(site.folder, "targets/policy/stable");
    const file = join(folder, readdirSync(folder).find((name) => name.endsWith(".2.json"))!);
    const good = readFileSync(file, "utf8");
    for (const [changed, code] of [[good.replace("approve", "monitor"), "mismatch"], [`${good} `, "too-large"], [good.slice(0, -1), "mismatch"]] as const) {
      writeFileSync(file, changed);
      await isRefused(code, 1);
    }
    rmSync(file);
    await isRefused("broken", 1);
    writeFileSync(file, good);
    expect(await machine.look()).toMatchObject({ kind: "updated", revision: 2 });
  });

  test("a signed file that is no good policy is refused whole", async () => {
    await site.publish(1);
    await machine.look();
    await site.publish(2, { policy: { ...(await machine.holds()).policy, revision: 2, mode: "enforced" } as never });
    await isRefused("policy", 1);
  });
});

// threat: bundle-keys
describe("keys", () => {
  test("another publisher's folder is refused, and so is its root to a new machine", async () => {
    await site.publish(1);
    await machine.look();
    const other = await openPublisher(place, "other");
    await other.publish(9);
    server.folder = other.folder;
    await isRefused("signature", 1);
    await takesNothing(newMachine(), "wrong-root");
    // Also when it hands its own root out under the pinned name.
    copyFileSync(join(other.folder, "1.root.json"), join(other.folder, `${site.pin}.root.json`));
    await takesNothing(newMachine(), "wrong-root");
  });

  test("a signature that is taken out is not one that is not needed", async () => {
    await site.publish(1);
    await machine.look();
    await site.publish(2);
    const file = join(site.folder, "timestamp.json");
    const stamp = JSON.parse(readFileSync(file, "utf8")) as { signatures: unknown[] };
    for (const signatures of [[], [{ ...(stamp.signatures[0] as object), sig: "" }], [{ ...(stamp.signatures[0] as object), keyid: "0".repeat(64) }]]) {
      writeFileSync(file, JSON.stringify({ ...stamp, signatures }));
      await isRefused("signature", 1);
    }
  });

  test("the online key alone changes no policy, and no root", async () => {
    await site.publish(1);
    await machine.look();
    const { online, root1, root2, root3, targets } = site.keys;
    expect(await site.rotate({}, [online])).toContain("2 of its 3 keys");
    // One root key of three, below the threshold.
    expect(await site.rotate({}, [root1, targets, online])).toContain("2 of its 3 keys, and 1 is given");
    expect(await site.rotate({}, [root2, root3, online])).toBeNull();
  });

  test("a list that nobody has signed is refused, though snapshot and timestamp lead to it", async () => {
    await site.publish(1);
    await machine.look();
    const forged = await forgedList(site);
    await isRefused("signature", 1);
    // The reader of what is stored refuses it by itself as well.
    const stored = JSON.parse(readFileSync(join(machine.folder, "bundle.json"), "utf8")) as StoredBundle;
    expect(verifyBundle(stored, site.pin).ok).toBe(true);
    expect(verifyBundle({ ...stored, ...forged }, site.pin)).toMatchObject({ ok: false, why: expect.stringContaining("targets was signed by 0/1") as string });
  });

  test("a root below the threshold is refused though it was written into the folder", async () => {
    await site.publish(1);
    await machine.look();
    await site.rotate({}, [site.keys.root1, site.keys.root2, site.keys.online]);
    const file = join(site.folder, "2.root.json");
    const root = JSON.parse(readFileSync(file, "utf8")) as { signatures: unknown[] };
    writeFileSync(file, JSON.stringify({ ...root, signatures: root.signatures.slice(0, 1) }));
    // The same signature twice counts once.
    await isRefused("signature", 1);
    writeFileSync(file, JSON.stringify({ ...root, signatures: [root.signatures[0], { ...(root.signatures[0] as object) }] }));
    expect(await machine.look()).toMatchObject({ kind: "trouble", kept: 1 });
    writeFileSync(file, JSON.stringify(root));
    expect(await machine.look()).toEqual({ kind: "unchanged", revision: 1 });
  });

  test("machines follow a rotation of all keys, and the old keys count no more", async () => {
    await site.publish(1);
    await machine.look();
    const old = site.copy();
    const [a, b, policies, online] = [newKey(), newKey(), newKey(), newKey()];
    const { root1, root2 } = site.keys;
    const roles = { root: { keys: [a, b], threshold: 2 }, targets: { keys: [policies], threshold: 1 }, snapshot: { keys: [online], threshold: 1 }, timestamp: { keys: [online], threshold: 1 } };
    // New keys alone are not enough.
    expect(await site.rotate(roles, [a, b, policies, online])).toContain("signed by the old keys as well");
    expect(await site.rotate(roles, [root1, root2, a, b, policies, online])).toBeNull();
    expect(await machine.look()).toEqual({ kind: "unchanged", revision: 1 });
    expect(JSON.parse(readFileSync(join(machine.folder, "floor.json"), "utf8"))).toMatchObject({ versions: { root: 2 } });
    expect((await machine.holds()).status).toMatchObject({ state: "fresh", signers: [policies.keyid.slice(0, 16)] });
    // A machine that was away for the whole of it, and a new one with the first root pinned.
    expect(await newMachine().look()).toMatchObject({ kind: "updated", revision: 1 });
    // What the old keys sign from now on is nobody's.
    server.folder = old;
    const outcome = await machine.look();
    expect(outcome).toMatchObject({ kind: "trouble", trouble: { code: "signature" }, kept: 1 });
  });
});

// threat: bundle-memory-lost
describe("memory", () => {
  const truncate = (of: Machine, ...names: string[]) => names.forEach((name) => writeFileSync(join(of.folder, name), readFileSync(join(of.folder, name), "utf8").slice(0, 100)));

  test("a bundle that was cut short does not bring an old one back", async () => {
    await site.publish(1);
    const old = site.copy();
    await site.publish(2);
    await machine.look();
    server.folder = old;
    truncate(machine, "bundle.json");
    expect(await machine.look()).toMatchObject({ kind: "trouble", trouble: { code: "rollback" }, kept: null });
    expect((await machine.holds()).source).toBe("baseline");
    server.folder = site.folder;
    expect(await machine.look()).toMatchObject({ kind: "updated", revision: 2 });
  });

  test("with the bundle gone, each of the floors holds by itself: of lists, and of revisions", async () => {
    await site.publish(1);
    const old = site.copy();
    await site.renew();
    await machine.look();
    rmSync(join(machine.folder, "bundle.json"));
    server.folder = old;
    // The same policy under an older timestamp.
    expect(await machine.look()).toMatchObject({ kind: "trouble", trouble: { code: "rollback", text: expect.stringContaining("timestamp 1") as string } });
    server.folder = site.folder;
    await site.publish(5);
    await machine.look();
    rmSync(join(machine.folder, "bundle.json"));
    // A newer list, signed as it must be, whose newest policy is older.
    await site.drop(5);
    await site.publish(2);
    expect(await machine.look()).toMatchObject({ kind: "trouble", trouble: { code: "rollback", text: expect.stringContaining("revision 2") as string } });
  });

  test("a bundle that was cut short falls back to the one before it, which is verified too", async () => {
    await site.publish(1);
    await machine.look();
    await site.publish(2);
    await machine.look();
    truncate(machine, "bundle.json");
    expect((await machine.holds()).policy.revision).toBe(1);
    const file = join(machine.folder, "bundle.old.json");
    writeFileSync(file, readFileSync(file, "utf8").replace("approve", "monitor"));
    expect((await machine.holds()).source).toBe("baseline");
  });

  test("a torn floor has a second copy; a torn note costs one whole look", async () => {
    await site.publish(1);
    const old = site.copy();
    await site.publish(2);
    await machine.look();
    truncate(machine, "floor.json", "bundle.json", "poll.json");
    server.folder = old;
    expect(await machine.look()).toMatchObject({ kind: "trouble", trouble: { code: "rollback" } });
  });

  test.each<[string, (text: string) => string]>([
    ["another policy", (text) => text.replace("approve", "monitor")],
    ["another digest", (text) => text.replace(/\\"sha256\\":\\"[0-9a-f]{8}/, '\\"sha256\\":\\"00000000')],
    ["no roots", (text) => JSON.stringify({ ...(JSON.parse(text) as object), roots: [] })],
    ["no signatures", (text) => text.replaceAll(/\\"signatures\\":\[[^\]]*\]/g, '\\"signatures\\":[]')],
  ])("what is stored is verified at each reading: %s", async (_name, tamper) => {
    await site.publish(1);
    await machine.look();
    const file = join(machine.folder, "bundle.json");
    const text = readFileSync(file, "utf8");
    expect(tamper(text)).not.toBe(text);
    writeFileSync(file, tamper(text));
    expect((await machine.holds()).source).toBe("baseline");
  });

  test("a failed look leaves no scraps and the stored bundle byte for byte", async () => {
    await site.publish(1);
    await machine.look();
    const before = readFileSync(join(machine.folder, "bundle.json"), "utf8");
    await site.publish(2);
    writeFileSync(join(site.folder, "2.targets.json"), "{}");
    await machine.look();
    expect(readFileSync(join(machine.folder, "bundle.json"), "utf8")).toBe(before);
    expect(readdirSync(machine.folder).sort()).toEqual(["bundle.json", "floor.json", "floor.old.json", "poll.json"]);
    expect(readdirSync(place.folder).filter((name) => name.startsWith("sluice-bundle-"))).toEqual([]);
  });
});

// threat: bundle-endless
describe("a hostile or broken server", () => {
  const names = ["timestamp.json", "2.snapshot.json", "2.targets.json"];

  test.each(names)("endless data for %s is cut off", async (name) => {
    await site.publish(1);
    await machine.look();
    await site.publish(2);
    let sent = 0;
    server.instead.set(name, (response) => {
      const more = (): void => {
        while (!response.destroyed && sent < 64 * 1024 * 1024) {
          sent += 65_536;
          if (!response.write(Buffer.alloc(65_536, 32))) return void response.once("drain", more);
        }
        response.destroy();
      };
      more();
    });
    await isRefused("too-large", 1);
    expect(sent).toBeLessThan(16 * 1024 * 1024);
  });

  test("a server that never finishes is left after a while", async () => {
    await site.publish(1);
    await machine.look();
    server.instead.set("timestamp.json", (response) => void response.write("{"));
    const impatient = openMachine(place, "m1", machine.bootstrap, 150);
    await isRefused("unreachable", 1, { of: impatient });
    expect((await machine.holds()).status.state).toBe("cached");
  });

  test("a content length that is too long, or too short, gets nothing into force", async () => {
    await site.publish(1);
    await machine.look();
    await site.publish(2);
    server.instead.set("2.targets.json", (response, body) => {
      response.writeHead(200, { "content-length": body!.length + 100 });
      response.write(body);
      response.destroy();
    });
    await isRefused("unreachable", 1);
    server.instead.set("2.targets.json", (response, body) => {
      // Node refuses to send more than it announced, so this one speaks by itself.
      response.socket!.end(`HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: close\r\n\r\n${body!.toString("utf8")}`);
    });
    const outcome = await machine.look();
    expect(outcome).toMatchObject({ kind: "trouble", kept: 1 });
    expect((await machine.holds()).policy.revision).toBe(1);
  });

  test.each([500, 503, 429])("an answer of %i is waited out", async (status) => {
    await site.publish(1);
    await machine.look();
    server.instead.set("timestamp.json", (response) => void response.writeHead(status).end());
    await isRefused("unreachable", 1);
    server.instead.clear();
    expect(await machine.look()).toEqual({ kind: "unchanged", revision: 1 });
  });

  test("a redirect is not followed", async () => {
    await site.publish(1);
    const other = await openStaticServer(site.folder);
    server.instead.set(`${site.pin}.root.json`, (response) => void response.writeHead(302, { location: `${other.url}${site.pin}.root.json` }).end());
    await takesNothing(machine, "unreachable");
    expect(other.log).toEqual([]);
    await other.close();
  });

  test("a server that is gone leaves the last good policy, and tries get rarer", async () => {
    await site.publish(1);
    await machine.look();
    await server.close();
    const waits: number[] = [];
    for (let at = 0; at < 8; at++) {
      await machine.look();
      waits.push((JSON.parse(readFileSync(join(machine.folder, "poll.json"), "utf8")) as { nextAt: number }).nextAt - START);
    }
    expect(waits.map((wait) => wait / 60_000)).toEqual([30, 60, 120, 240, 360, 360, 360, 360]);
    await isRefused("unreachable", 1);
    server = await openStaticServer(site.folder);
  });
});

// threat: bundle-fail-mode
test("a machine that is to fail closed does so also when it has never had a policy; another keeps the baseline", async () => {
  await server.close();
  const closed = newMachine({ failMode: "closed" });
  await closed.look();
  expect((await closed.holds()).policy).toMatchObject({ id: "sluice-fail-closed", admission: { default: "block" } });
  await takesNothing(newMachine(), "unreachable");
  server = await openStaticServer(site.folder);
});

// threat: bundle-fail-mode
test("a laptop that was away for a month comes back: closed until its source answers, and then up to date", async () => {
  await site.publish(1);
  await machine.look();
  await site.publish(2, { now: START + 30 * DAY });
  const away = await machine.holds(START + 30 * DAY);
  expect(away.status.state).toBe("expired");
  // Allowed outright stays; what was only watched does not.
  expect(away.policy.admission.servers.map(({ id }) => id)).toEqual(["good"]);
  expect(await machine.look(START + 30 * DAY)).toEqual({ kind: "updated", revision: 2, before: 1 });
  expect((await machine.holds(START + 30 * DAY)).status.state).toBe("fresh");
});

test("a folder is a source as well", async () => {
  await site.publish(1);
  const near = newMachine({ bundleUrl: `file://${site.folder}` });
  expect(await near.look()).toMatchObject({ kind: "updated", revision: 1 });
  expect(await near.look()).toEqual({ kind: "unchanged", revision: 1 });
  expect(existsSync(join(near.folder, "bundle.json"))).toBe(true);
});
