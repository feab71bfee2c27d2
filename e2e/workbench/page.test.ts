/** The chat page in a real Chromium: every SDK against every server, every turn, what a person sees of errors, and accessibility. */
import axe from "axe-core";
import { Buffer } from "node:buffer";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type {} from "./page/hooks.ts";
import { startWorkbench, type Workbench } from "./server.ts";
import { requestText, responseBytes } from "./witness.ts";

const SCREENS = join(import.meta.dirname, "..", "..", ".output", "screens");

let workbench: Workbench;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  mkdirSync(SCREENS, { recursive: true });
  [workbench, browser] = await Promise.all([startWorkbench({ beforePart: async () => undefined }), chromium.launch({ executablePath: process.env["SLUICE_BROWSER"] ?? "/usr/bin/chromium", args: ["--no-sandbox"] })]);
});
afterAll(async () => {
  await browser.close();
  await workbench.close();
});

beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1360, height: 860 } });
  complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(workbench.url);
});
afterEach(async () => {
  await page.close();
  workbench.clearWitness();
});

interface AxeResult { violations: { id: string; nodes: { target: unknown; failureSummary?: string }[] }[] }

async function axeProblems(): Promise<string[]> {
  // Evaluated by the debugger, so the page's content security policy stays as it is.
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate("axe.run()")) as AxeResult;
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${JSON.stringify(node.target)} ${node.failureSummary ?? ""}`));
}

describe.each([
  ["v1", "2025-11-25", "2025-11-25"],
  ["v2-legacy", "2025-11-25", "2025-11-25"],
  ["v2-auto", "2026-07-28", "2025-11-25"],
] as const)("SDK %s", (sdk, deskEra, everythingEra) => {
  test("connects to every server, calls, and complains of nothing", async () => {
    const versions = await page.evaluate(async (chosen) => {
      const found: string[] = [];
      for (const server of ["desk", "rogue", "everything"]) {
        const outcome = await window.workbench.connect(server, chosen);
        found.push(outcome.kind === "connected" ? outcome.facts.protocolVersion : outcome.error.message);
      }
      return found;
    }, sdk);
    expect(versions).toEqual([deskEra, deskEra, everythingEra]);

    const record = await page.evaluate(() => window.workbench.call("desk", "get_customer", { id: "c-1001" }));
    expect(record).toMatchObject({ kind: "result", result: { structuredContent: { card: "4242 4242 4242 4242" } } });
    expect(await page.evaluate(() => window.workbench.call("everything", "echo", { message: "hi" }))).toMatchObject({ kind: "result", result: { content: [{ text: "Echo: hi" }] } });
    // The probe of the modern era is answered with an error by a legacy server: Chromium reports every 4xx.
    const expected = sdk === "v2-auto" ? [expect.stringMatching(/400.*everything\/mcp/)] : [];
    expect(complaints).toEqual(expected);
  });

  test("the page sees the server's bytes, the server sees the page's", async () => {
    const { call } = await page.evaluate(async (chosen) => {
      await window.workbench.connect("desk", chosen);
      return { call: await window.workbench.call("desk", "export_report", { partSize: 3 }) };
    }, sdk);
    expect(call.exchanges).toHaveLength(1);
    const [seen] = call.exchanges;
    expect(seen?.contentType).toContain("text/event-stream");
    expect(call.steps.filter((step) => step.kind === "progress")).toHaveLength(3);
    expect(call.steps.filter((step) => step.kind === "log")).toHaveLength(3);
    const served = workbench.witness().find((exchange) => requestText(exchange).includes("export_report"));
    expect(seen?.bytes).toBe(responseBytes(served!).toString("base64"));
    expect(seen?.requestBody).toBe(requestText(served!));
  });
});

test("a turn connects by itself, shows the call and sums up", async () => {
  await page.getByRole("button", { name: "Look up customer Ada" }).click();
  await expect.poll(() => page.getByRole("log").innerText()).toContain("This is who I found at the desk.");
  const card = page.getByRole("article", { name: "find_customer on Customer Desk" });
  expect(await card.getAttribute("data-state")).toBe("done");
  expect(await card.innerText()).toContain("ada.quillfeather@example.com");
});

test("the note turn sends a live-format token, new each time", async () => {
  const [first, second] = await page.evaluate(async () => [await window.workbench.turn("note"), await window.workbench.turn("note")] as const);
  expect(first.secret).toMatch(/^ghp_[0-9A-Za-z]{36}$/);
  expect(second.secret).not.toBe(first.secret);
  expect(workbench.desk.notes.at(-1)?.text).toContain(second.secret);
});

test("a typed sentence starts its turn, an unknown one is answered honestly", async () => {
  const message = page.getByRole("textbox", { name: "Message" });
  await message.fill("please export the report");
  await message.press("Enter");
  await expect.poll(() => page.getByRole("log").innerText()).toContain("The report is complete.");
  expect(await page.getByRole("article", { name: /export_report/ }).innerText()).toContain("Part 4 of 4");
  await message.fill("what is the weather?");
  await message.press("Enter");
  await expect.poll(() => page.getByRole("log").innerText()).toContain("There is no model behind me");
});

test("the tool panel calls any tool, by keyboard alone, and says what is wrong with bad JSON", async () => {
  await page.getByRole("button", { name: "Connect Customer Desk" }).press("Enter");
  const args = page.getByLabel("Arguments (JSON)");
  await expect.poll(async () => JSON.parse(await args.inputValue()) as unknown).toEqual({ query: "" });
  await page.getByLabel("Tool", { exact: true }).selectOption("get_document");
  expect(JSON.parse(await args.inputValue())).toEqual({ id: "" });
  await args.fill("{ id: d-77 }");
  await page.getByRole("button", { name: "Call get_document" }).press("Enter");
  await expect.poll(() => page.locator("#panel-fault").innerText()).not.toBe("");
  await args.fill('{"id":"d-77"}');
  await page.getByRole("button", { name: "Call get_document" }).press("Enter");
  await expect.poll(() => page.getByRole("log").innerText()).toContain("CONFIDENTIAL");
});

describe("a refusal is readable in the page", () => {
  // What stands between page and server will answer like this; here the network layer plays that part.
  const REASON = "Blocked by your organization: deleting customers is not allowed here.\nAsk the security desk for help.";

  test("a result with isError", async () => {
    await page.route("**/desk/mcp", async (route) => {
      const sent = JSON.parse(route.request().postData() ?? "{}") as { id?: number; method?: string };
      if (sent.method !== "tools/call") return route.fallback();
      return route.fulfill({ json: { jsonrpc: "2.0", id: sent.id, result: { content: [{ type: "text", text: REASON }], isError: true } } });
    });
    const outcome = await page.evaluate(() => window.workbench.turn("delete"));
    expect(outcome).toMatchObject({ kind: "called", call: { kind: "result", result: { isError: true } } });
    expect(await page.getByRole("article", { name: /delete_customer/ }).getByRole("alert").innerText()).toBe(REASON);
    expect(await axeProblems()).toEqual([]);
    await page.screenshot({ path: join(SCREENS, "workbench-refused.png") });
    expect(workbench.desk.customers.has("c-1004")).toBe(true);
  });

  test.each(["v1", "v2-legacy", "v2-auto"] as const)("an error in place of the handshake, %s", async (sdk) => {
    await page.route("**/rogue/mcp", (route) => {
      const sent = JSON.parse(route.request().postData() ?? "{}") as { id?: number };
      return route.fulfill({ json: { jsonrpc: "2.0", id: sent.id, error: { code: 4030, message: "Shady Exports is not on the list of allowed servers." } } });
    });
    const outcome = await page.evaluate(async (chosen) => {
      await window.workbench.connect("rogue", chosen);
      return window.workbench.turn("rogue");
    }, sdk);
    expect(outcome).toMatchObject({ kind: "not-connected", error: { message: expect.stringContaining("not on the list of allowed servers") as string } });
    await expect.poll(() => page.getByRole("article", { name: "Shady Exports could not be connected" }).innerText()).toContain("not on the list of allowed servers");
    expect(await page.getByRole("navigation").getByRole("alert").innerText()).toContain("Not connected.");
  });

  test("a failed fetch", async () => {
    await page.route("**/rogue/mcp", (route) => route.abort("blockedbyclient"));
    await page.evaluate(() => window.workbench.turn("rogue"));
    await expect.poll(() => page.getByRole("log").innerText()).toContain("Failed to fetch");
  });
});

describe("bad servers", () => {
  test("a 20 MB result arrives whole and does not freeze the page", async () => {
    const length = await page.evaluate(async () => {
      await window.workbench.connect("/bad/huge/mcp", "v2-auto");
      const outcome = await window.workbench.call("/bad/huge/mcp", "misbehave");
      return outcome.kind === "result" ? outcome.result.content[0]?.text?.length : outcome.error.message;
    });
    expect(length).toBeGreaterThan(20 * 1024 * 1024);
    expect(await page.getByRole("article", { name: /misbehave/ }).innerText()).toContain("more characters");
  });

  test.each(["broken-json", "html", "plain", "cut"])("%s ends in an error that the page shows", async (fault) => {
    const outcome = await page.evaluate(async (path) => {
      await window.workbench.connect(path, "v1");
      return window.workbench.call(path, "misbehave");
    }, `/bad/${fault}/mcp`);
    expect(outcome.kind).toBe("error");
    expect(await page.getByRole("article", { name: /misbehave/ }).getByRole("alert").innerText()).not.toBe("");
  });

  test("rawFetch leaves an endless stream after the asked amount", async () => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "subscriptions/listen", params: {} });
    const outcome = await page.evaluate((text) => window.workbench.rawFetch("/bad/endless/mcp", { method: "POST", body: text, stopAfterBytes: 200 }), body);
    expect(outcome).toMatchObject({ kind: "response", complete: false, text: expect.stringContaining("ines.kettering") as string });
    await expect.poll(() => workbench.witness().at(-1)?.state).toBe("torn");
    if (outcome.kind === "response") expect(responseBytes(workbench.witness().at(-1)!).subarray(0, 200).equals(Buffer.from(outcome.bytes, "base64").subarray(0, 200))).toBe(true);
  });
});

describe.each(["light", "dark"] as const)("%s", (colorScheme) => {
  beforeEach(() => page.emulateMedia({ colorScheme }));

  test("is accessible when empty", async () => {
    expect(await axeProblems()).toEqual([]);
    await page.screenshot({ path: join(SCREENS, `workbench-empty-${colorScheme}.png`) });
  });

  test("is accessible in a full conversation", async () => {
    await page.evaluate(async () => {
      await window.workbench.connect("desk", "v2-auto");
      await window.workbench.connect("/bad/nonesuch/mcp", "v1");
      await window.workbench.turn("lookup");
      await window.workbench.turn("note");
      await window.workbench.turn("export");
      await window.workbench.call("desk", "get_customer", { id: "c-9" });
      await window.workbench.turn("rogue");
    });
    expect(await axeProblems()).toEqual([]);
    await page.screenshot({ path: join(SCREENS, `workbench-full-${colorScheme}.png`) });
    await page.getByRole("log").evaluate((log) => log.scrollTo(0, 0));
    await page.screenshot({ path: join(SCREENS, `workbench-top-${colorScheme}.png`) });
  });

  test("is accessible on a narrow screen", async () => {
    await page.setViewportSize({ width: 420, height: 900 });
    await page.evaluate(() => window.workbench.turn("lookup"));
    expect(await axeProblems()).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(420);
    await page.screenshot({ path: join(SCREENS, `workbench-narrow-${colorScheme}.png`) });
  });
});
