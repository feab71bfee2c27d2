import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { useAttackStage } from "./attack-stage.fixture.ts";
import { DAY, openMachine, START, type Machine } from "./fleet.fixture.ts";

const stage = useAttackStage();

// threat: bundle-replayed
describe("replay", () => {
  test("an old folder is refused by a machine that has seen a newer one", async () => {
    await stage.site.publish(1);
    const old = stage.site.copy();
    await stage.site.publish(2);
    await stage.machine.look();
    stage.server.folder = old;
    await stage.isRefused("rollback", 2);
  });

  test("also when the newer one was only a renewal, or only the timestamp is old", async () => {
    await stage.site.publish(1);
    const old = readFileSync(join(stage.site.folder, "timestamp.json"));
    await stage.site.renew();
    await stage.machine.look();
    stage.server.instead.set("timestamp.json", (response) => response.end(old));
    await stage.isRefused("rollback", 1);
  });

  test("a new machine with a pinned floor takes no old policy; one without takes it, while its signatures last", async () => {
    await stage.site.publish(1);
    const old = stage.site.copy();
    await stage.site.publish(2);
    stage.server.folder = old;
    const pinned = stage.newMachine({ minRevision: 2 });
    await stage.takesNothing(pinned, "below-minimum");
    stage.server.folder = stage.site.folder;
    expect(await pinned.look()).toMatchObject({ kind: "updated", revision: 2 });
    stage.server.folder = old;
    const naive = stage.newMachine();
    expect(await naive.look()).toMatchObject({ kind: "updated", revision: 1 });
    await stage.takesNothing(stage.newMachine(), "expired", START + 8 * DAY);
  });

  test("a floor that the administrator raises later puts a stored policy out of force", async () => {
    await stage.site.publish(1);
    await stage.machine.look();
    const raised = openMachine(stage.place, "m1", { ...stage.machine.bootstrap, minRevision: 2 });
    expect((await raised.holds()).status.state).toBe("none");
  });
});

// threat: bundle-frozen
describe("freeze", () => {
  test("a source that never moves on is noticed when its timestamp is over; the policy stays for its grace, then the fail mode holds", async () => {
    await stage.site.publish(1);
    await stage.machine.look();
    expect(await stage.machine.look(START + 6 * DAY)).toMatchObject({ kind: "unchanged" });
    await stage.isRefused("expired", 1, { now: START + 8 * DAY });
    expect((await stage.machine.holds(START + 8 * DAY)).status.state).toBe("grace");
    await stage.machine.look(START + 22 * DAY);
    const { policy, status, errors } = await stage.machine.holds(START + 22 * DAY);
    expect([status.state, policy.id, policy.admission.default]).toEqual(["expired", "sluice-fail-closed", "block"]);
    expect(errors.at(-1)).toContain('fail mode "closed"');
  });

  test("a clock that is set back does not make an old list young", async () => {
    await stage.site.publish(1);
    const old = stage.site.copy();
    await stage.machine.look();
    await stage.site.renew(START + 20 * DAY);
    await stage.machine.look(START + 20 * DAY);
    // A list that was good on day 3 and that this machine has never seen.
    stage.server.folder = old;
    const late = stage.newMachine();
    const lateLook = late.look(START + 8 * DAY);
    expect(await lateLook).toMatchObject({ trouble: { code: "expired" } });
    expect(await stage.machine.look(START + DAY)).toMatchObject({ kind: "trouble" });
    stage.server.folder = stage.site.folder;
    await stage.site.renew(START + 30 * DAY);
    // The floor holds against the clock, and the newer list is good by both.
    expect(await stage.machine.look(START + 2 * DAY)).toMatchObject({ kind: "unchanged", revision: 1 });
    expect((await stage.machine.holds(START + 2 * DAY)).status.state).toBe("fresh");
  });

  test("a list that is over stays over for a machine that has seen a later day, whatever its clock says now", async () => {
    await stage.site.publish(1);
    await stage.machine.look();
    await stage.site.renew(START + DAY);
    const held = readFileSync(join(stage.site.folder, "timestamp.json"));
    await stage.site.renew(START + 10 * DAY);
    await stage.machine.look(START + 10 * DAY);
    // The timestamp of day 1 ends on day 8; to a fresh memory with the clock set back it would be good.
    stage.server.instead.set("timestamp.json", (response) => response.end(held));
    rmSync(join(stage.machine.folder, "bundle.json"));
    expect(await stage.machine.look(START + 2 * DAY)).toMatchObject({ kind: "trouble", trouble: { code: "expired" } });
  });

  test("one day with a clock far ahead does not refuse every later list", async () => {
    await stage.site.publish(1);
    await stage.machine.look();
    expect(await stage.machine.look(START + 20 * 365 * DAY)).toMatchObject({ kind: "trouble", trouble: { code: "expired" } });
    await stage.site.renew(START + DAY);
    expect(await stage.machine.look(START + DAY)).toEqual({ kind: "unchanged", revision: 1 });
    expect((await stage.machine.holds(START + DAY)).status.state).toBe("fresh");
  });
});

