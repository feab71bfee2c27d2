/** `sluice uninstall`: removes what `sluice install` wrote, and nothing that points elsewhere. */
import { parseArgs } from "node:util";
import { hostPaths } from "../home.ts";
import { BROWSERS, browserPlaces } from "../install/locations.ts";
import { removeForUser } from "../install/user.ts";
import type { Command } from "./command.ts";
import { checkBrowserNames } from "./install.ts";

const command: Command = {
  summary: "Remove the host from this user's browsers",
  usage: `Usage: sluice uninstall [--browser NAME]

  --browser NAME   only this one; may be given several times (${BROWSERS.join(", ")})

Removes the manifests that point to our launcher and, when none is left, the launcher and the installed host.
The journal and the policy stay.`,
  async run(argv, io) {
    const { values } = parseArgs({ args: [...argv], options: { browser: { type: "string", multiple: true, default: [] } } });
    checkBrowserNames(values.browser);
    const { home } = hostPaths(io.env);
    const gone = removeForUser(home, browserPlaces(home), (place) => values.browser.length === 0 || values.browser.includes(place.browser));
    for (const file of gone.files) io.stdout.write(`removed ${file}\n`);
    for (const place of gone.places) if (place.registryKey) io.stdout.write(`and run: reg delete "${place.registryKey}" /f\n`);
    if (gone.files.length === 0) io.stdout.write("Nothing of ours was there.\n");
    return 0;
  },
};
export default command;
