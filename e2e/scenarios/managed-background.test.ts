/** What the background makes of a real enterprise policy: it never takes a slow start for "unmanaged", the browser's policy wins, a changed file changes the policy in force, an emptied one changes nothing, and tabs that were open before are covered. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { extensionKey } from "../../extension/build/key.ts";
import type { PolicySnapshot, ProtectionState } from "../../shared/messages/extension.ts";
import type { Policy } from "../../shared/policy/language.ts";
import { packExtension, serveUpdates, type UpdateServer } from "../browser/crx.ts";
import { findBrowser, type FoundBrowser } from "../browser/find.ts";
import { forceInstall, launchManaged, managedValues, whyNotManaged, type ManagedBrowser } from "../browser/managed.ts";
import { EXTENSION_BUILD } from "../places.ts";

const found = await findBrowser(process.env);
if ("missing" in found) throw new Error(found.missing);
const browserFound: FoundBrowser = found;
const whyNot = whyNotManaged(browserFound);
if (whyNot !== null) console.warn(`SKIPPED e2e/scenarios/managed-background.test.ts, not possible here: ${whyNot}`);

const key = extensionKey();
let site: Server;
let updates: UpdateServer;
let browser: ManagedBrowser;
let popup: Page;

interface Extension {
  readonly chrome: {
    readonly runtime: { sendMessage(message: unknown): Promise<unknown> };
    readonly storage: { readonly local: { get(key: string): Promise<Record<string, unknown>> } };
  };
}

function acme(revision: number): Policy {
  return { version: 1, id: "acme", title: "Acme policy", revision, mode: "enforce", admission: { default: "block", servers: [] }, rules: [] };
}

function settings(policy: string, more: object = {}): object {
  return managedValues(key.id, { orgName: "Acme", policy, ...more });
}

const state = async (): Promise<ProtectionState> => (await popup.evaluate(() => (globalThis as unknown as Extension).chrome.runtime.sendMessage({ kind: "state" }))) as ProtectionState;
const snapshot = async (): Promise<PolicySnapshot | undefined> => (await popup.evaluate(async () => (await (globalThis as unknown as Extension).chrome.storage.local.get("policy.snapshot"))["policy.snapshot"])) as PolicySnapshot | undefined;

beforeAll(async () => {
  if (whyNot !== null) return;
  site = createServer((_, response) => response.setHeader("content-type", "text/html").end("<!doctype html><title>open before</title>"));
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  updates = await serveUpdates(await packExtension({ browserPath: browserFound.path, extensionDir: EXTENSION_BUILD, pemFile: key.pemFile, id: key.id }));
  browser = await launchManaged({
    browser: browserFound,
    extensionId: key.id,
    startUrl: `http://127.0.0.1:${(site.address() as AddressInfo).port}/`,
    policies: { "install.json": forceInstall(key.id, updates.updateUrl), "settings.json": settings(JSON.stringify(acme(3)), { configVersion: 1 }) },
  });
  popup = await browser.popup();
});

afterAll(async () => {
  await browser?.close();
  await updates?.close();
  site?.close();
});

test.skipIf(whyNot !== null)("a first start is unknown under the baseline until the policy shows, never unmanaged", async () => {
  const seen = new Set<string>();
  await expect
    .poll(
      async () => {
        const { management, policy } = await state();
        seen.add(`${management} ${policy?.source}`);
        return management;
      },
      { timeout: 15_000, interval: 50 },
    )
    .toBe("managed");
  await expect.poll(async () => (await snapshot())?.source).toBe("managed");
  expect([...seen].filter((each) => each.startsWith("unmanaged"))).toEqual([]);
  expect(await state()).toMatchObject({ organization: "Acme", policy: { id: "acme", revision: 3, source: "managed" }, notices: [] });
});

test.skipIf(whyNot !== null)("the tab that was open before the install is covered, and the gap is on record", async () => {
  const gap = await popup.evaluate(
    () =>
      new Promise<string[]>((resolve, reject) => {
        const open = indexedDB.open("sluice");
        open.addEventListener("error", () => reject(open.error));
        open.addEventListener("success", () => {
          const all = open.result.transaction("events").objectStore("events").getAll();
          all.addEventListener("success", () => resolve((all.result as { record: { what?: string; detail?: string } }[]).flatMap(({ record }) => (record.what === "coverage.gap" ? [record.detail ?? ""] : []))));
        });
      }),
  );
  expect(gap).toEqual([expect.stringContaining("1 tab was open before Sluice")]);
});

test.skipIf(whyNot !== null)("a changed policy file changes the policy in force", async () => {
  browser.writePolicy("settings.json", settings(JSON.stringify(acme(4)), { configVersion: 2 }));
  await expect.poll(async () => (await snapshot())?.policy.revision, { timeout: 20_000 }).toBe(4);
});

test.skipIf(whyNot !== null)("a typo inside the policy is refused whole and named", async () => {
  browser.writePolicy("settings.json", settings(JSON.stringify({ ...acme(5), admision: {} }), { configVersion: 3 }));
  await expect.poll(async () => (await state()).rejected?.errors.join(), { timeout: 20_000 }).toMatch(/admision/);
  expect((await snapshot())?.policy.revision).toBe(4);
});

test.skipIf(whyNot !== null)("a broken policy file looks like an empty one to the browser: the last configuration holds, and the popup says so", async () => {
  browser.writePolicy("settings.json", "{ broken");
  await expect.poll(async () => (await state()).notices.join(), { timeout: 20_000 }).toMatch(/became empty/);
  expect(await state()).toMatchObject({ management: "managed", policy: { revision: 4, source: "managed" } });
});
