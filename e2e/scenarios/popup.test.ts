/** The popup in a real browser: filled through the background's own message path and a stand-in host, then read, walked by keyboard and checked for accessibility, light and dark. */
import { appendFileSync, chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { canonicalJson, policyDigest } from "../../shared/policy/canonical.ts";
import type { Policy } from "../../shared/policy/language.ts";
import type { EventRecord } from "../../shared/events/record.ts";
import { findBrowser } from "../browser/find.ts";
import { extensionIdOf, launchProtected } from "../browser/launch.ts";
import type { ProtectedBrowser } from "../browser/protected.ts";
import { EXTENSION_BUILD, OUTPUT, ROOT } from "../places.ts";
import { browserDay, computerDay, hostileDay } from "./popup.seed.ts";

const SCREENS = join(OUTPUT, "screens");
const AXE = readFileSync(join(ROOT, "node_modules/axe-core/axe.min.js"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "sluice-popup-"));
const script = join(folder, "host.jsonl");

let browser: ProtectedBrowser;
let popup: Page;

/** What the stand-in host says next. */
function hostSays(...messages: readonly object[]): void {
  appendFileSync(script, messages.map((message) => `${JSON.stringify(message)}\n`).join(""));
}

function policyParts(revision: number, parts: number, mode: Policy["mode"] = "enforce"): object[] {
  const policy: Policy = {
    version: 1,
    id: "acme",
    title: "Acme sample policy",
    revision,
    mode,
    support: { name: "Acme IT help desk", url: "https://help.acme.example/ai", text: "Weekdays from 8 to 18, extension 4242." },
    admission: { default: "block", servers: [] },
    rules: [],
  };
  const text = canonicalJson(policy);
  const size = Math.ceil(text.length / parts);
  return Array.from({ length: parts }, (_, part) => ({ kind: "policy", digest: policyDigest(policy), source: "local", part, parts, text: text.slice(part * size, (part + 1) * size) }));
}

async function report(records: readonly EventRecord[]): Promise<unknown> {
  return popup.evaluate((batch) => (globalThis as unknown as { chrome: { runtime: { sendMessage(message: unknown): Promise<unknown> } } }).chrome.runtime.sendMessage({ kind: "records", records: batch }), records);
}

beforeAll(async () => {
  const found = await findBrowser(process.env);
  if ("missing" in found) throw new Error(found.missing);
  mkdirSync(SCREENS, { recursive: true });
  writeFileSync(script, "");
  const profile = join(folder, "profile");
  registerStandIn(profile);
  browser = await launchProtected({ browserPath: found.path, extensionDir: EXTENSION_BUILD, userDataDir: profile, headless: true, env: { ...(process.env as Record<string, string>), SLUICE_STANDIN: script } });
  popup = await browser.context.newPage();
  await popup.setViewportSize({ width: 400, height: 600 });
  await popup.goto(`chrome-extension://${browser.extensionId}/popup.html`);
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Registered for this profile only. */
function registerStandIn(profile: string): void {
  const hosts = join(profile, "NativeMessagingHosts");
  mkdirSync(hosts, { recursive: true });
  const program = join(folder, "host.mjs");
  copyFileSync(join(ROOT, "e2e/scenarios/popup.host.mjs"), program);
  const launcher = join(folder, "host.sh");
  writeFileSync(launcher, `#!/bin/sh\nexec '${process.execPath}' '${program}'\n`);
  chmodSync(launcher, 0o755);
  writeFileSync(join(hosts, "dev.sluice.host.json"), JSON.stringify({ name: "dev.sluice.host", description: "stand-in", path: launcher, type: "stdio", allowed_origins: [`chrome-extension://${extensionIdOf(EXTENSION_BUILD)}/`] }));
}

/** Takes both pictures and reports every violation in either. */
async function checked(name: string, page: Page = popup): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.screenshot({ path: join(SCREENS, `popup-${name}-${colorScheme}.png`) });
    await page.evaluate(AXE);
    const violations = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; help: string; nodes: { html: string }[] }[] }> } };
      return (await axe.run()).violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
    });
    expect(violations, `${name}, ${colorScheme}`).toEqual([]);
  }
}

test("a first look teaches what will stand here", async () => {
  await popup.getByText("Nothing was stopped today.").waitFor();
  await popup.getByText("No MCP servers seen yet.").waitFor();
  await popup.getByRole("heading", { name: "Basic protection" }).waitFor();
  await popup.getByRole("button", { name: "Look for AI apps on this computer" }).waitFor();
  await checked("empty");
});

