/** `sluice host`: the end of the browser's native messaging pipe. Browsers start it through the launcher that `sluice install` writes. */
import { statSync } from "node:fs";
import { whoIsHereWithGroups } from "../person.ts";
import process from "node:process";
import { parseArgs } from "node:util";
import { openSpool } from "../approvals/spool.ts";
import { hostPaths, type HostPaths } from "../home.ts";
import { openJournal } from "../journal/writer.ts";
import { serve } from "../messaging/serve.ts";
import { claimStdout } from "../messaging/stdout.ts";
import { openPolicy } from "../policy/store.ts";
import type { Command } from "./command.ts";
import { Failure } from "./failure.ts";
import { VERSION } from "./version.ts";

const command: Command = {
  summary: "Speak with the browser extension (started by the browser, not by hand)",
  usage: `Usage: sluice host --allow-origin chrome-extension://<id>/ [...] <origin>

Reads and writes native messaging frames on stdin and stdout until stdin closes. The launcher names the extensions
that may speak to it; the browser names the one that calls. Its log goes to stderr. "sluice doctor" tries it.`,
  async run(argv, io) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { "allow-origin": { type: "string", multiple: true, default: [] }, "parent-window": { type: "string" } },
    });
    checkCaller(values["allow-origin"], positionals);
    const paths = hostPaths(io.env);
    refuseOpenFolders(paths);

    const output = claimStdout();
    const log = (line: string) => void process.stderr.write(`sluice host: ${line}\n`);
    const journal = openJournal(paths.journal, "host");
    const policy = await openPolicy({ paths, watch: true });
    const person = whoIsHereWithGroups();
    await serve({
      input: process.stdin,
      output,
      policy,
      journal,
      journalDir: paths.journal,
      spool: openSpool(paths.state),
      discover: async () => {
        const { discoverChanges } = await import("../clients/discover.ts");
        return discoverChanges(paths);
      },
      version: VERSION,
      user: person.user ?? "unknown",
      ...(person.groups && { groups: person.groups }),
      ...(person.device !== undefined && { device: person.device }),
      log,
      now: Date.now,
    });
    policy.close();
    await journal.close();
    // The browser is gone: whatever still runs (a discovery, say) must not keep the process.
    setTimeout(() => process.exit(0), 1000).unref();
    return 0;
  },
};
export default command;

/** The browser enforces its manifest; this is for a manifest that somebody changed. */
function checkCaller(allowed: readonly string[], positionals: readonly string[]): void {
  // Chromium: origin. Firefox: manifest path, extension id.
  const caller = positionals.find((argument) => !argument.endsWith("dev.sluice.host.json")) ?? "nobody";
  if (allowed.length === 0) throw new Failure("the host was started without its launcher, so it does not know which extension may speak to it", { fix: "run: sluice install" });
  if (!allowed.includes(caller)) throw new Failure(`the extension that calls (${caller.slice(0, 80)}) is not the one this host was installed for`, { fix: "run: sluice install --extension-id <id>" });
}

/** Whoever can write there can change the policy or the records. */
function refuseOpenFolders(paths: HostPaths): void {
  for (const path of [paths.home, paths.journal, paths.state, paths.policyFile]) {
    const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
    if (process.platform !== "win32" && mode & 0o002) throw new Failure(`everybody on this machine can write to ${path}`, { fix: `chmod o-w ${path}` });
  }
}
