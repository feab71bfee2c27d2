import fc from "fast-check";
import { expect, test } from "vitest";
import { leafValue, pointerOf, readJson, scanJson, spliceJson } from "./json.ts";

/** Reads a value out of parsed JSON by pointer, independently of the scanner. */
function at(value: unknown, pointer: string): unknown {
  let here = value;
  for (const step of pointer.split("/").slice(1)) here = (here as Record<string, unknown>)[step.replaceAll("~1", "/").replaceAll("~0", "~")];
  return here;
}

test("every string and number of any JSON is found at its pointer, with its value", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.boolean(), (value, pretty) => {
      const text = JSON.stringify(value, null, pretty ? 2 : 0);
      const scanned = scanJson(text);
      if (!scanned.ok) return expect(scanned.why.kind).toBe("lone-surrogate");
      const parsed = JSON.parse(text) as unknown;
      let seen = 0;
      for (const leaf of scanned.value) {
        if (leaf.kind === "key") continue;
        seen++;
        const found = at(parsed, pointerOf(leaf.path));
        expect(leaf.kind === "number" ? String(found) : found).toBe(leaf.kind === "number" ? String(Number(leafValue(text, leaf))) : leafValue(text, leaf));
      }
      let count = 0;
      JSON.stringify(parsed, (_, each: unknown) => {
        if (typeof each === "string" || typeof each === "number") count++;
        return each;
      });
      expect(seen).toBe(count);
    }),
  );
});

test("what JSON.parse refuses is refused, and what it takes is taken or named ambiguous", () => {
  const soup = fc.string({ unit: fc.constantFrom("{", "}", "[", "]", ",", ":", '"', "\\", "u", "d", "8", "0", "1", "e", "-", ".", "a", "true", " ", "\n", "null") });
  fc.assert(
    fc.property(soup, (text) => {
      let parses = true;
      try {
        JSON.parse(text);
      } catch {
        parses = false;
      }
      const scanned = scanJson(text);
      if (parses) expect(scanned.ok || scanned.why.kind !== "syntax").toBe(true);
      else expect(scanned.ok).toBe(false);
    }),
    { numRuns: 3000 },
  );
});

// threat: ambiguous-json, parser-bomb
test.each([
  ['{"a":1,"a":2}', "duplicate-key"],
  ['{"a":1,"\\u0061":2}', "duplicate-key"],
  ['{"x":[{"b":1,"b":1}]}', "duplicate-key"],
  ['["\\ud800"]', "lone-surrogate"],
  ['["\\udc00\\ud800"]', "lone-surrogate"],
  [`["${String.fromCharCode(0xd800)}"]`, "lone-surrogate"],
  ["[1e400]", "number-range"],
  ["[".repeat(65) + "]".repeat(65), "depth"],
  ["[01]", "syntax"],
  ['["a\nb"]', "syntax"],
  ["{} {}", "syntax"],
  ["", "syntax"],
])("%s is %s", (text, kind) => {
  const scanned = scanJson(text);
  expect(scanned.ok ? "ok" : scanned.why.kind).toBe(kind);
});

test("the same key in two objects, and pairs of surrogates, are no fault", () => {
  expect(scanJson('[{"a":1},{"a":1}]').ok).toBe(true);
  expect(scanJson('["\\ud83d\\ude00 😀"]').ok).toBe(true);
});

// threat: parser-bomb
test("too many nodes stop the scan", () => {
  const scanned = scanJson(`[${"0,".repeat(20)}0]`, { maxDepth: 4, maxNodes: 10 });
  expect(scanned.ok ? "ok" : scanned.why.kind).toBe("nodes");
});

test("splicing a leaf changes that leaf alone", () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), fc.nat(), fc.string(), (strings, pick, value) => {
      const text = JSON.stringify({ list: strings, big: "x" });
      const scanned = scanJson(text);
      fc.pre(scanned.ok);
      if (!scanned.ok) return;
      const leaves = scanned.value.filter((leaf) => leaf.kind === "string");
      const leaf = leaves[pick % strings.length]!;
      const after = JSON.parse(spliceJson(text, [{ leaf, value }])) as { list: string[]; big: string };
      expect(after).toEqual({ list: strings.map((each, i) => (i === pick % strings.length ? value : each)), big: "x" });
    }),
  );
});

test("reading is scanning and parsing, whatever the text", () => {
  const part = fc.constantFrom("{", "}", "[", "]", ",", ":", '"', '"', "\\", "\\\\", '\\"', "\\n", "\\u0041", "\\ud83d", "\\ude00", "\\x", "\ud83d", "😀", "\u0001", "\n", "é", "abc", '"a":', "1e999", "-0", "12", "true", " ");
  const soup = fc.array(part, { maxLength: 30 }).map((parts) => parts.join(""));
  const quoted = soup.map((text) => `{"k":"${text}","${text.slice(0, 4)}":["${text}"]}`);
  const broken = fc.tuple(fc.jsonValue({ maxDepth: 4 }), fc.nat(), soup).map(([value, at, text]) => {
    const json = JSON.stringify(value);
    return json.slice(0, at % (json.length + 1)) + text + json.slice(at % (json.length + 1));
  });
  fc.assert(
    fc.property(fc.oneof(soup, quoted, broken, fc.json()), fc.constantFrom(undefined, { maxDepth: 3, maxNodes: 6 }), (text, limits) => {
      const scanned = scanJson(text, limits);
      expect(readJson(text, limits)).toEqual(scanned.ok ? { ok: true, value: { leaves: scanned.value, value: JSON.parse(text) as unknown } } : scanned);
    }),
    { numRuns: 3000 },
  );
});
