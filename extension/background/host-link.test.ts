import { expect, test } from "vitest";
import type { EventRecord } from "../../shared/events/record.ts";
import type { ToHost } from "../../shared/messages/host.ts";
import { BATCH, createHostLink, HELLO_MS, PING_EVERY_MS, PONG_MS, RECEIPT_MS, type HostLinkDoors } from "./host-link.ts";

const HELLO = { kind: "hello", seam: 2, version: "0.1.0", user: "ada", journal: "/j" };

function health(index: number): EventRecord {
  return { v: 1, id: `0190a000-0000-7000-8000-${String(index).padStart(12, "0")}`, time: index, by: "extension", kind: "health", what: "extension.started", detail: "" };
}

/** A host, a clock and an outbox in the test's hands. */
function bench() {
  const ports: { sent: ToHost[]; say(message: unknown): void; die(verbatim: string | null): void; closed: boolean }[] = [];
  const timers = new Set<{ at: number; run: () => void }>();
  const world = { now: 0, outbox: [] as EventRecord[], openFails: null as string | null };
  const log: string[] = [];
  const people: unknown[] = [];
  const doors: HostLinkDoors = {
    open() {
      if (world.openFails) throw new Error(world.openFails);
      let hear: (message: unknown) => void = () => undefined;
      let closed: (verbatim: string | null) => void = () => undefined;
      const port = { sent: [] as ToHost[], closed: false, say: (message: unknown) => hear(message), die: (verbatim: string | null) => closed(verbatim) };
      ports.push(port);
      return {
        post: (message) => void port.sent.push(message),
        onMessage: (run) => void (hear = run),
        onClosed: (run) => void (closed = run),
        close: () => void (port.closed = true),
      };
    },
    outbox: {
      take: async (limit) => world.outbox.slice(0, limit),
      remove: async (ids) => void (world.outbox = world.outbox.filter((record) => !ids.includes(record.id))),
    },
    version: "0.1.0",
    browser: "chromium",
    now: () => world.now,
    after(ms, run) {
      const timer = { at: world.now + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    random: () => 0.5,
    onPolicyPart: (part) => void log.push(`part ${part.part}`),
    onPolicyRejected: (message) => void log.push(`rejected ${message.errors.join()}`),
    onAsk: () => undefined,
    onAskGone: () => undefined,
    onAnswered: () => undefined,
    onRecords: (records) => void log.push(`records ${records.length}`),
    onWho: (who) => void people.push(who),
    onConnected: (version) => void log.push(`connected ${version}`),
    onLost: (why) => void log.push(`lost ${why}`),
    onClosed: () => void log.push("closed"),
    onDistrust: (why) => void log.push(`distrust ${why}`),
    onChange: () => undefined,
  };
  /** Moves the clock, running what falls due in order. */
  function pass(ms: number): void {
    const end = world.now + ms;
    for (;;) {
      const next = [...timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      timers.delete(next);
      world.now = next.at;
      next.run();
    }
    world.now = end;
  }
  return { ports, world, log, people, pass, timers, link: createHostLink(doors) };
}

/** Lets promises that are already settled run their course. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

test("tells who the host says is here, and nobody where it has no name", () => {
  const { link, ports, people } = bench();
  link.connect();
  ports[0]!.say({ ...HELLO, groups: ["wheel", 7, "ai-users"], device: "desk-12" });
  expect(people).toEqual([{ user: "ada", groups: ["wheel", "ai-users"], device: "desk-12" }]);
  const other = bench();
  other.link.connect();
  other.ports[0]!.say({ ...HELLO, user: "unknown" });
  expect(other.people).toEqual([{}]);
});

test("says hello first and counts as connected only after the host's hello", () => {
  const { link, ports } = bench();
  link.connect();
  expect(ports[0]?.sent[0]).toEqual({ kind: "hello", seam: 2, version: "0.1.0", browser: "chromium" });
  expect(link.state().state).toBe("connecting");
  ports[0]?.say(HELLO);
  expect(link.state()).toMatchObject({ state: "connected", version: "0.1.0", error: null });
});

test("records go out in batches and leave the outbox only on the receipt", async () => {
  const { link, ports, world } = bench();
  world.outbox = Array.from({ length: BATCH + 5 }, (_, index) => health(index));
  link.connect();
  ports[0]!.say(HELLO);
  await settle();
  const first = ports[0]!.sent.find((message) => message.kind === "events");
  expect(first).toMatchObject({ kind: "events", batch: 1 });
  expect(first?.kind === "events" && first.records).toHaveLength(BATCH);
  expect(world.outbox).toHaveLength(BATCH + 5);

  ports[0]!.say({ kind: "events.stored", batch: 99 });
  await settle();
  expect(world.outbox).toHaveLength(BATCH + 5);

  ports[0]!.say({ kind: "events.stored", batch: 1 });
  await settle();
  expect(world.outbox).toHaveLength(5);
  const second = ports[0]!.sent.at(-1);
  expect(second?.kind === "events" && second.records.map((record) => record.id)).toEqual(world.outbox.map((record) => record.id));
});

test("what was in flight when the line broke is sent again on the next one", async () => {
  const { link, ports, world, pass, log } = bench();
  world.outbox = [health(1)];
  link.connect();
  ports[0]!.say(HELLO);
  await settle();
  ports[0]!.die("Native host has exited.");
  expect(log).toContain("lost The Sluice host program stopped.");
  expect(link.state()).toMatchObject({ state: "missing", error: "The Sluice host program stopped." });
  pass(1_000);
  expect(ports).toHaveLength(2);
  ports[1]!.say(HELLO);
  await settle();
  expect(ports[1]!.sent.at(-1)).toMatchObject({ kind: "events", records: [{ id: health(1).id }] });
});

test("a late receipt of the old line does not empty the outbox", async () => {
  const { link, ports, world, pass } = bench();
  world.outbox = [health(1)];
  link.connect();
  ports[0]!.say(HELLO);
  await settle();
  ports[0]!.die(null);
  pass(1_000);
  ports[0]!.say({ kind: "events.stored", batch: 1 });
  await settle();
  expect(world.outbox).toHaveLength(1);
});

test("waits grow while the host is missing, and one broken line is lost only once", () => {
  const { link, ports, pass, log } = bench();
  link.connect();
  const waits: number[] = [];
  for (let attempt = 0; attempt < 8; attempt++) {
    ports.at(-1)!.die("Specified native messaging host not found.");
    const known = ports.length;
    let waited = 0;
    while (ports.length === known) {
      pass(500);
      waited += 500;
    }
    waits.push(waited);
  }
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  expect(log.filter((line) => line.startsWith("lost"))).toEqual([]);
  expect(link.state()).toMatchObject({ state: "missing", error: expect.stringContaining("not installed") });
});

test("an alarm may connect at any time without opening a second line", () => {
  const { link, ports, pass } = bench();
  link.connect();
  link.connect();
  expect(ports).toHaveLength(1);
  ports[0]!.die(null);
  link.connect();
  expect(ports).toHaveLength(2);
  pass(HELLO_MS - 1);
  expect(ports).toHaveLength(2);
});

test("a browser that forbids the connection is no crash", () => {
  const { link, world } = bench();
  world.openFails = "Access to the native messaging host was disabled by the system administrator.";
  link.connect();
  expect(link.state()).toMatchObject({ state: "missing", error: expect.stringContaining("organization") });
});

test.each([
  ["no hello", (b: ReturnType<typeof bench>) => b.pass(HELLO_MS)],
  ["no pong", (b: ReturnType<typeof bench>) => (b.ports[0]!.say(HELLO), b.pass(PING_EVERY_MS + PONG_MS))],
  ["another seam", (b: ReturnType<typeof bench>) => b.ports[0]!.say({ ...HELLO, seam: 3 })],
  ["policy before hello", (b: ReturnType<typeof bench>) => b.ports[0]!.say({ kind: "policy", digest: "d", source: "local", part: 0, parts: 1, text: "{}" })],
])("gives up a line with %s", (_, happen) => {
  const b = bench();
  b.link.connect();
  happen(b);
  expect(b.ports[0]!.closed).toBe(true);
  expect(b.link.state().state).not.toBe("connected");
  expect(b.log.filter((line) => line.startsWith("part"))).toEqual([]);
});

test("no receipt in time closes the line and keeps the records", async () => {
  const { link, ports, world, pass } = bench();
  world.outbox = [health(1)];
  link.connect();
  ports[0]!.say(HELLO);
  await settle();
  pass(RECEIPT_MS);
  expect(ports[0]!.closed).toBe(true);
  expect(world.outbox).toHaveLength(1);
});

test("a pong in time keeps the line", () => {
  const { link, ports, pass } = bench();
  link.connect();
  ports[0]!.say(HELLO);
  pass(PING_EVERY_MS);
  const ping = ports[0]!.sent.at(-1);
  expect(ping?.kind).toBe("ping");
  ports[0]!.say({ kind: "pong", nonce: ping?.kind === "ping" ? ping.nonce : "" });
  pass(PONG_MS);
  expect(link.state().state).toBe("connected");
});

test("junk from the host is left out and told, the rest is taken", () => {
  const { link, ports, log } = bench();
  link.connect();
  ports[0]!.say(HELLO);
  for (const junk of [null, "text", { kind: "run", command: "rm" }, { kind: "events.stored", batch: "1" }, { kind: "policy", source: "root" }]) ports[0]!.say(junk);
  ports[0]!.say({ kind: "events", records: [health(1), { kind: "health", secret: "x" }] });
  expect(log.filter((line) => line.startsWith("distrust"))).toHaveLength(6);
  expect(log).toContain("records 1");
  expect(link.state().state).toBe("connected");
});

test("discovery needs a line", () => {
  const { link, ports } = bench();
  expect(link.discover()).toBe(false);
  link.connect();
  ports[0]!.say(HELLO);
  expect(link.discover()).toBe(true);
  expect(ports[0]!.sent.at(-1)).toEqual({ kind: "discover" });
});
