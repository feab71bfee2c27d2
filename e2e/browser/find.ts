/** Finds a Chromium-family browser on this machine into which an unpacked extension can be loaded. */
import { execFileSync } from "node:child_process";
import { accessSync, constants, readFileSync, readdirSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { chromium } from "playwright";
import { loadsExtensions } from "./proof.ts";

export const BROWSER_NAMES = ["Chromium", "Microsoft Edge", "Brave", "Playwright Chromium", "Chrome for Testing", "Google Chrome"] as const;
export type BrowserName = (typeof BROWSER_NAMES)[number];

export interface FoundBrowser {
  readonly path: string;
  readonly name: BrowserName;
  readonly version: string;
}

export type BrowserSearch = FoundBrowser | { readonly missing: string };

/** What the search needs to know of a machine; tests give it an imagined one. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  /** Where Playwright would keep its own Chromium, installed or not. */
  readonly playwrightPath: string;
  executable(path: string): boolean;
  list(folder: string): readonly string[];
  version(path: string): string | null;
  /** Confined by snap, which cannot read hidden folders and so may not see the build. */
  confined(path: string): boolean;
  /** Starts the browser and sees whether a small extension really runs in it. */
  proves(browser: FoundBrowser): Promise<boolean>;
}

interface Candidate {
  readonly name: BrowserName;
  readonly path: string;
  /** Vendors have begun to ignore `--load-extension` in their branded builds (Chrome since 137): take those on proof only. */
  readonly onProof: boolean;
}

/** The first usable browser in the order: `SLUICE_BROWSER`, Chromium, Edge, Brave, Playwright's, Chrome for Testing, Chrome. */
export async function findBrowser(env: NodeJS.ProcessEnv, machine: Machine = thisMachine()): Promise<BrowserSearch> {
  const named = env["SLUICE_BROWSER"];
  if (named !== undefined && named !== "") return findNamed(named, env, machine);
  const refused: string[] = [];
  for (const candidate of candidates(env, machine)) {
    if (!machine.executable(candidate.path)) continue;
    const version = machine.version(candidate.path);
    if (version === null) {
      refused.push(`${candidate.path} does not start`);
      continue;
    }
    const browser = { path: candidate.path, name: candidate.name, version };
    if (!candidate.onProof && !machine.confined(candidate.path)) return browser;
    if (await machine.proves(browser)) return browser;
    refused.push(`${candidate.name} ${version} (${candidate.path}) does not load unpacked extensions`);
  }
  const seen = refused.length > 0 ? ` Looked at and passed over: ${refused.join("; ")}.` : "";
  return { missing: `No Chromium-family browser was found.${seen}` };
}

async function findNamed(named: string, env: NodeJS.ProcessEnv, machine: Machine): Promise<BrowserSearch> {
  const possible = isAbsolute(named) || named.includes("/") || named.includes("\\") ? [resolve(named)] : onPath([named], env, machine);
  const path = possible.find((place) => machine.executable(place));
  if (path === undefined) return { missing: `SLUICE_BROWSER is "${named}", but there is no program of that name. Correct it, or unset it to search for a browser.` };
  const version = machine.version(path);
  if (version === null) return { missing: `SLUICE_BROWSER is "${named}", but that program does not say its version: is it a browser?` };
  const browser = { path, name: nameOf(path), version };
  if (await machine.proves(browser)) return browser;
  return { missing: `SLUICE_BROWSER is "${named}" (${browser.name} ${version}), but it does not load unpacked extensions. Use Chromium, or unset it to search for a browser.` };
}

function nameOf(path: string): BrowserName {
  const lower = path.toLowerCase();
  if (lower.includes("edge")) return "Microsoft Edge";
  if (lower.includes("brave")) return "Brave";
  if (lower.includes("ms-playwright")) return "Playwright Chromium";
  if (lower.includes("testing") || lower.includes("puppeteer")) return "Chrome for Testing";
  if (lower.includes("google")) return "Google Chrome";
  return "Chromium";
}

function* candidates(env: NodeJS.ProcessEnv, machine: Machine): Generator<Candidate> {
  const installed = (name: PlacedName, onProof: boolean): Candidate[] => places(name, env, machine).map((path) => ({ name, path, onProof }));
  yield* installed("Chromium", false);
  yield* installed("Microsoft Edge", true);
  yield* installed("Brave", true);
  yield { name: "Playwright Chromium", path: machine.playwrightPath, onProof: false };
  yield* installed("Chrome for Testing", false);
  yield* installed("Google Chrome", true);
}

/** Playwright itself says where its own is. */
type PlacedName = Exclude<BrowserName, "Playwright Chromium">;

type Place = { readonly commands: readonly string[]; readonly linux: readonly string[]; readonly mac: string; readonly windows: string };

