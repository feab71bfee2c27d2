/** What `sluice deploy chromium-linux` writes, put where its README says, in a real browser: installed, configured, the host reached, a stand-in refused, private windows closed. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { extensionKey } from "../../extension/build/key.ts";
import { packExtension, serveUpdates, type UpdateServer } from "../browser/crx.ts";
import { findBrowser, type FoundBrowser } from "../browser/find.ts";
import { launchManaged, whyNotManaged, type ManagedBrowser } from "../browser/managed.ts";
import { EXTENSION_BUILD, OUTPUT, ROOT } from "../places.ts";
import { HOST_BUNDLE, SAMPLE_POLICY } from "../stage.ts";

const found = await findBrowser(process.env);
if ("missing" in found) throw new Error(found.missing);
const browserFound: FoundBrowser = found;
const whyNot = browserFound.name === "Chromium" ? whyNotManaged(browserFound) : `the files are for Chromium, and this is ${browserFound.name}`;
if (whyNot !== null) console.warn(`SKIPPED e2e/scenarios/deploy.test.ts, not possible here: ${whyNot}`);

const key = extensionKey();
const folder = mkdtempSync(join(tmpdir(), "sluice-deploy-"));
const out = join(folder, "out");
const hostDir = join(folder, "opt");
const managedFolder = join(out, "files/etc/chromium/policies/managed");
const ORGANIZATION = `Bücher & "Söhne" \\ O'Hara`;
/** What another product has set before us, in its own file. */
const THEIRS = { NativeMessagingBlocklist: ["*"], NativeMessagingAllowlist: ["com.other.host"], ExtensionInstallBlocklist: ["*"], ExtensionSettings: { "*": { installation_mode: "blocked", runtime_blocked_hosts: ["*://*.bank.example"] } }, HomepageLocation: "https://corp.example/" };
let updates: UpdateServer;
let browser: ManagedBrowser;

const deploy = (...args: string[]): string => execFileSync(process.execPath, [HOST_BUNDLE, "deploy", ...args], { encoding: "utf8", cwd: ROOT });

beforeAll(async () => {
  if (whyNot !== null) return;
  updates = await serveUpdates(await packExtension({ browserPath: browserFound.path, extensionDir: EXTENSION_BUILD, pemFile: key.pemFile, id: key.id }));
  writeFileSync(join(folder, "corp.json"), JSON.stringify(THEIRS));
  deploy("chromium-linux", "--out", out, "--merge", join(folder, "corp.json"), "--update-url", updates.updateUrl, "--extension-id", key.id, "--host-dir", hostDir, "--node", process.execPath, "--set", `orgName=${ORGANIZATION}`, "--set", "configVersion=1", "--set", "requireHost=true", "--policy", SAMPLE_POLICY);
  // Step by step as the README says: the built host, then the files over the machine.
  cpSync(join(OUTPUT, "host"), join(hostDir, "host"), { recursive: true });
  cpSync(join(out, "files", hostDir), hostDir, { recursive: true });
  const policies = Object.fromEntries(readdirSync(managedFolder).map((name) => [name, readFileSync(join(managedFolder, name), "utf8")]));
  const userDataDir = join(folder, "profile");
  registerStandIn(userDataDir);
  browser = await launchManaged({
    browser: browserFound,
    extensionId: key.id,
    userDataDir,
    // Or no test could see into the extension.
    policies: { ...policies, "test.json": { DeveloperToolsAvailability: 1 } },
    env: { ...process.env, SLUICE_HOME: join(folder, "home") },
  });
  cpSync(join(out, "files/etc/chromium/native-messaging-hosts"), join(browser.etc, "native-messaging-hosts"), { recursive: true });
});

