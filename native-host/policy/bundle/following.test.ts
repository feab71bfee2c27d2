import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { useAttackStage } from "./attack-stage.fixture.ts";
import { DAY, openMachine, START } from "./fleet.fixture.ts";
import { openStaticServer } from "./static-server.fixture.ts";

const stage = useAttackStage();

test("a new machine takes the policy, and asks with one request for nothing new", async () => {
  await stage.site.publish(1);
  expect(await stage.machine.look()).toEqual({ kind: "updated", revision: 1, before: null });
  expect((await stage.machine.holds()).status).toMatchObject({ state: "fresh", version: 1, trouble: null });
  // A pinned root, the look for a newer one, three lists, one policy.
  expect(stage.server.log.splice(0).map((line) => line.replace(/[0-9a-f]{64}/, "H"))).toEqual(["200 H.root.json", "404 2.root.json", "200 timestamp.json", "200 1.snapshot.json", "200 1.targets.json", "200 targets/policy/stable/H.1.json"]);
  expect(await stage.machine.look()).toEqual({ kind: "unchanged", revision: 1 });
  expect(stage.server.log).toEqual(["304 timestamp.json"]);
});

test("a renewed timestamp costs no new list and no new policy", async () => {
  await stage.site.publish(1);
  await stage.machine.look();
  stage.server.log.length = 0;
  await stage.site.renew(START + DAY / 2);
  expect(await stage.machine.look(START + DAY / 2)).toEqual({ kind: "unchanged", revision: 1 });
  expect(stage.server.log).toEqual(["200 timestamp.json", "404 2.root.json"]);
});

// threat: bundle-endless
describe("a hostile or broken server", () => {
  const names = ["timestamp.json", "2.snapshot.json", "2.targets.json"];

  test.each(names)("endless data for %s is cut off", async (name) => {
    await stage.site.publish(1);
    await stage.machine.look();
    await stage.site.publish(2);
    let sent = 0;
    stage.server.instead.set(name, (response) => {
      const more = (): void => {
        while (!response.destroyed && sent < 64 * 1024 * 1024) {
          sent += 65_536;
          if (!response.write(Buffer.alloc(65_536, 32))) return void response.once("drain", more);
        }
        response.destroy();
      };
      more();
    });
    await stage.isRefused("too-large", 1);
    expect(sent).toBeLessThan(16 * 1024 * 1024);
  });

  test("a server that never finishes is left after a while", async () => {
    await stage.site.publish(1);
    await stage.machine.look();
    stage.server.instead.set("timestamp.json", (response) => void response.write("{"));
    const impatient = openMachine(stage.place, "m1", stage.machine.bootstrap, 150);
    await stage.isRefused("unreachable", 1, { of: impatient });
    expect((await stage.machine.holds()).status.state).toBe("cached");
  });

  test("a content length that is too long, or too short, gets nothing into force", async () => {
    await stage.site.publish(1);
    await stage.machine.look();
    await stage.site.publish(2);
    stage.server.instead.set("2.targets.json", (response, body) => {
      response.writeHead(200, { "content-length": body!.length + 100 });
      response.write(body);
      response.destroy();
    });
    await stage.isRefused("unreachable", 1);
    stage.server.instead.set("2.targets.json", (response, body) => {
      // Node refuses to send more than it announced, so this one speaks by itself.
      response.socket!.end(`HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: close\r\n\r\n${body!.toString("utf8")}`);
    });
    const outcome = await stage.machine.look();
    expect(outcome).toMatchObject({ kind: "trouble", kept: 1 });
    expect((await stage.machine.holds()).policy.revision).toBe(1);
  });

  test.each([500, 503, 429])("an answer of %i is waited out", async (status) => {
    await stage.site.publish(1);
    await stage.machine.look();
    stage.server.instead.set("timestamp.json", (response) => void response.writeHead(status).end());
    await stage.isRefused("unreachable", 1);
    stage.server.instead.clear();
    expect(await stage.machine.look()).toEqual({ kind: "unchanged", revision: 1 });
  });

  test("a redirect is not followed", async () => {
    await stage.site.publish(1);
    const other = await openStaticServer(stage.site.folder);
    stage.server.instead.set(`${stage.site.pin}.root.json`, (response) => void response.writeHead(302, { location: `${other.url}${stage.site.pin}.root.json` }).end());
    await stage.takesNothing(stage.machine, "unreachable");
    expect(other.log).toEqual([]);
    await other.close();
  });

  test("a server that is gone leaves the last good policy, and tries get rarer", async () => {
    await stage.site.publish(1);
    await stage.machine.look();
    await stage.server.close();
    const waits: number[] = [];
    for (let at = 0; at < 8; at++) {
      await stage.machine.look();
      waits.push((JSON.parse(readFileSync(join(stage.machine.folder, "poll.json"), "utf8")) as { nextAt: number }).nextAt - START);
    }
    expect(waits.map((wait) => wait / 60_000)).toEqual([30, 60, 120, 240, 360, 360, 360, 360]);
    await stage.isRefused("unreachable", 1);
    stage.server = await openStaticServer(stage.site.folder);
  });
});

// threat: bundle-fail-mode
test("a machine that is to fail closed does so also when it has never had a policy; another keeps the baseline", async () => {
  await stage.server.close();
  const closed = stage.newMachine({ failMode: "closed" });
  await closed.look();
  expect((await closed.holds()).policy).toMatchObject({ id: "sluice-fail-closed", admission: { default: "block" } });
  await stage.takesNothing(stage.newMachine(), "unreachable");
  stage.server = await openStaticServer(stage.site.folder);
});

// threat: bundle-fail-mode
test("a laptop that was away for a month comes back: closed until its source answers, and then up to date", async () => {
  await stage.site.publish(1);
  await stage.machine.look();
  await stage.site.publish(2, { now: START + 30 * DAY });
  const away = await stage.machine.holds(START + 30 * DAY);
  expect(away.status.state).toBe("expired");
  // Allowed outright stays; what was only watched does not.
  expect(away.policy.admission.servers.map(({ id }) => id)).toEqual(["good"]);
  expect(await stage.machine.look(START + 30 * DAY)).toEqual({ kind: "updated", revision: 2, before: 1 });
  expect((await stage.machine.holds(START + 30 * DAY)).status.state).toBe("fresh");
});

test("a folder is a source as well", async () => {
  await stage.site.publish(1);
  const near = stage.newMachine({ bundleUrl: `file://${stage.site.folder}` });
  expect(await near.look()).toMatchObject({ kind: "updated", revision: 1 });
  expect(await near.look()).toEqual({ kind: "unchanged", revision: 1 });
  expect(existsSync(join(near.folder, "bundle.json"))).toBe(true);
});
