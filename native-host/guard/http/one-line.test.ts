import fc from "fast-check";
import { expect, test } from "vitest";
import { oneLine } from "./one-line.ts";

/** The document without white space between tokens. */
function tokens(json: string): string {
  return json.replace(/("(?:[^"\\]|\\.)*")|\s+/g, (_, string?: string) => string ?? "");
}

const spacing = fc.constantFrom("\n", "\r\n", "\r", " ", "\t", "\n    ", "");

test("any document in any layout comes out on one line with the same tokens", () => {
  fc.assert(
    fc.property(fc.jsonValue(), spacing, fc.constantFrom(2, 1, "\t"), (value, around, indent) => {
      const text = `${around}${JSON.stringify({ value }, null, indent).replaceAll("\n", around.includes("\r") ? around : "\n")}${around}`;
      const line = oneLine(text);
      expect(line).not.toMatch(/[\r\n]/);
      expect(tokens(line)).toBe(tokens(text));
    }),
  );
});

test("what has no line break stays as it is, odd spacing and escapes included", () => {
  const text = '{"a" :  "b\\n\\"c\\\\", "d":1.0 }';
  expect(oneLine(text)).toBe(text);
  expect(oneLine(` ${text}\n`)).toBe(text);
});

test("broken tokens are not mended, and a raw break inside a string stays one", () => {
  expect(oneLine("[1\n2]")).toBe("[1 2]");
  expect(oneLine('{"a":"b\nc"}')).toBe('{"a":"b\nc"}');
});
