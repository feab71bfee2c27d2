/** `npm run bench`: what Sluice adds to a call on the pipe and in the page, as ratios, with the facts of the machine. `--json` prints the figures for machines; `--only stdio` or `--only page` measures one half. */
import { execFileSync } from "node:child_process";
import { cpus, loadavg, platform, release, totalmem } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { shown, type Figure } from "./bench/figures.ts";
import { measurePage, type PageVariant } from "./bench/page.ts";
import { measureStdio, type StdioVariant } from "./bench/stdio.ts";
import { findBrowser } from "./browser/find.ts";
import { ROOT } from "./places.ts";

const { values } = parseArgs({ options: { json: { type: "boolean", default: false }, only: { type: "string" } } });
const wants = (half: string): boolean => values.only === undefined || values.only === half;
const say = (line = ""): void => void (values.json || process.stdout.write(`${line}\n`));

const browser = await findBrowser(process.env);
const [cpu] = cpus();
const machine = {
  cpu: cpu?.model.trim() ?? "unknown",
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${platform()} ${release()}`,
  node: process.versions.node,
  browser: "missing" in browser ? null : `${browser.name} ${browser.version}`,
  load: loadavg().map((each) => Number(each.toFixed(2))),
  commit: commitOf(),
};

say(`${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}`);
say(`Node ${machine.node}, ${machine.browser ?? "no browser"}, load ${machine.load.join(" ")}, commit ${machine.commit}`);
say("Variants take turns; each figure is the best round's median. Trust the ratios, not the microseconds.");

const stdio = wants("stdio") ? await measureStdio() : [];
if (stdio.length > 0) sayStdio(stdio);
let page: Figure<PageVariant>[] = [];
if (wants("page")) {
  if ("missing" in browser) say(`\nIn the page: not measured. ${browser.missing}`);
  else {
    page = await measurePage(browser);
    sayPage(page);
  }
}
if (values.json) process.stdout.write(`${JSON.stringify({ machine, loadAfter: loadavg(), stdio, page }, null, 2)}\n`);
else say(`\nload now ${loadavg().map((each) => each.toFixed(2)).join(" ")}`);
// Whatever a library left running must not keep a finished measurement open.
process.exit();

function sayStdio(figures: readonly Figure<StdioVariant>[]): void {
  say("\nOn the pipe: SDK client, server-everything, sample policy");
  say(row(["", "direct", "byte pipe", "guard", "guard ÷ pipe", "guard ÷ direct", "added to direct"]));
  for (const { name, unit, best: { direct, pipe, guard } } of figures) {
    say(row([name, `${shown(direct)} ${unit}`, `${shown(pipe)} ${unit}`, `${shown(guard)} ${unit}`, ratio(guard, pipe), ratio(guard, direct), `${shown(guard - direct)} ${unit}`]));
  }
  say("  must (two quiet cores): guard ÷ pipe at most 1.15×; added to direct at most 60 µs at 100 B and 90 µs at 10 KB; start at most 45 ms more");
}

function sayPage(figures: readonly Figure<PageVariant>[]): void {
  say("\nIn the page: the same browser with and without the extension, sample policy");
  say(row(["", "without", "with", "with ÷ without", "added"]));
  for (const { name, unit, best } of figures) say(row([name, `${shown(best.without)} ${unit}`, `${shown(best.with)} ${unit}`, ratio(best.with, best.without), `${shown(best.with - best.without)} ${unit}`]));
  say("  must (two quiet cores): at most 2 µs where it is not MCP, 150 µs for an MCP call with 10 KB");
}

function row([head = "", ...cells]: readonly string[]): string {
  return `  ${head.padEnd(30)}${cells.map((cell) => cell.padStart(16)).join("")}`;
}

function ratio(a: number, b: number): string {
  return `${(a / b).toFixed(2)}×`;
}

function commitOf(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "unknown";
  }
}
