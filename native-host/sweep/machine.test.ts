/** The sweep with the machine, the sweep without it, and a search that uses neither: the same places in every text. */
import { afterAll, expect, test } from "vitest";
import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { OVERLAP, PIECE } from "../../shared/inspect/data/kernel/layout.ts";
import { useMachine } from "../../shared/inspect/data/kernel/machine.ts";
import { ESCAPE_STARTS, readSets } from "../../shared/inspect/data/kernel/seeds.ts";
import type { Samples } from "../../shared/inspect/data/detectors/samples.ts";
import { holdsEscape } from "../../shared/inspect/data/decode.ts";
import { buildPrefilter } from "../../shared/inspect/data/prefilter.ts";
import { DETECTORS } from "../../shared/inspect/data/registry.ts";
import { scan } from "../../shared/inspect/data/scan.ts";
import { makeMachine } from "./machine.ts";
import { MACHINE_CODE } from "./machine-code.ts";
import { assemble } from "./program.ts";

const prefilter = buildPrefilter(DETECTORS);
const ANCHORS = [...new Set(DETECTORS.flatMap(({ anchors }) => anchors))];
const TRIGGERS = DETECTORS.flatMap(({ trigger }) => trigger ?? []);

afterAll(() => useMachine(null));

function placesWith(machine: boolean, text: string): { ascii: boolean; places: Record<string, readonly number[]> } {
  useMachine(machine ? makeMachine : null);
  const { ascii, places } = prefilter.sweep(text);
  return { ascii, places: Object.fromEntries(Array.from(places, ([index, list]) => [DETECTORS[index]!.id, list])) };
}

/** Every anchor tried at every place, every trigger run over everything. */
function searched(text: string): ReturnType<typeof placesWith> {
  const places: Record<string, number[]> = {};
  for (const { id, anchors, trigger } of DETECTORS) {
    const at = new Set<number>();
    const lower = [...text].flatMap((char) => (char.length === 1 && char.toLowerCase().length === 1 ? [char.toLowerCase()] : char.split(""))).join("");
    for (const anchor of anchors) for (let from = lower.indexOf(anchor); from >= 0; from = lower.indexOf(anchor, from + 1)) at.add(from);
    if (trigger) for (const { index } of text.matchAll(trigger)) at.add(index);
    if (at.size > 0) places[id] = [...at].sort((a, b) => a - b);
  }
  return { ascii: !/[^\0-\x7f]/.test(text), places };
}

/** The pattern without what it looks back at or rules out, and with what it looks ahead at: what it matches begins like a match of the whole. */
const shapes = TRIGGERS.map((trigger) => fc.stringMatching(new RegExp(trigger.source.replace(/\(\?(?:<=|<!|!)(?:\[[^\]]*\]|\((?:[^()]|\([^()]*\))*\)|[^()[\]])*\)/g, "").replaceAll("(?=", "(?:"))));
const anyCase = fc.constantFrom(...ANCHORS).chain((anchor) => fc.tuple(...[...anchor].map((char) => fc.constantFrom(char, char.toUpperCase(), ...(char === "k" ? ["\u212a"] : [])))).map((chars) => chars.join("")));
const noise = fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: "binary", maxLength: 6 }), fc.constantFrom("4111 1111 1111 1111", "DE12 3456", " 212-555-0142 ", ".abcdef.", "é", "日本", "😀", "\ud83d", "İ", "ſ", "\u212a"));
const text = fc.array(fc.oneof(anyCase, noise, ...shapes), { maxLength: 40 }).map((parts) => parts.join(""));

