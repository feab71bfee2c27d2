/** Enterprise browser policy for real: a policy file force-installs the built extension, configures it, and changes it while it runs. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Worker } from "playwright";
import { extensionKey } from "../../extension/build/key.ts";
import { packExtension, serveUpdates, type UpdateServer } from "../browser/crx.ts";
import { findBrowser, type FoundBrowser } from "../browser/find.ts";
import { forceInstall, launchManaged, managedValues, whyNotManaged, type ManagedBrowser } from "../browser/managed.ts";
import { EXTENSION_BUILD } from "../places.ts";

const found = await findBrowser(process.env);
if ("missing" in found) throw new Error(found.missing);
const browserFound: FoundBrowser = found;
const whyNot = whyNotManaged(browserFound);
if (whyNot !== null) console.warn(`SKIPPED e2e/scenarios/managed.test.ts, not possible here: ${whyNot}`);

const key = extensionKey();
let updates: UpdateServer;
let browser: ManagedBrowser;

beforeAll(async () => {
  if (whyNot !== null) return;
  updates = await serveUpdates(await packExtension({ browserPath: browserFound.path, extensionDir: EXTENSION_BUILD, pemFile: key.pemFile, id: key.id }));
  browser = await launchManaged({
    browser: browserFound,
    extensionId: key.id,
    policies: { "install.json": forceInstall(key.id, updates.updateUrl), "settings.json": managedValues(key.id, { orgName: "Example Corp", mode: "monitor" }) },
  });
});

afterAll(async () => {
  await browser?.close();
  await updates?.close();
});

test.skipIf(whyNot !== null)("a policy file installs the built extension, and the person cannot remove it", async () => {
  const worker = await browser.worker();
  const self = await worker.evaluate(() => (globalThis as unknown as ExtensionGlobal).chrome.management.getSelf());
  expect(self).toMatchObject({ id: key.id, installType: "admin", mayDisable: false, enabled: true });
});

test.skipIf(whyNot !== null)("the worker reads its managed configuration, and a key that the schema does not know is dropped", async () => {
  const worker = await browser.worker();
  await managedUntil(worker, "orgName", "Example Corp");
  browser.writePolicy("settings.json", managedValues(key.id, { orgName: "Example Corp", mode: "monitor", supportUrl: "https://help.example/", notInTheSchema: true }));
  const values = await managedUntil(worker, "supportUrl", "https://help.example/");
  expect(values).toEqual({ orgName: "Example Corp", mode: "monitor", supportUrl: "https://help.example/" });
});

test.skipIf(whyNot !== null)("editing and removing policy files reaches the running extension", async () => {
  const worker = await browser.worker();
  browser.writePolicy("settings.json", managedValues(key.id, { mode: "enforce" }));
  expect(await managedUntil(worker, "mode", "enforce")).toEqual({ mode: "enforce" });
  browser.removePolicy("settings.json");
  expect(await managedUntil(worker, "mode", null)).toEqual({});
});

test("the browser refuses a schema that it could not install, so the schema we ship is one it accepts", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-schema-"));
  try {
    cpSync(EXTENSION_BUILD, folder, { recursive: true });
    const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as { storage: { managed_schema: string } };
    const schemaFile = join(folder, manifest.storage.managed_schema);
    const schema = JSON.parse(readFileSync(schemaFile, "utf8")) as object;
    // What schema generators emit by default, and what stops an install for a whole fleet.
    writeFileSync(schemaFile, JSON.stringify({ ...schema, additionalProperties: false }));
    await expect(packExtension({ browserPath: browserFound.path, extensionDir: folder, pemFile: key.pemFile, id: key.id })).rejects.toThrow("additionalProperties");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.skipIf(whyNot !== null)("an install that fails is told in the browser's own words instead of a time-out", async () => {
  const empty = await serveUpdates({ id: "a".repeat(32), version: "1.0", crx: Buffer.from("not a CRX") });
  try {
    await expect(launchManaged({ browser: browserFound, extensionId: "a".repeat(32), policies: { "install.json": forceInstall("a".repeat(32), empty.updateUrl) } })).rejects.toThrow("the browser refused the extension");
  } finally {
    await empty.close();
  }
});

interface ExtensionGlobal {
  readonly chrome: {
    readonly management: { getSelf(): Promise<{ id: string; installType: string; mayDisable: boolean; enabled: boolean }> };
    readonly storage: { readonly managed: { get(): Promise<Record<string, unknown>>; readonly onChanged: { addListener(run: () => void): void } } };
  };
}

/** Resolves with all managed values once the extension sees the wanted one; null waits until the key is gone. Waits on the browser's event, not on time. */
function managedUntil(worker: Worker, name: string, value: string | null): Promise<Record<string, unknown>> {
  return worker.evaluate(
    ([wantedName, wantedValue]) =>
      new Promise<Record<string, unknown>>((resolve) => {
        const { managed } = (globalThis as unknown as ExtensionGlobal).chrome.storage;
        const look = async (): Promise<void> => {
          const values = await managed.get();
          if ((values[wantedName] ?? null) === wantedValue) resolve(values);
        };
        managed.onChanged.addListener(() => void look());
        void look();
      }),
    [name, value] as const,
  );
}
