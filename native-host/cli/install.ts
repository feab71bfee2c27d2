/** `sluice install`: registers the host with this user's browsers. */
import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { hostPaths } from "../home.ts";
import { writeLauncher } from "../install/launcher.ts";
import { BROWSERS, browserPlaces, confinedBrowsers, isPresent, type BrowserPlace } from "../install/locations.ts";
import { callerOf, manifestText } from "../install/manifest.ts";
import { installedPaths } from "../install/places.ts";
import { writeWhole } from "../install/write-file.ts";
import type { Command, Io } from "./command.ts";
import { Failure } from "./failure.ts";
import { VERSION } from "./version.ts";

const command: Command = {
  summary: "Register the host with this user's browsers",
  usage: `Usage: sluice install [options]

  --browser NAME         only this one; may be given several times (${BROWSERS.join(", ")});
                         default: every browser that was used on this account
  --extension-id ID      the extension that may speak to the host; default: the one built in this checkout
  --firefox-id ID        the same for Firefox; default: sluice@sluice.dev

Copies the host to a folder of its own, writes a launcher and one manifest for each browser, and prints every file.
Running it again is harmless. "sluice uninstall" removes exactly these files; "sluice doctor" tries them.`,
  async run(argv, io) {
    const { values } = parseArgs({
      args: [...argv],
      options: { browser: { type: "string", multiple: true, default: [] }, "extension-id": { type: "string" }, "firefox-id": { type: "string", default: "sluice@sluice.dev" } },
    });
    for (const name of values.browser) if (!BROWSERS.includes(name)) throw new Failure(`there is no browser "${name.slice(0, 40)}"`, { code: 2, fix: `browsers are ${BROWSERS.join(", ")}` });

    const built = builtBundle();
    const chromiumId = values["extension-id"] ?? builtExtensionId(built);
    const ids = { chromium: chromiumId, firefox: values["firefox-id"] };
    const { home } = hostPaths(io.env);
    const places = browserPlaces(home).filter((place) => (values.browser.length > 0 ? values.browser.includes(place.browser) : isPresent(place)));
    if (places.length === 0) throw new Failure("no browser was found on this account", { code: 1, fix: `start the browser once, or name it: sluice install --browser ${BROWSERS[0]}` });

    const paths = installedPaths(home, VERSION);
    const folder = dirname(built);
    if (folder !== paths.host) {
      rmSync(paths.host, { recursive: true, force: true });
      cpSync(folder, paths.host, { recursive: true });
    }
    const callers = [...new Set(places.map((place) => place.form))].map((form) => callerOf(form, ids[form]));
    writeLauncher(paths.launcher, { node: process.execPath, bundle: join(paths.host, basename(built)), home, callers });
    io.stdout.write(`host       ${paths.host}\nlauncher   ${paths.launcher}\n`);
    for (const place of places) {
      writeWhole(place.manifestFile, manifestText(place.form, paths.launcher, ids[place.form]), 0o600);
      io.stdout.write(`${place.browser.padEnd(11)}${place.manifestFile}\n`);
    }
    tellWhatRemains(places, io);
    return 0;
  },
};
export default command;

/** The built host this command runs from. A checkout's sources are no stable thing to point a browser at. */
function builtBundle(): string {
  const entry = process.argv[1] ?? "";
  const candidates = [entry, join(dirname(fileURLToPath(import.meta.url)), "..", "..", ".output", "host", "sluice.mjs")];
  const bundle = candidates.find((file) => basename(file) === "sluice.mjs" && basename(dirname(file)) !== "bin" && existsSync(file));
  const beside = candidates.map((file) => join(dirname(file), "..", "..", ".output", "host", "sluice.mjs")).find((file) => existsSync(file));
  const found = bundle ?? beside;
  if (!found) throw new Failure("the host is not built yet", { fix: "run: npm start (or npm run build)" });
  return found;
}

/** Chromium derives the id from the key in the manifest, so the built extension tells its own. */
function builtExtensionId(bundle: string): string {
  try {
    const manifest = JSON.parse(readFileSync(join(dirname(bundle), "..", "chrome-mv3", "manifest.json"), "utf8")) as { key?: unknown };
    if (typeof manifest.key === "string") {
      const hex = createHash("sha256").update(Buffer.from(manifest.key, "base64")).digest("hex").slice(0, 32);
      return [...hex].map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 16))).join("");
    }
  } catch {
    // Not built here: the person has to say.
  }
  throw new Failure("it is not known which extension may speak to the host", { code: 2, fix: "add --extension-id <id>; the browser shows it on its extensions page" });
}

function tellWhatRemains(places: readonly BrowserPlace[], io: Io): void {
  for (const place of places) {
    if (place.registryKey) io.stdout.write(`\nWindows looks in its registry. For ${place.browser}, run this in a terminal:\n  reg add "${place.registryKey}" /ve /t REG_SZ /d "${place.manifestFile}" /f\n`);
  }
  const confined = confinedBrowsers();
  if (confined.length > 0) io.stdout.write(`\nNot covered: ${confined.join(", ")}. A browser in a sandbox of its own cannot start a program outside it; use its deb or rpm package.\n`);
  if (process.execPath.includes("_npx")) io.stdout.write(`\nThe launcher points to a Node in npm's cache (${process.execPath}), which npm may delete. Install Node for good, then run this again with it.\n`);
  io.stdout.write(`\nNext: sluice doctor\n`);
}
