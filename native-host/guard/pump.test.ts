/** One direction without processes: any cut of the bytes, slow readers on both sides, failures of the gate. */
import { PassThrough, Writable } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Effect, Input, Session } from "../../shared/gate/session.ts";
import type { Direction } from "../../shared/mcp/channel.ts";
import { pump, type PumpParts } from "./pump.ts";

/** A gate that allows everything, or does what it is told. */
function gate(step: (input: Input) => Effect[] = () => [{ kind: "forward" }]): Session {
  return { channel: {} as Session["channel"], step, skim: () => null, records: () => [] };
}

function run(parts: Partial<PumpParts> & { direction?: Direction } = {}) {
  const from = new PassThrough();
  const to = new PassThrough();
  const back = new PassThrough();
  const strays: Buffer[] = [];
  const failures: string[] = [];
  const flow = pump({ direction: "to-server", from, to, back, session: gate(), onRecord: () => {}, onPassed: () => {}, onStray: (bytes) => strays.push(Buffer.from(bytes)), onFailure: (name) => failures.push(name), ...parts });
  return { from, to, back, flow, strays, failures };
}

const line = fc.oneof(
  fc.jsonValue().map((value) => JSON.stringify({ jsonrpc: "2.0", method: "m", params: { value } })),
  fc.constantFrom("", " \t", "{}", '{"a":"é😀"}', "[{}]"),
);
const stream = fc.array(fc.tuple(line, fc.constantFrom("\n", "\r\n")), { maxLength: 20 });

test("allowed bytes come out as they went in, however they are cut, with or without a last line end", async () => {
  await fc.assert(
    fc.asyncProperty(stream, line, fc.array(fc.nat(5000), { maxLength: 12 }), fc.constantFrom<Direction>("to-server", "to-client"), async (lines, last, cuts, direction) => {
      const bytes = Buffer.from(lines.map(([text, end]) => text + end).join("") + last);
      const { from, to, flow } = run({ direction });
      const received: Buffer[] = [];
      to.on("data", (chunk: Buffer) => received.push(chunk));
      const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
      for (let i = 1; i < places.length; i++) from.write(bytes.subarray(places[i - 1], places[i]));
      from.end();
      await flow.done;
      to.end();
      await new Promise((resolve) => to.once("end", resolve));
      expect(Buffer.concat(received).toString("hex")).toBe(bytes.toString("hex"));
    }),
  );
});

test("messages are judged in order, one line each, whole", async () => {
  await fc.assert(
    fc.asyncProperty(stream, fc.integer({ min: 1, max: 7 }), async (lines, step) => {
      const seen: string[] = [];
      const { from, to, flow } = run({ session: gate((input) => (input.kind === "message" && seen.push(input.text), [{ kind: "drop" }])) });
      to.resume();
      const bytes = Buffer.from(lines.map(([text, end]) => text + end).join(""));
      for (let at = 0; at < bytes.length; at += step) from.write(bytes.subarray(at, at + step));
      from.end();
      await flow.done;
      expect(seen).toEqual(lines.filter(([text]) => text.trim() !== "").map(([text, end]) => text + end));
    }),
  );
});

/** Takes one piece, then only as many as it is told to. */
function stuck(): Writable & { next(): void } {
  let waiting: (() => void) | undefined;
  const sink = new Writable({ highWaterMark: 1000, write: (_chunk, _encoding, done) => void (waiting = done) });
  return Object.assign(sink, {
    next() {
      const done = waiting;
      waiting = undefined;
      done?.();
    },
  });
}

const MESSAGE = Buffer.from(`${JSON.stringify({ jsonrpc: "2.0", method: "m", params: "x".repeat(5000) })}\n`);

