/** Proves by trial that a browser loads an unpacked extension, and remembers the answer for that browser and version. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { CACHE } from "../places.ts";
import type { FoundBrowser } from "./find.ts";
import { launchProtected } from "./launch.ts";

const ANSWERS = join(CACHE, "browser-proof.json");

/** Starts the browser headlessly with a one-line extension and says whether its service worker came up. */
export async function loadsExtensions(browser: FoundBrowser): Promise<boolean> {
  const key = `${browser.path} ${browser.version}`;
  const answers = readAnswers();
  const known = answers[key];
  if (known !== undefined) return known;
  const loads = await tryLoading(browser.path);
  mkdirSync(dirname(ANSWERS), { recursive: true });
  writeFileSync(ANSWERS, `${JSON.stringify({ ...answers, [key]: loads }, null, 2)}\n`);
  return loads;
}

async function tryLoading(browserPath: string): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-proof-"));
  try {
    const extensionDir = join(folder, "extension");
    mkdirSync(extensionDir);
    writeFileSync(join(extensionDir, "manifest.json"), JSON.stringify({ manifest_version: 3, name: "Sluice loading proof", version: "1.0", background: { service_worker: "worker.js" } }));
    writeFileSync(join(extensionDir, "worker.js"), "self.proof = true;\n");
    const browser = await launchProtected({ browserPath, extensionDir, userDataDir: join(folder, "profile"), headless: true, patienceMs: 10_000 });
    await browser.close();
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function readAnswers(): Record<string, boolean> {
  try {
    const parsed: unknown = JSON.parse(readFileSync(ANSWERS, "utf8"));
    if (typeof parsed !== "object" || parsed === null) return {};
    return Object.fromEntries(Object.entries(parsed).filter((entry): entry is [string, boolean] => typeof entry[1] === "boolean"));
  } catch {
    return {};
  }
}
