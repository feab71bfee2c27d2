/** What the fast serialiser writes is what JSON.stringify writes. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { exampleRecord } from "../../shared/events/example-records.fixture.ts";
import { createSerializer } from "./serialize.ts";

/** The serialiser leaves the end open; a last field closes it, as in the journal. */
const closed = (open: string): string => `${open}"end":0}`;

const shared = fc.constantFrom(exampleRecord(0).server, exampleRecord(3).decision, { id: 'a"b', name: "\u2028\ud800" }, []);
const text = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.constantFrom("", '"', "\\", "\n", "\u007f", "\u2028", "\ud800", "\udc00x", "😀", "é"));
const value = fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.jsonValue(), shared, fc.constantFrom(null, undefined, -0, Number.NaN, new Date(0), () => 1, Symbol("s"), new String("x"), { toJSON: (key: string) => `said ${key}` }));
const key = fc.oneof({ weight: 4, arbitrary: fc.constantFrom("id", "time", "kind", "client", "server", "decision", "findings", "10", "2", "__proto__", "toJSON") }, { weight: 1, arbitrary: text });
const record = fc.array(fc.tuple(key, value), { maxLength: 12 }).map((entries) => Object.fromEntries(entries));

test("any records, one after the other: to the letter what JSON.stringify says", () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 6 }), (records) => {
      const serialize = createSerializer();
      for (const one of records) {
        fc.pre(typeof one["toJSON"] !== "function");
        expect(closed(serialize(one))).toBe(JSON.stringify({ ...one, end: 0 }));
      }
    }),
    { numRuns: Math.max(500, fc.readConfigureGlobal().numRuns ?? 0) },
  );
});

test("records as they come, with more unknown fields than are remembered", () => {
  const serialize = createSerializer();
  for (let at = 0; at < 500; at++) {
    const one = { v: 1, id: `id-${at}`, ...exampleRecord(at), [`field-${at % 100}`]: at };
    expect(closed(serialize(one))).toBe(JSON.stringify({ ...one, end: 0 }));
  }
});

test("a list that was changed in between is written as it is now", () => {
  const serialize = createSerializer();
  const one = { findings: ["a"], by: "guard" };
  serialize(one);
  one.findings.push("b");
  expect(closed(serialize(one))).toBe(JSON.stringify({ ...one, end: 0 }));
});