test("a policy that comes in parts is put in force and named", async () => {
  hostSays(...policyParts(12, 3));
  await popup.getByText("Acme sample policy, revision 12, from your own policy file.").waitFor();
  expect(await popup.getByRole("heading", { name: "Protecting" }).count()).toBe(1);
  const snapshot = await popup.evaluate(async () => (await (globalThis as unknown as { chrome: { storage: { local: { get(key: string): Promise<Record<string, { policy: { revision: number }; source: string }>> } } } }).chrome.storage.local.get("policy.snapshot"))["policy.snapshot"]);
  expect(snapshot).toMatchObject({ source: "local", policy: { revision: 12 } });
});

test("what happened, why and what next is read without a click", async () => {
  const records = browserDay();
  expect(await report(records)).toEqual({ ok: true });
  // A relay that heard no answer sends again: nothing may count twice.
  expect(await report(records)).toEqual({ ok: true });
  hostSays({ kind: "events", records: computerDay() });
  await popup.getByText("delete_notes").waitFor();

  const today = popup.getByRole("region", { name: "Today" });
  expect(await today.locator(".tally").innerText()).toMatch(/^6 blocked\s+2 redacted$/);
  const refund = today.locator("li", { hasText: "Refunds are made by people" }).first();
  expect(await refund.locator("summary").innerText()).toMatch(/Blocked[\s\S]*refund on Customer desk by chat\.example[\s\S]*Refunds are made by people[\s\S]*Open the ticket in the customer desk/);
  const secret = today.locator("li", { hasText: "Secrets never leave this computer" }).first();
  expect(await secret.locator("summary").innerText()).toMatch(/Redacted before sending[\s\S]*AWS access key id[\s\S]*••••X7Q2/);
  expect(await today.locator("li", { hasText: "not on the list" }).first().innerText()).toContain("3×");
  await checked("day");
});

test("the rest stands one press away, with the number to give to support", async () => {
  const refund = popup.locator("details.item", { hasText: "Refunds are made by people" });
  await refund.locator("summary").click();
  expect(await refund.getByRole("link", { name: "Learn more" }).getAttribute("href")).toBe("https://wiki.acme.example/refunds");
  expect(await refund.getByRole("link", { name: "Ask Acme IT help desk" }).getAttribute("href")).toBe("https://help.acme.example/ai");
  expect(await refund.innerText()).toMatch(/App\s+chat\.example[\s\S]*https:\/\/desk\.example\/mcp[\s\S]*How it was decided[\s\S]*Refunds are made by people/);
  await browser.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await refund.getByRole("button", { name: "Copy number" }).click();
  await refund.getByRole("button", { name: "Copied" }).waitFor();
  expect(await popup.evaluate(() => navigator.clipboard.readText())).toMatch(/^[0-9a-f-]{36}$/);
  await checked("why");
  await refund.locator("summary").click();
});

test("servers say where they are, what they hold and why they are risky", async () => {
  const shadow = popup.locator("details.server", { hasText: "tools.unknown.example" });
  expect(await shadow.locator("summary").innerText()).toMatch(/everything-helper[\s\S]*http:\/\/tools\.unknown\.example:8080\/mcp/);
  await shadow.locator("summary").click();
  const open = await shadow.innerText();
  expect(open).toMatch(/Trust \d+ of 100/);
  expect(open).toMatch(/not encrypted/i);
  expect(open).toMatch(/MCP version\s+2025-03-26/);
  await shadow.scrollIntoViewIfNeeded();
  await checked("server");
  await shadow.locator("summary").click();
  const apps = popup.getByRole("list", { name: "Apps that use them" });
  expect(await apps.innerText()).toMatch(/Cursor[\s\S]*2\.4\.1[\s\S]*on this computer/);
  await apps.scrollIntoViewIfNeeded();
  await checked("connected");
});

