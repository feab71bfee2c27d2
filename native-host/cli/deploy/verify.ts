/** `sluice deploy verify`: what of a deployment is in force on this machine, and what is missing. */
import process from "node:process";
import { parseArgs } from "node:util";
import { DEPLOY_BROWSERS, type DeployBrowser, type System } from "../../deploy/target.ts";
import type { Check } from "../../deploy/verify/check.ts";
import { verifyMachine } from "../../deploy/verify/machine.ts";
import { Failure } from "../failure.ts";
import { writeJson, type Verb } from "../policy/verb.ts";
import { painter, printable } from "../terminal.ts";
import { builtIds } from "./built.ts";

const verb: Verb = {
  usage: `Usage: sluice deploy verify [--browser NAME]... [--json]

  --browser NAME      only this one (${DEPLOY_BROWSERS.join(", ")}); default: every browser that has a policy or our host here
  --extension-id ID   default: the one that the host's manifest names
  --firefox-id ID     default: sluice@sluice.dev
  --root FOLDER       look into a machine image that lies in FOLDER
  --json              one list of {browser, about, state, text, fix}; state is ok, missing, wrong or note

Reads the policy that the browsers read, the host's registration for all users and the machine's policy, and names what
is missing, wrong, or open to others. Linux: all of it. macOS: profiles as the system has put them down. Windows: the
files; the registry is read by the script that "sluice deploy …-windows" writes (sluice.ps1 -Do Check).
It looks at files, not into a running browser: the browser's own policy page has the last word.

Exit codes: 0 all there, 1 something is missing or wrong, 2 wrong usage, 3 something broke.`,
  async run(argv, io) {
    const { values } = parseArgs({
      args: [...argv],
      options: { browser: { type: "string", multiple: true, default: [] }, "extension-id": { type: "string" }, "firefox-id": { type: "string" }, root: { type: "string", default: "/" }, json: { type: "boolean", default: false } },
    });
    const browsers = values.browser.map(knownBrowser);
    const built = builtIds();
    const checks = await verifyMachine({ root: values.root, system: thisSystem(), browsers, ids: { chromium: values["extension-id"] ?? null, firefox: values["firefox-id"] ?? built.firefox } });
    const failed = checks.length === 0 || checks.some(({ state }) => state === "missing" || state === "wrong");
    if (values.json) writeJson(io, checks);
    else if (checks.length === 0) io.stdout.write("No browser on this machine has a policy, and none knows the host.\n  fix: sluice deploy TARGET --out FOLDER, then follow FOLDER/README.txt\n");
    else print(checks, io);
    return failed ? 1 : 0;
  },
};
export default verb;

function knownBrowser(name: string): DeployBrowser {
  const found = DEPLOY_BROWSERS.find((browser) => browser === name);
  if (!found) throw new Failure(`there is no browser "${printable(name, 40)}"`, { code: 2, fix: `browsers are ${DEPLOY_BROWSERS.join(", ")}` });
  return found;
}

function thisSystem(): System {
  return process.platform === "win32" ? "windows" : process.platform === "darwin" ? "macos" : "linux";
}

function print(checks: readonly Check[], io: Parameters<Verb["run"]>[1]): void {
  const paint = painter(io);
  const labels = { ok: paint("green", "ok     "), missing: paint("red", "MISSING"), wrong: paint("red", "WRONG  "), note: paint("yellow", "note   ") };
  let browser = "";
  for (const check of checks) {
    if (check.browser !== browser) io.stdout.write(`${browser === "" ? "" : "\n"}${check.browser}\n`);
    browser = check.browser;
    io.stdout.write(`  ${labels[check.state]}  ${printable(check.text, 1000)}\n${check.fix ? `           fix: ${printable(check.fix, 400)}\n` : ""}`);
  }
}