test("the machine finds what the plain loop finds, and both what a search finds", () => {
  fc.assert(
    fc.property(text, fc.constantFrom("", "x".repeat(200)), (body, padding) => {
      const whole = body + padding;
      const expected = searched(whole);
      expect(placesWith(false, whole)).toEqual(expected);
      expect(placesWith(true, whole)).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test("nothing is lost where one piece ends and the next begins", () => {
  const filler = fc.constantFrom("a", "é", "日", " ");
  fc.assert(
    fc.property(text, filler, fc.integer({ min: -60, max: OVERLAP + 2 }), fc.constantFrom(1, 2), (body, fill, shift, pieces) => {
      const whole = fill.repeat(pieces * PIECE + shift) + body + fill.repeat(40);
      expect(placesWith(true, whole)).toEqual(searched(whole));
    }),
    { numRuns: 40 },
  );
});

test("whatever a trigger matches begins as the trigger declares", () => {
  const declared = DETECTORS.filter(({ trigger, starts }) => trigger && starts);
  expect(declared.length).toBeGreaterThan(0);
  for (const { trigger, starts } of declared) {
    const sets = starts!.map(readSets);
    fc.assert(
      fc.property(shapes[TRIGGERS.indexOf(trigger!)]!, (match) => {
        const at = match.search(trigger!);
        fc.pre(at >= 0);
        expect(sets.some((one) => one.every((set, i) => set.includes(match.charCodeAt(at + i))))).toBe(true);
      }),
    );
  }
});

test("whatever the scan reads as an escape begins as the sweep expects", () => {
  const ends = ["", ";", "1;", "41;", "t;", "p;", "mp;", "uot;", "ot;", "os;", "pos;", "sp;", "bsp;", "1", "041", "41}", "1}", "}", "%80", "%c3%a9", "9%a9"];
  let escapes = 0;
  for (const first of "%&\\") {
    for (let second = 0; second < 128; second++) {
      for (let third = 0; third < 128; third++) {
        const begin = first + String.fromCharCode(second, third);
        for (const end of ends) {
          const text = begin + end;
          if (!holdsEscape(text, 0)) continue;
          escapes++;
          expect(ESCAPE_STARTS.some((sets) => sets.every((set, i) => set.includes(text.charCodeAt(i)))), text).toBe(true);
        }
      }
    }
  }
  expect(escapes).toBeGreaterThan(1000);
});

test("the machine's code is what its program says", () => {
  expect(MACHINE_CODE, "run: node native-host/sweep/build.ts").toBe(Buffer.from(assemble()).toString("base64"));
  expect(readFileSync(new URL("machine-code.ts", import.meta.url), "utf8").length).toBeLessThan(10_000);
});

const families = await Promise.all(readdirSync(new URL("../../shared/inspect/data/detectors", import.meta.url)).filter((name) => name.endsWith(".samples.ts")).map(async (name) => (await import(`../../shared/inspect/data/detectors/${name.replace(/\.ts$/, "")}.ts`)) as { samples: Samples }));
const ENCODINGS: Readonly<Record<string, (text: string) => string>> = {
  plain: (value) => value,
  percent: (value) => [...Buffer.from(value)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  base64: (value) => Buffer.from(value).toString("base64"),
  hex: (value) => Buffer.from(value).toString("hex"),
  html: (value) => [...value].map((char) => `&#${char.codePointAt(0)!};`).join(""),
  "full width": (value) => value.replace(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0)),
  escapes: (value) => [...value].map((char) => `\\u{${char.codePointAt(0)!.toString(16)}}`).join(""),
};

test("a scan with the machine finds what a scan without it finds, whatever the encoding and wherever it stands", () => {
  const samples = families.flatMap(({ samples: { match } }) => match);
  expect(samples.length).toBeGreaterThan(50);
  const place = fc.record({ sample: fc.constantFrom(...samples), encoding: fc.constantFrom(...Object.keys(ENCODINGS)), before: fc.constantFrom(0, 1, 7, 100, PIECE - 40, PIECE - 3), fill: fc.constantFrom("word ", "é ", "x=1; ") });
  let found = 0;
  fc.assert(
    fc.property(place, ({ sample, encoding, before, fill }) => {
      const whole = `${fill.repeat(Math.ceil(before / fill.length)).slice(0, before)} ${ENCODINGS[encoding]!(sample.text)} ${fill.repeat(30)}`;
      const context = sample.key === undefined ? {} : { key: sample.key };
      useMachine(null);
      const without = scan(whole, context);
      useMachine(makeMachine);
      expect(scan(whole, context)).toEqual(without);
      found += without.matches.length;
    }),
    { numRuns: 150 },
  );
  expect(found).toBeGreaterThan(0);
});
