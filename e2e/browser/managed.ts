/** Starts a browser under a real enterprise policy of its own, in a private mount namespace: the machine's policy stays as it is. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser } from "playwright";
import type { FoundBrowser } from "./find.ts";
import { LOOPBACK_ONLY, attachExtension, sandboxSwitches, type ProtectedBrowser } from "./protected.ts";

/** This machine cannot give one process its own policy folder. Tests turn this into a printed skip, never into a silent one. */
export class NotPossibleHere extends Error {
  override readonly name = "NotPossibleHere";
  constructor(why: string) {
    super(`not possible here: ${why}`);
  }
}

export interface ManagedOptions {
  readonly browser: FoundBrowser;
  /** By file name, as under `policies/managed`; a string is written as it is, so that a test can write a broken file. */
  readonly policies: Readonly<Record<string, object | string>>;
  /** The force-installed extension to wait for. */
  readonly extensionId: string;
  /** A profile to reuse; without one the browser gets a fresh one that goes with it. */
  readonly userDataDir?: string;
  readonly headless?: boolean;
  readonly extraArgs?: readonly string[];
  /** Opened at start, before the extension can be there. */
  readonly startUrl?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly patienceMs?: number;
}

export interface ManagedBrowser extends ProtectedBrowser {
  /** The private stand-in for `/etc/chromium`; native messaging manifests go into its `native-messaging-hosts`. */
  readonly etc: string;
  readonly userDataDir: string;
  /** Writes or replaces a policy file in one step; the running browser reads it within seconds. */
  writePolicy(fileName: string, content: object | string): void;
  removePolicy(fileName: string): void;
}

/** Policy that installs the extension from an update URL. Developer tools stay allowed, or no test could see into it. */
export function forceInstall(extensionId: string, updateUrl: string): object {
  return { DeveloperToolsAvailability: 1, ExtensionSettings: { [extensionId]: { installation_mode: "force_installed", update_url: updateUrl, override_update_url: true, toolbar_pin: "force_pinned" } } };
}

/** Policy that hands the extension its managed configuration. */
export function managedValues(extensionId: string, values: object): object {
  return { "3rdparty": { extensions: { [extensionId]: values } } };
}

/** Where builds read their policy on Linux. */
const POLICY_HOMES: Readonly<Partial<Record<FoundBrowser["name"], string>>> = {
  Chromium: "/etc/chromium",
  "Microsoft Edge": "/etc/opt/edge",
  Brave: "/etc/brave",
  "Playwright Chromium": "/etc/opt/chrome_for_testing",
  "Chrome for Testing": "/etc/opt/chrome_for_testing",
};

/** Why a managed browser cannot be started on this machine, or null. */
export function whyNotManaged(browser: FoundBrowser): string | null {
  if (process.platform !== "linux") return "policy files with a private mount namespace need Linux";
  if (process.getuid?.() !== 0) return "a private mount namespace needs root";
  const home = POLICY_HOMES[browser.name];
  if (home === undefined || !existsSync(home)) return `${browser.name} has no policy folder on this machine (${home ?? "unknown"})`;
  try {
    execFileSync("unshare", ["-m", "mount", "--bind", home, home], { stdio: "pipe", timeout: 10_000 });
    return null;
  } catch (error) {
    return `the kernel or container refuses a private mount namespace (${error instanceof Error ? (error.message.split("\n")[1] ?? error.message) : String(error)})`;
  }
}

/** Starts the browser under the given policy and resolves once the force-installed extension's worker is up. */
export async function launchManaged(options: ManagedOptions): Promise<ManagedBrowser> {
  const why = whyNotManaged(options.browser);
  const home = POLICY_HOMES[options.browser.name];
  if (why !== null || home === undefined) throw new NotPossibleHere(why ?? "no policy folder");
  const folder = mkdtempSync(join(tmpdir(), "sluice-managed-"));
  const etc = join(folder, "etc");
  const managed = join(etc, "policies", "managed");
  const userDataDir = options.userDataDir ?? join(folder, "profile");
  cpSync(home, etc, { recursive: true });
  // Only this test's policy counts, whatever the machine itself is under.
  rmSync(join(etc, "policies"), { recursive: true, force: true });
  mkdirSync(managed, { recursive: true });
  const writePolicy = (fileName: string, content: object | string): void => {
    const aside = join(etc, "next-policy");
    writeFileSync(aside, typeof content === "string" ? content : JSON.stringify(content, null, 2));
    renameSync(aside, join(managed, fileName));
  };
  for (const [fileName, content] of Object.entries(options.policies)) writePolicy(fileName, content);

  const running = startIn(home, etc, userDataDir, options);
  try {
    const browser = await chromium.connectOverCDP(await running.endpoint);
    const context = browser.contexts()[0];
    if (context === undefined) throw new Error("the browser shows no context over CDP");
    const attached = attachExtension(context, options.extensionId, options.patienceMs ?? 30_000, () => end(browser, running.child, folder));
    attached.catch(() => undefined);
    const protectedBrowser = await Promise.race([attached, running.refused]);
    return { ...protectedBrowser, etc, userDataDir, writePolicy, removePolicy: (fileName) => rmSync(join(managed, fileName)) };
  } catch (error) {
    await end(null, running.child, folder);
    throw error;
  }
}

