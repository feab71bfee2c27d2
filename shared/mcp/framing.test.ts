import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonFramer } from "./json-stream.ts";
import { lineFramer, wholeLine } from "./lines.ts";
import { sseFramer, withData } from "./sse.ts";

/** Cuts into pieces at the given places. */
function cut<T extends { length: number; slice(from: number, to?: number): T }>(whole: T, places: readonly number[]): T[] {
  const at = [...new Set(places.map((place) => (whole.length ? place % whole.length : 0)))].sort((a, b) => a - b);
  return [...at, whole.length].map((end, i) => whole.slice(i ? at[i - 1]! : 0, end)).filter((piece) => piece.length > 0);
}

const places = fc.array(fc.nat(10_000), { maxLength: 40 });

test("lines: any chunking gives the same lines, and joined they are the input", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom("a", "é", "\r", "\n", "{", "😀") })), places, (texts, where) => {
      const bytes = Buffer.from(texts.join("\n"));
      const whole = lineFramer(1e6);
      const expected = [...whole.push(bytes), ...whole.end()];
      const framer = lineFramer(1e6);
      const got = [...cut(bytes, where).flatMap((piece) => framer.push(piece)), ...framer.end()];
      const texts2 = got.map((frame) => (frame.kind === "line" ? Buffer.from(wholeLine(frame)).toString("hex") : "over"));
      expect(texts2).toEqual(expected.map((frame) => (frame.kind === "line" ? Buffer.from(wholeLine(frame)).toString("hex") : "over")));
      expect(texts2.join("")).toBe(bytes.toString("hex"));
      for (const frame of got.slice(0, -1)) expect(frame.kind === "line" && wholeLine(frame).at(-1)).toBe(10);
    }),
  );
});

// threat: oversized-message
test("lines: one too long is counted, its head kept, and the next one is whole", () => {
  const framer = lineFramer(10);
  const long = Buffer.from(`{"id":7,${"x".repeat(100)}}\nok\n`);
  const frames = cut(long, [3, 9, 30, 31, 77]).flatMap((piece) => framer.push(piece));
  expect(frames.map((frame) => frame.kind)).toEqual(["oversize", "line"]);
  const [first] = frames;
  expect(first?.kind === "oversize" && first.bytes).toBe(long.length - 3);
  expect(first?.kind === "oversize" && Buffer.from(first.head).toString()).toMatch(/^\{"id":7,/);
});

const line = fc.oneof(
  fc.constantFrom("data: {}", "data:x", "data:", "event: message", ": ping", "id: 5", "retry: 10", ""),
  fc.string({ unit: fc.constantFrom("a", "é", ":", " ", "{") }),
);
const stream = fc.array(fc.tuple(line, fc.constantFrom("\n", "\r\n", "\r")), { maxLength: 30 }).map((lines) => lines.map(([text, end]) => text + end).join(""));

test("events: any chunking gives the same events, and joined they are the input", () => {
  fc.assert(
    fc.property(stream, places, (text, where) => {
      const all = (pieces: readonly string[]) => {
        const framer = sseFramer(1e6);
        return [...pieces.flatMap((piece) => framer.push(piece)), ...framer.end()].map((frame) => (frame.kind === "event" ? frame.event : null));
      };
      const pieces = all(cut(text, where));
      expect(pieces.map((event) => event?.text).join("")).toBe(text);
      expect(pieces.filter((event) => event?.data !== null).map((event) => event?.data)).toEqual(all([text]).filter((event) => event?.data !== null).map((event) => event?.data));
    }),
    { numRuns: 500 },
  );
});

test("events: several data lines join, CRLF and BOM are read, other lines stay when data changes", () => {
  const framer = sseFramer(1000);
  const [frame] = framer.push('\uFEFFevent: message\r\nid: 9\r\ndata: {"a":\r\ndata: 1}\r\n\r\n');
  expect(frame?.kind).toBe("event");
  if (frame?.kind !== "event") return;
  expect(frame.event.data).toBe('{"a":\n1}');
  expect(withData(frame.event, '{"a":2}')).toBe('\uFEFFevent: message\r\nid: 9\r\ndata: {"a":2}\r\n\r\n');
});

test("events: an oversized one is named, and the next is whole", () => {
  const framer = sseFramer(20);
  const frames = cut(`data: ${"x".repeat(100)}\n\ndata: ok\n\n`, [7, 50, 90]).flatMap((piece) => framer.push(piece));
  expect(frames.map((frame) => (frame.kind === "event" ? frame.event.data : "over"))).toEqual(["over", "ok"]);
});

test("events: an oversized one that never ends is told at once, and only once", () => {
  const framer = sseFramer(20);
  expect(framer.push(`data: ${"x".repeat(30)}`)).toMatchObject([{ kind: "oversize" }]);
  expect(framer.push("x".repeat(30))).toEqual([]);
  expect(framer.push("\n\ndata: ok\n\n")).toMatchObject([{ event: { data: "ok" } }]);
  expect(framer.end()).toEqual([]);
});

const documents = fc.array(fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown).filter((value) => typeof value === "object" && value !== null), { maxLength: 8 });

test("documents: any chunking of concatenated JSON gives the same documents", () => {
  fc.assert(
    fc.property(documents, fc.constantFrom("", "\n", " \r\n"), places, (values, between, where) => {
      const text = values.map((value) => JSON.stringify(value)).join(between);
      const framer = jsonFramer(1e6);
      const frames = [...cut(text, where).flatMap((piece) => framer.push(piece)), ...framer.end()];
      expect(frames.map((frame) => (frame.kind === "document" ? (JSON.parse(frame.text) as unknown) : frame.kind))).toEqual(values);
      expect(frames.map((frame) => ("text" in frame ? frame.text : "")).join("")).toBe(text);
    }),
  );
});

test.each([
  ["no json", "junk"],
  ['{"a":1', "junk"],
  ["  \n", "space"],
])("documents: %j ends as %s, nothing lost", (text, kind) => {
  const framer = jsonFramer(100);
  expect([...framer.push(text), ...framer.end()]).toEqual([{ kind, text }]);
});
