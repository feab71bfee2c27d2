import fc from "fast-check";
import { expect, test } from "vitest";
import { DOMParser } from "@xmldom/xmldom";
import { parse } from "plist";
import { textFault } from "../ask.ts";
import { plistText } from "./plist.ts";
import { psString } from "./powershell.ts";
import { parseReg, regFileText } from "./registry-read.ts";
import { regBytes, regText, type RegistryValue } from "./registry.ts";
import { importReg } from "./strict-reg.fixture.ts";
import { xmlText } from "./xml.ts";

/** Any text that may stand in a policy, with more of what has a meaning somewhere. */
const value = fc.string({ unit: fc.oneof({ weight: 3, arbitrary: fc.constantFrom('"', "'", "\\", "$", "`", "%", ";", "#", "]", "[", "&", "<", ">", "=", "\u2018", "\u2019", "\u201a", "\u201b", "\u201c", "ü", "日", "🦀", "]]>", "$(calc)", "\\\\", "''") }, { weight: 1, arbitrary: fc.string({ unit: "grapheme" }) }) }).filter((text) => textFault(text) === null);

test("a registry file says exactly what was asked, whatever stands in names and values", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(value.filter((name) => name !== ""), value), { selector: ([name]) => name, maxLength: 6 }), (entries) => {
      const values = new Map(entries.map(([name, text]): [string, RegistryValue] => [name, { kind: "string", value: text }]));
      const bytes = regBytes(regText([{ path: "HKEY_LOCAL_MACHINE\\SOFTWARE\\X", values }]));
      expect(Object.fromEntries(importReg(bytes).get("hkey_local_machine\\software\\x")!)).toEqual(Object.fromEntries(entries));
      const text = regFileText(bytes);
      const own = parseReg(text.ok ? text.value : "");
      expect(own.ok && own.value[0]!.values).toEqual(values);
    }),
  );
});

test("a PowerShell literal ends where it should and means what was asked", () => {
  fc.assert(
    fc.property(value, (text) => {
      expect(readLiteral(psString(text))).toBe(text);
    }),
  );
});

test("XML parsers read what was asked, in attributes and in text", () => {
  fc.assert(
    fc.property(value, (text) => {
      const seen: string[] = [];
      const root = new DOMParser({ onError: (_level, message) => void seen.push(message) }).parseFromString(`<a b="${xmlText(text)}">${xmlText(text)}</a>`, "text/xml").documentElement!;
      expect([root.getAttribute("b"), root.textContent, seen]).toEqual([text, text, []]);
    }),
  );
});

test("a property list says exactly what was asked", () => {
  const json = fc.letrec((tie) => ({
    any: fc.oneof({ depthSize: "small" }, value, fc.boolean(), fc.integer(), fc.array(tie("any"), { maxLength: 4 }), fc.dictionary(value.filter((key) => key !== "__proto__" && key !== ""), tie("any"), { maxKeys: 4 })),
  })).any;
  fc.assert(
    fc.property(json, (tree) => {
      expect(parse(plistText(tree as never))).toEqual(tree);
    }),
  );
});

test.each(["a\nb", "a\r\nb", "a\0b"])("a line break or null is refused everywhere: %j", (text) => {
  expect(textFault(text)).not.toBeNull();
  expect(() => regText([{ path: "HKEY_LOCAL_MACHINE\\X", values: new Map([["a", { kind: "string", value: text }]]) }])).toThrow("line break");
  expect(() => regText([{ path: "HKEY_LOCAL_MACHINE\\X", values: new Map([[text, { kind: "dword", value: 1 }]]) }])).toThrow("line break");
  expect(() => psString(text)).toThrow("line break");
});

test("what no XML can carry is refused, not swallowed", () => {
  expect(() => xmlText("a\0b")).toThrow("control character");
  expect(() => xmlText("a\ud800b")).toThrow("control character");
});

test("a registry key cannot be closed early by its name", () => {
  expect(() => regText([{ path: "HKEY_LOCAL_MACHINE\\X]\r\n[HKEY_LOCAL_MACHINE\\Y", values: new Map() }])).toThrow();
  expect(() => regText([{ path: "HKEY_LOCAL_MACHINE\\X]", values: new Map() }])).toThrow("bracket");
});

/** PowerShell's rule for single quotes: any of its five quotes ends the literal, two in a row stand for one. */
function readLiteral(text: string): string {
  const quote = (char: string | undefined): boolean => char !== undefined && "'\u2018\u2019\u201a\u201b".includes(char);
  if (!quote(text[0])) throw new Error("no literal");
  let out = "";
  for (let at = 1; at < text.length; at += 1) {
    if (quote(text[at])) {
      if (!quote(text[at + 1])) {
        if (at !== text.length - 1) throw new Error(`ended early, with ${text.slice(at + 1)} left`);
        return out;
      }
      at += 1;
    }
    out += text[at]!;
  }
  throw new Error("never ended");
}
