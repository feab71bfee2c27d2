/** One policy, one message, one answer: in Node, in a page and in a worker of a real browser. */
import process from "node:process";
import fc from "fast-check";
import { chromium, type Browser, type Page } from "playwright";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compile } from "../../shared/policy/compile.ts";
import type { Decision, Facts } from "../../shared/policy/decision.ts";
import type { Policy } from "../../shared/policy/language.ts";
import { facts, policy } from "../../shared/policy/policy.fixture.ts";
import { findBrowser } from "../browser/find.ts";
import { ROOT } from "../places.ts";
import { join } from "node:path";

interface Case {
  readonly written: Policy;
  readonly messages: readonly Facts[];
}
declare const engine: { readonly compile: typeof compile };

let browser: Browser;
let page: Page;
let code: string;

// Counters are not data, and cannot travel: where nobody counts, a rate is not known.
const CASES: Case[] = fc.sample(fc.record({ written: policy, messages: fc.array(facts, { minLength: 5, maxLength: 5 }) }), { numRuns: 100, seed: 4 }).map(({ written, messages }) => ({ written, messages: messages.map((each): Facts => ({ ...each, rate: undefined })) }));
const expected = (): Decision[][] => CASES.map(({ written, messages }) => messages.map(compile(written, "local").decide));
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

beforeAll(async () => {
  const found = await findBrowser(process.env);
  if ("missing" in found) throw new Error(found.missing);
  const built = await build({ configFile: false, logLevel: "error", build: { write: false, minify: false, lib: { entry: join(ROOT, "shared/policy/compile.ts"), formats: ["iife"], name: "engine" } } });
  const output = (Array.isArray(built) ? built[0] : built) as { output: readonly { code?: string }[] };
  code = output.output[0]?.code ?? "";
  browser = await chromium.launch({ executablePath: found.path, chromiumSandbox: process.getuid?.() !== 0 });
  page = await browser.newPage();
  await page.evaluate(`${code}\nglobalThis.engine = engine;`);
});

afterAll(async () => {
  await browser?.close();
});

test("a page decides as Node does", async () => {
  const decisions = await page.evaluate((cases) => cases.map(({ written, messages }) => messages.map(engine.compile(written, "local").decide)), CASES);
  expect(plain(decisions)).toEqual(plain(expected()));
});

test("so does a worker", async () => {
  const decisions = await page.evaluate(
    ([text, cases]) =>
      new Promise((resolve, reject) => {
        const answer = "onmessage = ({ data }) => postMessage(data.map(({ written, messages }) => messages.map(engine.compile(written, 'local').decide)));";
        const worker = new Worker(URL.createObjectURL(new Blob([text, answer], { type: "text/javascript" })));
        worker.addEventListener("message", ({ data }) => resolve(data));
        worker.addEventListener("error", ({ message }) => reject(new Error(message)));
        // A worker has no origin to name.
        // oxlint-disable-next-line unicorn/require-post-message-target-origin
        worker.postMessage(cases);
      }),
    [code, CASES] as const,
  );
  expect(plain(decisions)).toEqual(plain(expected()));
});

test("what every page carries knows no schema library", () => {
  expect(code).not.toMatch(/\bZod|zod\b/);
});