afterAll(async () => {
  await browser?.close();
  await updates?.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

// threat: stand-in-host
test.skipIf(whyNot !== null)("the generated files install, configure and close, in a real browser", async () => {
  const worker = await browser.worker();
  const self = await worker.evaluate(() => (globalThis as unknown as ExtensionGlobal).chrome.management.getSelf());
  expect(self).toMatchObject({ id: key.id, installType: "admin", mayDisable: false, enabled: true });

  const settings = JSON.parse(readFileSync(join(managedFolder, "sluice-settings.json"), "utf8")) as { "3rdparty": { extensions: Record<string, object> } };
  const values = await worker.evaluate(managedValues);
  expect(values).toEqual(settings["3rdparty"].extensions[key.id]);
  expect(values).toMatchObject({ orgName: ORGANIZATION, requireHost: true });
  expect(JSON.parse(values["policy"] as string)).toMatchObject({ id: "sample" });

  // The person's own registration of the same name would win, if policy did not switch such registrations off.
  const hello = await worker.evaluate(firstWordOfHost);
  expect(hello).toMatchObject({ kind: "hello", user: expect.any(String) });

  const privateWindow = await worker.evaluate(() => (globalThis as unknown as ExtensionGlobal).chrome.windows.create({ incognito: true }).then(() => "opened", (error: Error) => error.message));
  expect(privateWindow).toContain("ncognito mode is disabled");
});

test.skipIf(whyNot !== null)("the browser itself reads every policy of ours and of the other product, and finds no fault", async () => {
  const page = await browser.context.newPage();
  await page.goto("chrome://policy");
  await page.locator("policy-row").filter({ hasText: "NativeMessagingAllowlist" }).first().waitFor();
  const rows = await page.locator("policy-row").evaluateAll((elements) => elements.map((element) => [".policy.row .name", ".value.row .value", ".policy.row .messages"].map((part) => element.shadowRoot?.querySelector(part)?.textContent.trim() ?? "")));
  await page.close();
  const shown = new Map(rows.map(([name, value, messages]) => [name!, { value: value!, messages: messages! }]));
  const value = (name: string): unknown => JSON.parse(shown.get(name)?.value ?? "null");
  expect(value("NativeMessagingAllowlist")).toEqual(["com.other.host", "dev.sluice.host"]);
  expect(value("ExtensionSettings")).toMatchObject({ ...THEIRS.ExtensionSettings, [key.id]: { installation_mode: "force_installed" } });
  expect(shown.get("HomepageLocation")?.value).toContain(THEIRS.HomepageLocation);
  for (const name of ["NativeMessagingUserLevelHosts", "BrowserGuestModeEnabled", "IncognitoModeAvailability", "NativeMessagingBlocklist"]) expect(shown.get(name), name).toBeDefined();
  expect([...shown].filter(([, { messages }]) => /error|conflict|warning/i.test(messages))).toEqual([]);
});

test.skipIf(whyNot !== null)("the machine image with these files passes its own check", () => {
  const image = join(folder, "image");
  cpSync(join(out, "files"), image, { recursive: true });
  // Launcher, Node and the host have their places below the image's root too.
  for (const path of [process.execPath, join(hostDir, "host", "sluice.mjs")]) {
    mkdirSync(join(image, path, ".."), { recursive: true });
    writeFileSync(join(image, path), "");
  }
  const checks = JSON.parse(deploy("verify", "--root", image, "--json")) as { state: string }[];
  expect(checks.filter(({ state }) => state !== "ok")).toEqual([]);
});

interface ExtensionGlobal {
  readonly chrome: {
    readonly management: { getSelf(): Promise<Record<string, unknown>> };
    readonly windows: { create(options: { incognito: boolean }): Promise<unknown> };
    readonly storage: { readonly managed: { get(): Promise<Record<string, unknown>>; readonly onChanged: { addListener(run: () => void): void } } };
    readonly runtime: {
      readonly lastError?: { readonly message?: string };
      connectNative(name: string): { postMessage(message: unknown): void; readonly onMessage: { addListener(hear: (message: unknown) => void): void }; readonly onDisconnect: { addListener(gone: () => void): void } };
    };
  };
}

/** Runs in the worker: on a first start the values come late, with an event. */
function managedValues(): Promise<Record<string, unknown>> {
  return new Promise((resolve) => {
    const { managed } = (globalThis as unknown as ExtensionGlobal).chrome.storage;
    const look = async (): Promise<void> => {
      const seen = await managed.get();
      if (Object.keys(seen).length > 0) resolve(seen);
    };
    managed.onChanged.addListener(() => void look());
    void look();
  });
}

/** Runs in the worker. */
function firstWordOfHost(): Promise<unknown> {
  return new Promise((resolve) => {
    const { runtime } = (globalThis as unknown as ExtensionGlobal).chrome;
    const port = runtime.connectNative("dev.sluice.host");
    port.onMessage.addListener(resolve);
    port.onDisconnect.addListener(() => resolve(runtime.lastError?.message ?? "closed"));
    port.postMessage({ kind: "hello", seam: 2, version: "0.0.0", browser: "test" });
  });
}

/** A program that says it is the host, registered where a person can register one. */
function registerStandIn(userDataDir: string): void {
  const hosts = join(userDataDir, "NativeMessagingHosts");
  const program = join(folder, "stand-in");
  mkdirSync(hosts, { recursive: true });
  const word = JSON.stringify({ kind: "stand-in" });
  writeFileSync(program, `#!/bin/sh\nprintf '\\${word.length.toString(8)}\\0\\0\\0${word}'\ncat > /dev/null\n`, { mode: 0o755 });
  writeFileSync(join(hosts, "dev.sluice.host.json"), JSON.stringify({ name: "dev.sluice.host", description: "stand-in", path: program, type: "stdio", allowed_origins: [`chrome-extension://${key.id}/`] }));
}