// threat: bundle-memory-lost
describe("memory", () => {
  const truncate = (of: Machine, ...names: string[]) => names.forEach((name) => writeFileSync(join(of.folder, name), readFileSync(join(of.folder, name), "utf8").slice(0, 100)));

  test("a bundle that was cut short does not bring an old one back", async () => {
    await stage.site.publish(1);
    const old = stage.site.copy();
    await stage.site.publish(2);
    await stage.machine.look();
    stage.server.folder = old;
    truncate(stage.machine, "bundle.json");
    expect(await stage.machine.look()).toMatchObject({ kind: "trouble", trouble: { code: "rollback" }, kept: null });
    expect((await stage.machine.holds()).source).toBe("baseline");
    stage.server.folder = stage.site.folder;
    expect(await stage.machine.look()).toMatchObject({ kind: "updated", revision: 2 });
  });

  test("with the bundle gone, each of the floors holds by itself: of lists, and of revisions", async () => {
    await stage.site.publish(1);
    const old = stage.site.copy();
    await stage.site.renew();
    await stage.machine.look();
    rmSync(join(stage.machine.folder, "bundle.json"));
    stage.server.folder = old;
    // The same policy under an older timestamp.
    expect(await stage.machine.look()).toMatchObject({ kind: "trouble", trouble: { code: "rollback", text: expect.stringContaining("timestamp 1") as string } });
    stage.server.folder = stage.site.folder;
    await stage.site.publish(5);
    await stage.machine.look();
    rmSync(join(stage.machine.folder, "bundle.json"));
    // A newer list, signed as it must be, whose newest policy is older.
    await stage.site.drop(5);
    await stage.site.publish(2);
    expect(await stage.machine.look()).toMatchObject({ kind: "trouble", trouble: { code: "rollback", text: expect.stringContaining("revision 2") as string } });
  });

  test("a bundle that was cut short falls back to the one before it, which is verified too", async () => {
    await stage.site.publish(1);
    await stage.machine.look();
    await stage.site.publish(2);
    await stage.machine.look();
    truncate(stage.machine, "bundle.json");
    expect((await stage.machine.holds()).policy.revision).toBe(1);
    const file = join(stage.machine.folder, "bundle.old.json");
    writeFileSync(file, readFileSync(file, "utf8").replace("approve", "monitor"));
    expect((await stage.machine.holds()).source).toBe("baseline");
  });

  test("a torn floor has a second copy; a torn note costs one whole look", async () => {
    await stage.site.publish(1);
    const old = stage.site.copy();
    await stage.site.publish(2);
    await stage.machine.look();
    truncate(stage.machine, "floor.json", "bundle.json", "poll.json");
    stage.server.folder = old;
    expect(await stage.machine.look()).toMatchObject({ kind: "trouble", trouble: { code: "rollback" } });
  });

  test.each<[string, (text: string) => string]>([
    ["another policy", (text) => text.replace("approve", "monitor")],
    ["another digest", (text) => text.replace(/\\"sha256\\":\\"[0-9a-f]{8}/, '\\"sha256\\":\\"00000000')],
    ["no roots", (text) => JSON.stringify({ ...(JSON.parse(text) as object), roots: [] })],
    ["no signatures", (text) => text.replaceAll(/\\"signatures\\":\[[^\]]*\]/g, '\\"signatures\\":[]')],
  ])("what is stored is verified at each reading: %s", async (_name, tamper) => {
    await stage.site.publish(1);
    await stage.machine.look();
    const file = join(stage.machine.folder, "bundle.json");
    const text = readFileSync(file, "utf8");
    expect(tamper(text)).not.toBe(text);
    writeFileSync(file, tamper(text));
    expect((await stage.machine.holds()).source).toBe("baseline");
  });

  test("a failed look leaves no scraps and the stored bundle byte for byte", async () => {
    await stage.site.publish(1);
    await stage.machine.look();
    const before = readFileSync(join(stage.machine.folder, "bundle.json"), "utf8");
    await stage.site.publish(2);
    writeFileSync(join(stage.site.folder, "2.targets.json"), "{}");
    await stage.machine.look();
    expect(readFileSync(join(stage.machine.folder, "bundle.json"), "utf8")).toBe(before);
    expect(readdirSync(stage.machine.folder).sort()).toEqual(["bundle.json", "floor.json", "floor.old.json", "poll.json"]);
    expect(readdirSync(stage.place.folder).filter((name) => name.startsWith("sluice-bundle-"))).toEqual([]);
  });
});

