/** `sluice uninstall`: removes what `sluice install` wrote, and nothing that points elsewhere. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { hostPaths } from "../home.ts";
import { BROWSERS, browserPlaces } from "../install/locations.ts";
import { readManifest } from "../install/manifest.ts";
import { installedPaths } from "../install/places.ts";
import type { Command } from "./command.ts";
import { VERSION } from "./version.ts";

const command: Command = {
  summary: "Remove the host from this user's browsers",
  usage: `Usage: sluice uninstall [--browser NAME]

  --browser NAME   only this one; may be given several times (${BROWSERS.join(", ")})

Removes the manifests that point to our launcher and, when none is left, the launcher and the installed host.
The journal and the policy stay.`,
  async run(argv, io) {
    const { values } = parseArgs({ args: [...argv], options: { browser: { type: "string", multiple: true, default: [] } } });
    const { home } = hostPaths(io.env);
    const { hosts, launcher } = installedPaths(home, VERSION);
    let kept = 0;
    for (const place of browserPlaces(home)) {
      if (!existsSync(place.manifestFile)) continue;
      const manifest = readManifest(readFileSync(place.manifestFile, "utf8"));
      if (typeof manifest === "string" || manifest.path !== launcher) continue;
      if (values.browser.length > 0 && !values.browser.includes(place.browser)) {
        kept++;
        continue;
      }
      rmSync(place.manifestFile);
      io.stdout.write(`removed ${place.manifestFile}\n`);
      if (place.registryKey) io.stdout.write(`  and run: reg delete "${place.registryKey}" /f\n`);
    }
    if (kept === 0 && existsSync(hosts)) {
      rmSync(hosts, { recursive: true });
      io.stdout.write(`removed ${hosts}\n`);
    }
    return 0;
  },
};
export default command;