interface Running {
  readonly child: ChildProcess;
  readonly endpoint: Promise<string>;
  /** Never resolves; rejects when the browser says that it could not install the extension, or when it ends. */
  readonly refused: Promise<never>;
}

function startIn(home: string, etc: string, userDataDir: string, options: ManagedOptions): Running {
  const switches = [
    ...(options.headless === false ? [] : ["--headless=new"]),
    ...sandboxSwitches(),
    `--user-data-dir=${userDataDir}`,
    "--remote-debugging-port=0",
    // Forced installs are background traffic: keeping to loopback must not switch that off.
    LOOPBACK_ONLY,
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-dev-shm-usage",
    "--password-store=basic",
    // The browser tells of a failed install only in its log.
    "--enable-logging=stderr",
    ...(options.extraArgs ?? []),
    options.startUrl ?? "about:blank",
  ];
  const script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';
  const child = spawn("unshare", ["-m", "sh", "-c", script, "sh", etc, home, options.browser.path, ...switches], { stdio: ["ignore", "ignore", "pipe"], detached: true, env: options.env ?? process.env });
  const killIfLeft = (): void => killGroup(child);
  process.once("exit", killIfLeft);
  child.once("exit", () => process.removeListener("exit", killIfLeft));

  const said: string[] = [];
  const { promise: endpoint, resolve, reject } = Promise.withResolvers<string>();
  const { promise: refused, reject: refuse } = Promise.withResolvers<never>();
  endpoint.catch(() => undefined);
  refused.catch(() => undefined);
  let pending = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    const lines = (pending + text).split("\n");
    pending = lines.pop() ?? "";
    for (const line of lines) {
      said.push(line);
      if (said.length > 30) said.shift();
      const listening = /^DevTools listening on (ws:\S+)/.exec(line)?.[1];
      if (listening !== undefined) resolve(listening);
      const refusal = refusalIn(line, options.extensionId);
      if (refusal !== null) refuse(new Error(`the browser refused the extension: ${refusal}`));
    }
  });
  const ended = (how: string): void => {
    const error = new Error(`the managed browser ${how}:\n${said.join("\n")}`);
    reject(error);
    refuse(error);
  };
  child.once("error", (error) => ended(`did not start (${error.message})`));
  child.once("exit", (code, signal) => ended(`ended (${signal ?? String(code)})`));
  return { child, endpoint, refused };
}

/** What the browser's log says when it does not take an extension: while unpacking it, or after giving up on a forced install. */
function refusalIn(line: string, extensionId: string): string | null {
  const unpacking = /load_error_reporter\.cc:\d+\] Extension error: (.*)/.exec(line)?.[1];
  if (unpacking !== undefined) return unpacking;
  return line.includes(`Forced extension ${extensionId} failed to install`) ? line.replace(/^\[[^\]]*\] ?/, "") : null;
}

async function end(browser: Browser | null, child: ChildProcess, folder: string): Promise<void> {
  const gone = child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : new Promise<void>((resolve) => child.once("exit", () => resolve()));
  // Closing over CDP flushes the profile; what does not go by itself within seconds is ended.
  const lastResort = setTimeout(() => killGroup(child), browser === null ? 0 : 5_000);
  if (browser !== null) {
    const session = await browser.newBrowserCDPSession().catch(() => null);
    await session?.send("Browser.close").catch(() => undefined);
  }
  await gone;
  clearTimeout(lastResort);
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

/** The browser was started as a process group of its own; this ends that group and nothing else. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}
