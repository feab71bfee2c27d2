/** Every SDK mode against real servers through the real extension: what is allowed is the same to the byte at both ends, what is judged keeps its form. */
import { Buffer } from "node:buffer";
import type { Page } from "playwright";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { findBrowser } from "../browser/find.ts";
import { openStage, type Stage } from "../stage.ts";
import { until } from "../until.ts";
import type {} from "../workbench/page/hooks.ts";
import type { CallOutcome } from "../workbench/page/state.ts";
import { requestText, responseBytes, type Exchange } from "../workbench/witness.ts";
import { reportBrake } from "./report-brake.ts";

const found = await findBrowser(process.env);
if ("missing" in found) throw new Error(found.missing);
const { path: browserPath } = found;

const brake = reportBrake();
let stage: Stage;
let page: Page;
beforeAll(async () => {
  stage = await openStage({ browserPath, headless: true, beforePart: brake.beforePart });
  page = stage.page;
});
afterAll(() => stage?.close());
beforeEach(() => brake.release());

const lastSeq = (): number => stage.workbench.witness().at(-1)?.seq ?? 0;
const posts = (since: number): Exchange[] => stage.workbench.witness(since).filter((exchange) => exchange.method === "POST");
const call = (server: string, tool: string, args: Record<string, unknown> = {}): Promise<CallOutcome> => page.evaluate(([a, b, c]) => window.workbench.call(a, b, c), [server, tool, args] as const);
const seenBytes = (outcome: CallOutcome): Buffer => Buffer.concat(outcome.exchanges.map((exchange) => Buffer.from(exchange.bytes, "base64")));

/** A token in a live format, built here and opening nothing. */
const token = (): string => ["ghp", "Zx9Yw8Vu7Ts6".repeat(3)].join("_");

const MODES = [
  ["v1", "2025-11-25", false],
  ["v2-legacy", "2025-11-25", false],
  ["v2-auto", "2026-07-28", true],
] as const;

