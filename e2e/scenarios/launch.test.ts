/** The test browser itself: it carries the built extension, keeps to this machine, and finds the worker again after a stop. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { extensionKey } from "../../extension/build/key.ts";
import { findBrowser } from "../browser/find.ts";
import { launchProtected } from "../browser/launch.ts";
import type { ProtectedBrowser } from "../browser/protected.ts";
import { EXTENSION_BUILD } from "../places.ts";

let browser: ProtectedBrowser;
const folder = mkdtempSync(join(tmpdir(), "sluice-launch-"));

beforeAll(async () => {
  const found = await findBrowser(process.env);
  if ("missing" in found) throw new Error(found.missing);
  browser = await launchProtected({ browserPath: found.path, extensionDir: EXTENSION_BUILD, userDataDir: folder, headless: true });
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

test("the unpacked copy has the id that browser policy and the host's manifest name", () => {
  expect(browser.extensionId).toBe(extensionKey().id);
});

test("the popup opens as a page of the extension", async () => {
  const popup = await browser.popup();
  expect(new URL(popup.url()).host).toBe(browser.extensionId);
  await popup.close();
});

test("no name but this machine's resolves", async () => {
  const page = await browser.context.newPage();
  await expect(page.goto("http://example.com/")).rejects.toThrow("ERR_NAME_NOT_RESOLVED");
  await page.close();
});

test("a worker that was stopped is found again, newly born", async () => {
  const before = await browser.worker();
  await before.evaluate(() => Object.assign(globalThis, { seenBefore: true }));
  const page = await browser.context.newPage();
  await page.goto(`chrome-extension://${browser.extensionId}/manifest.json`);
  const session = await browser.context.newCDPSession(page);
  const stopped = new Promise<void>((resolve) => {
    session.on("ServiceWorker.workerVersionUpdated", ({ versions }) => {
      if (versions.some((version) => version.runningStatus === "stopped")) resolve();
    });
  });
  await session.send("ServiceWorker.enable");
  await session.send("ServiceWorker.stopAllWorkers");
  await stopped;
  const after = await browser.worker();
  expect(await after.evaluate(() => "seenBefore" in globalThis)).toBe(false);
  await page.close();
});
