/** `sluice install`: registers the host with this user's browsers. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { hostPaths } from "../home.ts";
import { BROWSERS, browserPlaces, confinedBrowsers, isPresent, type BrowserPlace } from "../install/locations.ts";
import { installForUser } from "../install/user.ts";
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

Copies the host to a folder of its own, writes launchers and one manifest for each browser, and prints every file.
The file behind "command" is the one to name in a client's configuration: it needs no PATH and no npx.
Running it again is harmless. "sluice uninstall" removes exactly these files; "sluice doctor" tries them.`,
  async run(argv, io) {
    const { values } = parseArgs({
      args: [...argv],
      options: { browser: { type: "string", multiple: true, default: [] }, "extension-id": { type: "string" }, "firefox-id": { type: "string", default: "sluice@sluice.dev" } },
    });
    checkBrowserNames(values.browser);
    const bundle = builtBundle();
    const { home } = hostPaths(io.env);
    const places = browserPlaces(home).filter((place) => (values.browser.length > 0 ? values.browser.includes(place.browser) : isPresent(place)));
    if (places.length === 0) throw new Failure("no browser was found on this account", { code: 1, fix: `start the browser once, or name it: sluice install --browser ${BROWSERS[0]}` });

    const ids = { chromium: values["extension-id"] ?? builtExtensionId(bundle), firefox: values["firefox-id"] };
    const { host, launcher, command: sluice } = installForUser({ home, version: VERSION, bundle, node: process.execPath, places, ids });
    io.stdout.write(`host       ${host}\nlauncher   ${launcher}\ncommand    ${sluice}\n${places.map((place) => `${place.browser.padEnd(11)}${place.manifestFile}\n`).join("")}`);
    tellWhatRemains(places, io);
    return 0;
  },
};
export default command;

export function checkBrowserNames(names: readonly string[]): void {
  for (const name of names) if (!BROWSERS.includes(name)) throw new Failure(`there is no browser "${name.slice(0, 40)}"`, { code: 2, fix: `browsers are ${BROWSERS.join(", ")}` });
}

/** The built host: this command's own folder when it is part of it, else the checkout's. Sources are no stable thing to point a browser at. */
function builtBundle(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const found = [join(here, "sluice.mjs"), join(here, "..", "..", ".output", "host", "sluice.mjs")].find((file) => existsSync(file));
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
