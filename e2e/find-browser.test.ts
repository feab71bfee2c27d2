/** The search for a browser on imagined machines: order, proof, and what a person is told. */
import { expect, test } from "vitest";
import { findBrowser, type Machine } from "./browser/find.ts";
import { whatToInstall } from "./browser/ready.ts";

interface Imagined {
  readonly programs: readonly string[];
  /** Those that load an unpacked extension; default: all. */
  readonly loading?: readonly string[];
  readonly broken?: readonly string[];
  readonly confined?: readonly string[];
  readonly folders?: Readonly<Record<string, readonly string[]>>;
  readonly platform?: NodeJS.Platform;
}

function imagine(given: Imagined): Machine & { readonly tried: string[] } {
  const tried: string[] = [];
  return {
    tried,
    platform: given.platform ?? "linux",
    home: "/home/someone",
    playwrightPath: "/home/someone/.cache/ms-playwright/chromium-1/chrome",
    executable: (path) => given.programs.includes(path),
    list: (folder) => given.folders?.[folder] ?? [],
    version: (path) => (given.broken?.includes(path) === true ? null : "150.0.1.2"),
    confined: (path) => given.confined?.includes(path) === true,
    proves: (browser) => {
      tried.push(browser.path);
      return Promise.resolve(given.loading?.includes(browser.path) ?? true);
    },
  };
}

const PATH = { PATH: "/usr/local/bin:/usr/bin" };
const EVERYTHING = [
  "/usr/bin/chromium",
  "/usr/bin/microsoft-edge",
  "/usr/bin/brave-browser",
  "/home/someone/.cache/ms-playwright/chromium-1/chrome",
  "/home/someone/.cache/puppeteer/chrome/linux-150.0.1.2/chrome-linux64/chrome",
  "/usr/bin/google-chrome",
];
const PUPPETEER = { "/home/someone/.cache/puppeteer/chrome": ["linux-150.0.1.2"], "/home/someone/.cache/puppeteer/chrome/linux-150.0.1.2": ["chrome-linux64"] };

test("browsers are taken in the promised order", async () => {
  const names: unknown[] = [];
  for (let gone = 0; gone < EVERYTHING.length; gone += 1) {
    const found = await findBrowser(PATH, imagine({ programs: EVERYTHING.slice(gone), folders: PUPPETEER }));
    names.push("missing" in found ? found.missing : found.name);
  }
  expect(names).toEqual(["Chromium", "Microsoft Edge", "Brave", "Playwright Chromium", "Chrome for Testing", "Google Chrome"]);
});

test("a branded browser that ignores --load-extension is passed over, and the person hears why", async () => {
  const found = await findBrowser(PATH, imagine({ programs: ["/usr/bin/google-chrome"], loading: [] }));
  expect(found).toEqual({ missing: expect.stringMatching(/Google Chrome 150\.0\.1\.2 .*does not load unpacked extensions/) });
});

test("Chromium is taken without a trial start, a confined one only after it", async () => {
  const plain = imagine({ programs: ["/usr/bin/chromium"] });
  await findBrowser(PATH, plain);
  expect(plain.tried).toEqual([]);
  const snap = imagine({ programs: ["/snap/bin/chromium", "/usr/bin/brave-browser"], confined: ["/snap/bin/chromium"], loading: ["/usr/bin/brave-browser"] });
  expect(await findBrowser(PATH, snap)).toMatchObject({ name: "Brave" });
  expect(snap.tried).toEqual(["/snap/bin/chromium", "/usr/bin/brave-browser"]);
});

test("a program that does not start is passed over", async () => {
  const found = await findBrowser(PATH, imagine({ programs: ["/usr/bin/chromium", "/usr/bin/brave-browser"], broken: ["/usr/bin/chromium"] }));
  expect(found).toMatchObject({ name: "Brave" });
});

test("SLUICE_BROWSER wins, by path or by name, over everything else", async () => {
  const machine = imagine({ programs: [...EVERYTHING, "/opt/own/chrome"] });
  expect(await findBrowser({ ...PATH, SLUICE_BROWSER: "/opt/own/chrome" }, machine)).toMatchObject({ path: "/opt/own/chrome" });
  expect(await findBrowser({ ...PATH, SLUICE_BROWSER: "brave-browser" }, machine)).toMatchObject({ path: "/usr/bin/brave-browser", name: "Brave" });
});

test("a SLUICE_BROWSER that cannot work is an error, never a silent second choice", async () => {
  const machine = imagine({ programs: EVERYTHING, loading: [] });
  expect(await findBrowser({ ...PATH, SLUICE_BROWSER: "/opt/none" }, machine)).toEqual({ missing: expect.stringContaining('SLUICE_BROWSER is "/opt/none"') });
  expect(await findBrowser({ ...PATH, SLUICE_BROWSER: "google-chrome" }, machine)).toEqual({ missing: expect.stringContaining("does not load unpacked extensions") });
});

test("each system has its own places", async () => {
  const mac = imagine({ platform: "darwin", programs: ["/Applications/Brave Browser.app/Contents/MacOS/Brave Browser"] });
  expect(await findBrowser({}, mac)).toMatchObject({ name: "Brave" });
  const windows = imagine({ platform: "win32", programs: ["C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe"] });
  expect(await findBrowser({ "ProgramFiles(x86)": "C:\\Program Files (x86)" }, windows)).toMatchObject({ name: "Microsoft Edge" });
});

test.each([["linux", "debian", "apt-get install chromium"], ["linux", "ubuntu", "npx playwright install --with-deps chromium"], ["darwin", "", "brew install"], ["win32", "", "winget install"]] as const)("%s %s: the person is told what to install", (platform, system, command) => {
  expect(whatToInstall(platform, system)).toContain(command);
});