const PLACES: Readonly<Record<PlacedName, Place>> = {
  Chromium: { commands: ["chromium", "chromium-browser"], linux: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/snap/bin/chromium"], mac: "Chromium", windows: "Chromium\\Application\\chrome.exe" },
  "Microsoft Edge": { commands: ["microsoft-edge", "microsoft-edge-stable"], linux: ["/opt/microsoft/msedge/msedge"], mac: "Microsoft Edge", windows: "Microsoft\\Edge\\Application\\msedge.exe" },
  Brave: { commands: ["brave", "brave-browser", "brave-browser-stable"], linux: ["/opt/brave.com/brave/brave"], mac: "Brave Browser", windows: "BraveSoftware\\Brave-Browser\\Application\\brave.exe" },
  "Chrome for Testing": { commands: ["chrome-for-testing"], linux: [], mac: "Google Chrome for Testing", windows: "Google\\Chrome for Testing\\Application\\chrome.exe" },
  "Google Chrome": { commands: ["google-chrome", "google-chrome-stable"], linux: ["/opt/google/chrome/chrome"], mac: "Google Chrome", windows: "Google\\Chrome\\Application\\chrome.exe" },
};

function places(name: PlacedName, env: NodeJS.ProcessEnv, machine: Machine): string[] {
  const place = PLACES[name];
  const extra = name === "Chrome for Testing" ? downloadedByPuppeteer(env, machine) : [];
  switch (machine.platform) {
    case "darwin":
      return ["/Applications", join(machine.home, "Applications")].map((folder) => `${folder}/${place.mac}.app/Contents/MacOS/${place.mac}`).concat(extra);
    case "win32":
      return ["ProgramFiles", "ProgramFiles(x86)", "LOCALAPPDATA"].flatMap((key) => env[key] ?? []).map((folder) => `${folder}\\${place.windows}`).concat(extra);
    default:
      return [...new Set([...onPath(place.commands, env, machine), ...place.linux, ...extra])];
  }
}

function onPath(commands: readonly string[], env: NodeJS.ProcessEnv, machine: Machine): string[] {
  const endings = machine.platform === "win32" ? ["", ".exe", ".cmd"] : [""];
  const folders = (env["PATH"] ?? env["Path"] ?? "").split(delimiter).filter((folder) => isAbsolute(folder));
  return commands.flatMap((command) => folders.flatMap((folder) => endings.map((ending) => join(folder, command + ending))));
}

/** `npx @puppeteer/browsers install chrome` is how Chrome for Testing usually comes to a machine. */
function downloadedByPuppeteer(env: NodeJS.ProcessEnv, machine: Machine): string[] {
  const root = join(env["PUPPETEER_CACHE_DIR"] ?? join(machine.home, ".cache", "puppeteer"), "chrome");
  const program = (build: string): string => {
    if (machine.platform === "win32") return join(build, "chrome.exe");
    return machine.platform === "darwin" ? join(build, "Google Chrome for Testing.app", "Contents", "MacOS", "Google Chrome for Testing") : join(build, "chrome");
  };
  const newestFirst = [...machine.list(root)].sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  return newestFirst.flatMap((version) => machine.list(join(root, version)).map((build) => program(join(root, version, build))));
}

/** The machine we run on. */
export function thisMachine(): Machine {
  return {
    platform: process.platform,
    home: homedir(),
    playwrightPath: chromium.executablePath(),
    executable: isExecutable,
    list: listFolder,
    version: process.platform === "win32" ? versionBeside : versionPrinted,
    confined: isConfined,
    proves: loadsExtensions,
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function versionPrinted(path: string): string | null {
  try {
    const printed = execFileSync(path, ["--version"], { encoding: "utf8", timeout: 20_000, stdio: ["ignore", "pipe", "ignore"] });
    return /\d+(?:\.\d+){1,3}/.exec(printed)?.[0] ?? null;
  } catch {
    return null;
  }
}

/** On Windows `chrome.exe --version` opens a window; the folder beside the program carries the version in its name. */
function versionBeside(path: string): string | null {
  const versions = listFolder(dirname(path)).filter((name) => /^\d+(?:\.\d+){3}$/.test(name));
  return versions.sort((a, b) => b.localeCompare(a, "en", { numeric: true }))[0] ?? /[\\/](?:win64-)?(\d+(?:\.\d+){3})[\\/]/.exec(path)?.[1] ?? null;
}

function isConfined(path: string): boolean {
  if (process.platform !== "linux") return false;
  try {
    const real = realpathSync(path);
    if (real.startsWith("/snap/") || real.endsWith("/bin/snap")) return true;
    return statSync(real).size < 20_000 && readFileSync(real, "utf8").includes("/snap/bin/");
  } catch {
    return false;
  }
}
