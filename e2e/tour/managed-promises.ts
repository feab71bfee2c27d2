/** The promises for enterprise browser policy: a real policy file installs the extension, its policy wins over the person's own file, and changing it changes the next decision. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright";
import { extensionKey } from "../../extension/build/key.ts";
import { registerForProfile } from "../../native-host/install/profile.ts";
import { readPolicy } from "../../native-host/policy/read.ts";
import { SNAPSHOT_KEY, type PolicySnapshot } from "../../shared/messages/extension.ts";
import type { Policy } from "../../shared/policy/language.ts";
import { packExtension, serveUpdates, type UpdateServer } from "../browser/crx.ts";
import type { FoundBrowser } from "../browser/find.ts";
import { forceInstall, launchManaged, managedValues, type ManagedBrowser } from "../browser/managed.ts";
import { EXTENSION_BUILD } from "../places.ts";
import { HOST_BUNDLE, SAMPLE_POLICY } from "../stage.ts";
import { until } from "../until.ts";
import type {} from "../workbench/page/hooks.ts";
import { startWorkbench, type Workbench } from "../workbench/server.ts";
import { hold } from "./promise.ts";

export interface ManagedStage {
  readonly browser: ManagedBrowser;
  readonly page: Page;
  readonly workbench: Workbench;
  snapshot(): Promise<PolicySnapshot | undefined>;
  /** Hands this policy to the extension through the browser's policy file. */
  hand(policy: Policy): void;
  close(): Promise<void>;
}

const KEY = extensionKey();
const SETTINGS = "settings.json";

function settings(policy: Policy): object {
  return managedValues(KEY.id, { orgName: "Acme", configVersion: policy.revision, policy: JSON.stringify(policy) });
}

export async function samplePolicy(): Promise<Policy> {
  const read = await readPolicy(readFileSync(SAMPLE_POLICY, "utf8"), SAMPLE_POLICY);
  if (!read.ok) throw new Error("the sample policy is broken");
  return read.value;
}

/** The organization's policy: the sample under another name, in which the desk's opening hours may be asked. */
export async function organizationPolicy(revision: number, hoursBlocked: boolean): Promise<Policy> {
  const sample = await samplePolicy();
  const servers = sample.admission.servers.map((entry) => (entry.id === "customer-desk" && hoursBlocked ? { ...entry, tools: [...(entry.tools ?? []), { name: "desk_hours", effect: "block" as const, message: "The desk is closed this week." }] } : entry));
  return { ...sample, id: "acme", title: "Acme policy", revision, admission: { ...sample.admission, servers } };
}

/** A managed browser whose person also has an own policy file, one that would allow everything. */
export async function openManagedStage(browser: FoundBrowser): Promise<ManagedStage> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-managed-stage-"));
  const home = join(folder, "home");
  const userDataDir = join(folder, "profile");
  mkdirSync(home, { recursive: true, mode: 0o700 });
  writeFileSync(join(home, "policy.yaml"), "version: 1\nid: loose\nrevision: 1\nmode: monitor\nadmission: { default: allow, servers: [] }\nrules: []\n", { mode: 0o600 });
  registerForProfile({ userDataDir, extensionId: KEY.id, home, bundle: HOST_BUNDLE, node: process.execPath });
  const workbench = await startWorkbench();
  let updates: UpdateServer | undefined;
  try {
    updates = await serveUpdates(await packExtension({ browserPath: browser.path, extensionDir: EXTENSION_BUILD, pemFile: KEY.pemFile, id: KEY.id }));
    const managed = await launchManaged({ browser, extensionId: KEY.id, userDataDir, policies: { "install.json": forceInstall(KEY.id, updates.updateUrl), [SETTINGS]: settings(await organizationPolicy(1, false)) } });
    const update = updates;
    const snapshot = async (): Promise<PolicySnapshot | undefined> =>
      (await managed.worker()).evaluate(async (key) => {
        const { chrome } = globalThis as unknown as { chrome: { storage: { local: { get(key: string): Promise<Record<string, unknown>> } } } };
        return (await chrome.storage.local.get(key))[key] as PolicySnapshot | undefined;
      }, SNAPSHOT_KEY);
    await until("the organization's policy is in force", async () => (await snapshot())?.source === "managed", 20_000);
    const page = await managed.context.newPage();
    await page.goto(workbench.url);
    await page.waitForFunction(() => "workbench" in window);
    return {
      browser: managed,
      page,
      workbench,
      snapshot,
      hand: (policy) => managed.writePolicy(SETTINGS, settings(policy)),
      async close() {
        await managed.close();
        await Promise.all([update.close(), workbench.close()]);
        rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      },
    };
  } catch (error) {
    await Promise.all([updates?.close(), workbench.close()]);
    throw error;
  }
}

async function turn(stage: ManagedStage, name: string): Promise<string> {
  return JSON.stringify(await stage.page.evaluate((each) => window.workbench.turn(each), name));
}

export interface ManagedPromise {
  readonly id: string;
  readonly title: string;
  play(stage: ManagedStage): Promise<string>;
}

export const MANAGED_PROMISES: readonly ManagedPromise[] = [
  {
    id: "managed-wins",
    title: "A policy handed over by the browser's enterprise policy wins over the person's own file",
    async play(stage) {
      const words = await turn(stage, "rogue");
      hold(words.includes("Blocked by Sluice") && words.includes("policy acme"), `the unlisted server was not refused by the organization's policy: ${words.slice(0, 200)}`);
      hold(!stage.workbench.witness().some((exchange) => exchange.mount === "rogue"), "the server heard from the page");
      const self = await (await stage.browser.worker()).evaluate(() => (globalThis as unknown as { chrome: { management: { getSelf(): Promise<{ installType: string; mayDisable: boolean }> } } }).chrome.management.getSelf());
      hold(self.installType === "admin" && !self.mayDisable, "the extension is not installed by policy");
      return "installed by policy, cannot be disabled; the own file that would allow all is not followed";
    },
  },
  {
    id: "managed-edit-counts",
    title: "Changing the browser policy file changes the next decision",
    async play(stage) {
      hold((await turn(stage, "hours")).includes("Monday"), "the call was not allowed before");
      stage.hand(await organizationPolicy(2, true));
      const written = performance.now();
      await until("the browser has read its policy file again", async () => (await stage.snapshot())?.policy.revision === 2, 30_000);
      const ms = Math.round(performance.now() - written);
      await until("the next call is refused", async () => (await turn(stage, "hours")).includes("closed this week"));
      return `in force ${(ms / 1000).toFixed(1)} s after saving (the browser looks every five)`;
    },
  },
];