test("by keyboard alone: every control is reached in reading order, opens, and Escape closes it again", async () => {
  await popup.evaluate(() => scrollTo(0, 0));
  await popup.reload();
  await popup.getByText("delete_notes").waitFor();
  const reached: string[] = [];
  for (let step = 0; step < 40; step++) {
    await popup.keyboard.press("Tab");
    const name = await popup.evaluate(() => (document.activeElement === document.body ? "" : (document.activeElement?.textContent ?? "").slice(0, 40)));
    if (!name) break;
    reached.push(name);
  }
  const order = await popup.evaluate(() => [...document.querySelectorAll("summary, button, a[href]")].filter((element) => element.checkVisibility()).map((element) => (element.textContent ?? "").slice(0, 40)));
  expect(reached.slice(0, order.length)).toEqual(order);

  const first = popup.locator("details.item").first();
  await first.locator("summary").focus();
  await popup.keyboard.press("Enter");
  expect(await first.getAttribute("open")).not.toBeNull();
  await popup.keyboard.press("Tab");
  await popup.keyboard.press("Escape");
  expect(await first.getAttribute("open")).toBeNull();
  expect(await first.locator("summary").evaluate((summary) => summary === document.activeElement)).toBe(true);
  const ring = await first.locator("summary").evaluate((summary) => getComputedStyle(summary).outlineStyle);
  expect(ring).toBe("solid");
});

test("a refused policy shows its exact errors while the old one stays", async () => {
  hostSays({ kind: "policy.rejected", source: "local", errors: ["policy.yaml:14: unknown effect bloc. Did you mean block?", "policy.yaml:20: rules.2.when: must not be empty"] });
  await popup.getByRole("heading", { name: "Protecting, with a problem" }).waitFor();
  expect(await popup.getByRole("alert").innerText()).toMatch(/refused[\s\S]*policy\.yaml:14: unknown effect bloc[\s\S]*policy\.yaml:20/);
  await popup.getByText("Acme sample policy, revision 12, from your own policy file.").waitFor();
  await popup.evaluate(() => scrollTo(0, 0));
  await checked("rejected");
  hostSays(...policyParts(13, 2, "monitor"));
  await popup.getByRole("heading", { name: "Watching only" }).waitFor();
  expect(await popup.getByRole("alert").count()).toBe(0);
});

// threat: hostile-names
test("names that a stranger chose stay text and inside the frame", async () => {
  await report(hostileDay());
  await popup.locator("details.server", { hasText: "evil.example" }).waitFor();
  await popup.evaluate(() => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
  expect(await popup.title()).toBe("Sluice");
  expect(await popup.locator("main img, main script, main b").count()).toBe(0);
  expect(await popup.locator('a[href^="javascript"]').count()).toBe(0);
  const overflow = await popup.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(overflow).toBe(0);
  await popup.evaluate(() => scrollTo(0, 0));
  await checked("hostile");
});

test("opened as a page it uses the room", async () => {
  const page = await browser.context.newPage();
  await page.setViewportSize({ width: 1000, height: 900 });
  await page.goto(`chrome-extension://${browser.extensionId}/popup.html`);
  await page.getByText("delete_notes").waitFor();
  await checked("page", page);
  await page.close();
});

test("the toolbar tells the same story", async () => {
  const badge = await popup.evaluate(async () => {
    const { action } = (globalThis as unknown as { chrome: { action: { getBadgeText(of: object): Promise<string>; getTitle(of: object): Promise<string> } } }).chrome;
    return [await action.getBadgeText({}), await action.getTitle({})];
  });
  expect(badge[1]).toMatch(/^Sluice: watching only\. Today: 7 blocked, 2 redacted\.$/);
});

test("every record of the browser reached the host, each once", async () => {
  await expect.poll(() => heard("refund")).toBe(1);
  expect(heard("delete_notes")).toBe(0);
});

/** How often the host heard of this tool. */
function heard(tool: string): number {
  if (!existsSync(`${script}.heard`)) return 0;
  const messages = readFileSync(`${script}.heard`, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line) as { kind: string; records?: { tool?: string; decision?: { effect: string } }[] });
  return messages.flatMap((message) => message.records ?? []).filter((record) => record.tool === tool && record.decision?.effect === "block").length;
}

test("when the host stops, the popup says so, protection stays, and the line comes back", async () => {
  writeFileSync(`${script}.stop`, "");
  await popup.getByText("Host program not connected.").waitFor();
  expect(await popup.getByText("Acme sample policy, revision 13, from your own policy file.").count()).toBe(1);
  await popup.evaluate(() => scrollTo(0, 0));
  await checked("no-host");
  rmSync(`${script}.stop`);
  await expect.poll(() => popup.getByText("Host program not connected.").count(), { timeout: 60_000 }).toBe(0);
});
