/** The whole product on one stage: workbench, native host with its own home, protected browser. Tests and the tour of `npm start` play on it; closing it leaves nothing behind. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Page } from "playwright";
import type { EventRecord } from "../shared/events/record.ts";
import { SNAPSHOT_KEY, type PolicySnapshot, type ProtectionState } from "../shared/messages/extension.ts";
import { extensionKey } from "../extension/build/key.ts";
import { registerForProfile } from "../native-host/install/profile.ts";
import { readJournal } from "../native-host/journal/reader.ts";
import { launchProtected } from "./browser/launch.ts";
import type { ProtectedBrowser } from "./browser/protected.ts";
import { EXTENSION_BUILD, OUTPUT, ROOT } from "./places.ts";
import { until } from "./until.ts";
import { startWorkbench, type Workbench } from "./workbench/server.ts";

export interface StageOptions {
  readonly browserPath: string;
  readonly headless: boolean;
  /** Text of the policy file at the start; default: the sample. */
  readonly policy?: string;
  /** Port of the workbench; default: any free one. */
  readonly port?: number;
  /** Without a native host: the extension alone. */
  readonly withoutHost?: boolean;
  /** Awaited before each part of the desk's report: tests step through a stream with it. */
  readonly beforePart?: (part: number) => Promise<void>;
}

export interface Stage {
  /** Everything this stage wrote: host home, browser profile, a fixture home for discovery. */
  readonly folder: string;
  readonly home: string;
  readonly workbench: Workbench;
  readonly browser: ProtectedBrowser;
  /** The chat page. */
  readonly page: Page;
  /** Replaces the policy file as an editor does: whole, by rename. */
  writePolicy(text: string): void;
  policyText(): string;
  /** Process ids of the hosts that the browser has started, newest last. */
  hostPids(): number[];
  /** The policy that the relays decide with. */
  snapshot(): Promise<PolicySnapshot | undefined>;
  state(): Promise<ProtectionState>;
  journal(): Promise<EventRecord[]>;
  /** A popup page that can ask the background; kept open. */
  popup(): Promise<Page>;
  close(): Promise<void>;
}

export const SAMPLE_POLICY = join(ROOT, "docs", "policy.sample.yaml");
export const HOST_BUNDLE = join(OUTPUT, "host", "sluice.mjs");

export async function openStage(options: StageOptions): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-stage-"));
  const home = join(folder, "home");
  const userDataDir = join(folder, "profile");
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const policyFile = join(home, "policy.yaml");
  writeFileSync(policyFile, options.policy ?? readFileSync(SAMPLE_POLICY, "utf8"), { mode: 0o600 });
  if (!options.withoutHost) registerHost(userDataDir, home);

  const workbench = await startWorkbench({ port: options.port ?? 0, ...(options.beforePart ? { beforePart: options.beforePart } : {}) });
  let browser: ProtectedBrowser;
  try {
    browser = await launchProtected({ browserPath: options.browserPath, extensionDir: EXTENSION_BUILD, userDataDir, headless: options.headless });
  } catch (error) {
    await workbench.close();
    throw error;
  }

  let popupPage: Page | undefined;
  async function popup(): Promise<Page> {
    if (!popupPage || popupPage.isClosed()) popupPage = await browser.popup();
    return popupPage;
  }
  async function snapshot(): Promise<PolicySnapshot | undefined> {
    const worker = await browser.worker();
    return worker.evaluate(async (key) => {
      const { chrome } = globalThis as unknown as { chrome: { storage: { local: { get(key: string): Promise<Record<string, unknown>> } } } };
      return (await chrome.storage.local.get(key))[key] as PolicySnapshot | undefined;
    }, SNAPSHOT_KEY);
  }

  const page = browser.context.pages()[0] ?? (await browser.context.newPage());
  const stage: Stage = {
    folder,
    home,
    workbench,
    browser,
    page,
    writePolicy(text) {
      writeFileSync(`${policyFile}.new`, text, { mode: 0o600 });
      renameSync(`${policyFile}.new`, policyFile);
    },
    policyText: () => readFileSync(policyFile, "utf8"),
    hostPids: () => readHostPids(home),
    snapshot,
    async state() {
      return (await popup()).evaluate(async () => {
        const { chrome } = globalThis as unknown as { chrome: { runtime: { sendMessage(message: unknown): Promise<ProtectionState> } } };
        return chrome.runtime.sendMessage({ kind: "state" });
      });
    },
    journal: () => readJournal(join(home, "journal")),
    popup,
    async close() {
      await browser.close();
      await workbench.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };

  // The page opens once the policy is in force, so that the first call is judged by it and not by the baseline.
  if (!options.withoutHost) await until("the policy reaches the extension", async () => (await snapshot())?.source === "local", 20_000);
  await page.goto(workbench.url);
  await page.waitForFunction(() => "workbench" in window);
  return stage;
}

/** Registers the host for this profile alone; the launcher also notes its process id, so that tests can end just that process. */
function registerHost(userDataDir: string, home: string): void {
  const { launcher } = registerForProfile({ userDataDir, extensionId: extensionKey().id, home, bundle: HOST_BUNDLE, node: process.execPath });
  const script = readFileSync(launcher, "utf8");
  writeFileSync(launcher, script.replace(/\nexec /, () => `\necho $$ >> '${join(home, "host.pids")}'\nexec `), { mode: 0o700 });
}

function readHostPids(home: string): number[] {
  const file = join(home, "host.pids");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").map(Number) : [];
}

/** Copies what is worth keeping of a stage before it closes. */
export function keepJournal(stage: Stage, target: string): void {
  rmSync(target, { recursive: true, force: true });
  cpSync(join(stage.home, "journal"), target, { recursive: true });
}

/** Is a process of this id there? */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** `sluice …` from the built host, in this stage's home. */
export function runSluice(stage: Pick<Stage, "home">, ...args: string[]): string {
  return execFileSync(process.execPath, [HOST_BUNDLE, ...args], { encoding: "utf8", env: { ...process.env, SLUICE_HOME: stage.home, NO_COLOR: "1" }, stdio: ["ignore", "pipe", "pipe"] });
}
