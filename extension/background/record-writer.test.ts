import { expect, test } from "vitest";
import type { EventRecord } from "../../shared/events/record.ts";
import { aMessage, CURSOR, NOTES } from "../ui/fixtures.ts";
import { BATCH_RECORDS, createRecordWriter } from "./record-writer.ts";

function bench() {
  const stored: EventRecord[][] = [];
  const world = { refused: 0, failing: false, due: null as (() => void) | null };
  const writer = createRecordWriter({
    store: async (records) => {
      if (world.failing) throw new Error("disk full");
      stored.push([...records]);
    },
    after: (_, run) => {
      world.due = run;
      return () => void (world.due = null);
    },
    onRefused: (count) => void (world.refused += count),
  });
  return { writer, stored, world };
}

const messages = (count: number): EventRecord[] => Array.from({ length: count }, () => aMessage({}));

test("answers only after the batch is stored", async () => {
  const { writer, stored, world } = bench();
  let answered = false;
  const receipt = writer.receive(messages(3)).then((answer) => ((answered = true), answer));
  await Promise.resolve();
  expect([answered, stored.length]).toEqual([false, 0]);
  world.due?.();
  expect(await receipt).toEqual({ ok: true });
  expect(stored.map((batch) => batch.length)).toEqual([3]);
});

test("records of several relays share a batch, and a full batch waits for no clock", async () => {
  const { writer, stored } = bench();
  const receipts = [writer.receive(messages(60)), writer.receive(messages(BATCH_RECORDS - 60))];
  expect(await Promise.all(receipts)).toEqual([{ ok: true }, { ok: true }]);
  expect(stored.map((batch) => batch.length)).toEqual([BATCH_RECORDS]);
});

test("a failed write is no receipt, and the next one succeeds", async () => {
  const { writer, stored, world } = bench();
  const records = messages(1);
  world.failing = true;
  const first = writer.receive(records);
  world.due?.();
  expect(await first).toEqual({ ok: false });
  world.failing = false;
  const second = writer.receive(records);
  world.due?.();
  expect(await second).toEqual({ ok: true });
  expect(stored).toEqual([records]);
});

// threat: forged-records
test("what does not hold up is counted, not stored and not asked for again", async () => {
  const { writer, stored, world } = bench();
  const good = aMessage({});
  const receipt = writer.receive([good, { kind: "request" }, { ...aMessage({}), by: "host" }, { v: 1, id: good.id, time: 1, by: "extension", kind: "policy.applied", policy: { id: "p", revision: 1, source: "managed", digest: "d" } }]);
  world.due?.();
  expect(await receipt).toEqual({ ok: true });
  expect(stored).toEqual([[good]]);
  expect(world.refused).toBe(3);
  expect(await writer.receive("nonsense")).toEqual({ ok: true });
  expect(world.refused).toBe(4);
});

test("attack: a page's process cannot speak for the background, for a desktop client or for a local server", async () => {
  const { writer, stored, world } = bench();
  const { by, v, id, time } = aMessage({});
  const forged = [
    { v, id, time, by, kind: "health", what: "host.lost", detail: "x" },
    { v, id, time, by, kind: "policy.applied", policy: { id: "x", revision: 1, source: "managed", digest: "d" } },
    { v, id, time, by, kind: "deployment", change: "removed", point: "stdio", client: CURSOR, server: NOTES, name: "x", where: "x", guarded: true, transport: "stdio", notes: [] },
    aMessage({ client: CURSOR }),
    aMessage({ server: NOTES }),
    { ...aMessage({}), point: "stdio" },
    { ...aMessage({}), by: "host" },
  ];
  expect(await writer.receive(forged)).toEqual({ ok: true });
  expect([stored.flat(), world.refused]).toEqual([[], forged.length]);
});