describe.each(MODES)("SDK %s", (sdk, deskVersion, modern) => {
  beforeAll(async () => {
    const versions = await page.evaluate(async (chosen) => {
      const seen: string[] = [];
      for (const server of ["desk", "everything"]) {
        const outcome = await window.workbench.connect(server, chosen);
        seen.push(outcome.kind === "connected" ? `${outcome.facts.protocolVersion} ${outcome.facts.tools.length > 3}` : outcome.error.message);
      }
      return seen;
    }, sdk);
    // The reference server speaks the legacy era only.
    expect(versions).toEqual([`${deskVersion} true`, "2025-11-25 true"]);
  });

  test.each([
    ["desk", "desk_hours", {}, "Monday to Friday"],
    ["everything", "echo", { message: "grüße 😀 \u2028 1.0" }, "Echo: grüße 😀"],
  ] as const)("%s: an allowed call is the same at both ends, byte for byte", async (server, tool, args, words) => {
    const before = lastSeq();
    const outcome = await call(server, tool, args);
    expect(JSON.stringify(outcome)).toContain(words);
    const [sent] = posts(before);
    const seen = outcome.exchanges.filter((exchange) => exchange.method === "POST");
    expect(seen.map((exchange) => exchange.requestBody)).toEqual([requestText(sent!)]);
    expect(seenBytes(outcome).equals(responseBytes(sent!))).toBe(true);
    // An HTTP header line of ours would give Sluice away and could break a strict server.
    expect(Object.keys(sent!.requestHeaders).filter((name) => /sluice/i.test(name))).toEqual([]);
  });

  test("a secret is out before the desk receives it, the rest of the message stays", async () => {
    const before = lastSeq();
    const secret = token();
    const outcome = await call("desk", "add_note", { id: "c-1002", text: `Ключ "deploy": ${secret}\n– danke` });
    expect(outcome).toMatchObject({ kind: "result" });
    const [sent] = posts(before);
    const [seen] = outcome.exchanges;
    expect(requestText(sent!)).not.toContain(secret);
    const [head, tail] = seen!.requestBody!.split(secret) as [string, string];
    expect(requestText(sent!).startsWith(head)).toBe(true);
    expect(requestText(sent!).endsWith(tail)).toBe(true);
    expect(sent!.requestHeaders["content-type"]).toBe("application/json");
    expect(stage.workbench.desk.notes.at(-1)?.text).toMatch(/^Ключ "deploy": \[redacted [^\]]+\]\n– danke$/);
  });

  test("personal data is out before the page sees it: text and structured result alike", async () => {
    const before = lastSeq();
    const outcome = await call("desk", "get_customer", { id: "c-1001" });
    expect(responseBytes(posts(before)[0]!).toString()).toContain("4242 4242 4242 4242");
    expect(seenBytes(outcome).toString() + JSON.stringify(outcome)).not.toMatch(/ada\.quillfeather@|4242 4242|7946 0018|WEST 1234/);
    expect(outcome).toMatchObject({ kind: "result", result: { structuredContent: { name: "Ada Quillfeather", card: expect.stringMatching(/•.*4242$/) as string } } });
  });

  test("a streamed report arrives part by part while it runs, each part redacted", async () => {
    const before = lastSeq();
    const { reached, go } = brake.stopBefore(3);
    const running = call("desk", "export_report", { partSize: 3 });
    await reached;
    // The third part is not made yet, the stream is open: the first two must be on the page.
    const card = page.getByRole("article", { name: /export_report/ }).last();
    await card.getByText("Part 2 of 3").waitFor();
    expect(await card.getAttribute("data-state")).toBe("running");
    expect(posts(before)[0]!.state).toBe("open");
    expect(await card.innerText()).not.toContain("@");
    go();
    const outcome = await running;
    expect(outcome.steps.map((step) => step.kind)).toEqual(["progress", "log", "progress", "log", "progress", "log"]);
    expect(outcome.exchanges[0]?.contentType).toContain("text/event-stream");
    const sent = responseBytes(posts(before)[0]!).toString();
    expect(sent).toContain("ada.quillfeather@example.com");
    expect(seenBytes(outcome).toString()).not.toMatch(/@(example|aldermatt|marchetti|bosbloemen)/);
    // Event by event the same, but for what was taken out.
    const shape = (text: string): string[] => text.split("\n").map((line) => (line.startsWith("data:") ? "data" : line));
    expect(shape(seenBytes(outcome).toString())).toEqual(shape(sent));
  });

  test("a forbidden tool is refused in the era's own form, readable on the page", async () => {
    const before = lastSeq();
    const outcome = await call("desk", "delete_customer", { id: "c-1003" });
    expect(outcome).toMatchObject({ kind: "result", result: { isError: true, content: [{ type: "text", text: expect.stringContaining("Open a ticket instead") as string }] } });
    const wire = JSON.parse(seenBytes(outcome).toString()) as { result: { resultType?: string } };
    expect(wire.result.resultType).toBe(modern ? "complete" : undefined);
    await page.getByRole("article", { name: /delete_customer/ }).last().getByText("Open a ticket instead").waitFor();
    expect(posts(before)).toEqual([]);
    expect(stage.workbench.desk.customers.has("c-1003")).toBe(true);
  });

  test("a server that is not listed is refused before it hears anything, readable on the page", async () => {
    const before = lastSeq();
    const outcome = await page.evaluate(async (chosen) => window.workbench.connect("rogue", chosen), sdk);
    expect(outcome).toMatchObject({ kind: "failed", error: { message: expect.stringContaining("Only listed servers may be used") as string } });
    expect(stage.workbench.witness(before).filter((exchange) => exchange.mount === "rogue")).toEqual([]);
    await page.getByRole("navigation").getByRole("alert").getByText("Blocked by Sluice").waitFor();
  });

  test("twenty calls at once: every answer belongs to its question", async () => {
    const answers = await page.evaluate(async () => {
      const calls = Array.from({ length: 20 }, (_, i) => (i % 2 ? window.workbench.call("everything", "echo", { message: `number ${i}` }) : window.workbench.call("desk", "get_customer", { id: `c-100${1 + (i % 8)}` })));
      return (await Promise.all(calls)).map((outcome) => (outcome.kind === "result" ? outcome.result.content[0]?.text : outcome.error.message));
    });
    const names = ["Ada Quillfeather", "Celestine Okwuosa", "Eulalie Marchetti", "Greta van Houten-Bos"];
    for (const [i, answer] of answers.entries()) {
      if (i % 2) expect(answer).toBe(`Echo: number ${i}`);
      else expect(answer).toContain(names[(i % 8) / 2]);
      expect(answer).not.toMatch(/@|4242 4242/);
    }
  });

  test("leaving in the middle of a stream reaches the server", async () => {
    const before = lastSeq();
    const { reached, go } = brake.stopBefore(2);
    const running = call("desk", "export_report", { partSize: 4 });
    await reached;
    await page.evaluate(() => window.workbench.disconnect("desk"));
    // The legacy era ends its session, and the server then its streams; the modern one hangs up.
    await until("the stream is over at the server", () => posts(before).find((exchange) => requestText(exchange).includes("export_report"))?.state === (modern ? "torn" : "ended"));
    go();
    expect(await running).toMatchObject({ kind: "error" });
    await page.evaluate(async (chosen) => void (await window.workbench.connect("desk", chosen)), sdk);
    expect(JSON.stringify(await call("desk", "desk_hours"))).toContain("Monday");
  });
});