test.each(["to-server", "to-client"] as const)("a slow reader holds the sender up, and little waits in memory (%s)", async (direction) => {
  const to = stuck();
  const { from, flow } = run({ direction, to });
  let accepted = 0;
  for (let i = 0; i < 200; i++) if (from.write(MESSAGE)) accepted++;
  await new Promise(setImmediate);
  expect(from.isPaused()).toBe(true);
  expect(flow.waits()).toBe(true);
  expect(to.writableLength).toBeLessThan(3 * MESSAGE.length);
  // Two streams of 64 KiB stand between; the rest of the megabyte waits where it is.
  expect(accepted).toBeLessThan(40);
  expect(to.listenerCount("drain")).toBe(1);

  for (let i = 0; i < 400; i++) {
    to.next();
    await new Promise(setImmediate);
  }
  expect(from.isPaused()).toBe(false);
  expect(flow.taken()).toBe(200 * MESSAGE.length);
});

test("answers that nobody takes hold the sender up as well", async () => {
  const back = stuck();
  const { from, to } = run({ back, session: gate(() => [{ kind: "drop" }, { kind: "reply", text: "x".repeat(5000) }]) });
  to.resume();
  for (let i = 0; i < 100; i++) from.write(MESSAGE);
  await new Promise(setImmediate);
  expect(from.isPaused()).toBe(true);
  expect(back.writableLength).toBeLessThan(15_000);
});

test("a reader that is gone holds nobody up", async () => {
  const to = stuck();
  to.on("error", () => {});
  const { from, flow } = run({ to });
  for (let i = 0; i < 50; i++) from.write(MESSAGE);
  await new Promise(setImmediate);
  expect(from.isPaused()).toBe(true);
  to.destroy(new Error("EPIPE"));
  from.end();
  await flow.done;
  expect(flow.taken()).toBe(50 * MESSAGE.length);
});

test("a sender that is gone before it said a word is done", async () => {
  const from = new PassThrough();
  from.destroy();
  await run({ from }).flow.done;
});

test("what the gate breaks on is not handed on; whoever waits is told; the message is not quoted", async () => {
  const session = gate((input) => {
    if (input.kind === "message" && input.text.includes("bad")) throw new TypeError(`cannot judge ${input.text}`);
    return input.kind === "unreadable" ? [{ kind: "drop" }, { kind: "reply", text: input.detail }] : [{ kind: "forward" }];
  });
  const { from, to, back, flow, failures } = run({ session });
  from.end('{"bad":1}\n{"good":1}\n');
  await flow.done;
  expect(String(to.read())).toBe('{"good":1}\n');
  expect(String(back.read())).toContain("Sluice itself failed");
  expect(failures).toEqual(["TypeError"]);
});

test("a line over the bound is told with its id, whether that stands first or last, and the next one is judged", async () => {
  const heads: string[] = [];
  const { from, to, flow } = run({ maxBytes: 10_000, session: gate((input) => (input.kind === "unreadable" ? (heads.push(input.head), [{ kind: "drop" }]) : [{ kind: "forward" }])) });
  const filler = "x".repeat(30_000);
  from.write(`{"id":"first","params":"${filler}"}\n`);
  from.write(`{"params":{"text":"${filler}","id":"nested"},"jsonrpc":"2.0","id":71}\n`);
  from.write(`{"params":{"text":"${filler}"},"id":72,"jsonrpc":"2.0"}\n`);
  from.end("{}\n");
  await flow.done;
  expect(heads[0]).toMatch(/^\{"id":"first",/);
  expect(heads.slice(1)).toEqual(['{"id":71}', '{"id":72}']);
  expect(String(to.read())).toBe("{}\n");
});

test("a sender that writes byte by byte costs no object a byte", async () => {
  const { from, to, flow } = run();
  for (const byte of MESSAGE) from.write(Buffer.of(byte));
  from.end();
  await flow.done;
  expect(Buffer.from(to.read() as Buffer).equals(MESSAGE)).toBe(true);
});

test("a rewritten message stays one line", async () => {
  const { from, to, flow } = run({ session: gate(() => [{ kind: "replace", text: ' {\r\n"a":\r1}\n' }]) });
  from.end("{}\n");
  await flow.done;
  expect(String(to.read())).toBe('{ "a": 1}\n');
});
