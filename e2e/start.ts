/** `npm start`: the whole product on a throw-away profile. With a display it stays open for real use; without one it walks the tour by itself and says what it saw. */
import { mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { findBrowser, type FoundBrowser } from "./browser/find.ts";
import { whyNotManaged } from "./browser/managed.ts";
import { OUTPUT, ROOT } from "./places.ts";
import { keepJournal, openStage, type Stage } from "./stage.ts";
import { MANAGED_PROMISES, openManagedStage } from "./tour/managed-promises.ts";
import { PAGE_PROMISES, turn } from "./tour/page-promises.ts";
import type { Promised } from "./tour/promise.ts";
import { printSummary } from "./tour/summary.ts";
import { STDIO_PROMISES } from "./tour/stdio-promises.ts";

const SCREENS = join(OUTPUT, "screens");
const JOURNAL = join(OUTPUT, "tour-journal");

/** All that was said, for the picture of the terminal. */
const said: string[] = [];

const { values } = parseArgs({ options: { headless: { type: "boolean" }, headed: { type: "boolean" }, port: { type: "string", default: "0" } } });
const hasDisplay = process.platform !== "linux" || Boolean(process.env["DISPLAY"] || process.env["WAYLAND_DISPLAY"]);
const headless = values.headless ?? (values.headed ? false : !hasDisplay || Boolean(process.env["CI"]));

const found = await findBrowser(process.env);
if ("missing" in found) {
  process.stderr.write(`${found.missing}\n`);
  process.exit(1);
}
process.exitCode = headless ? await tour(found) : await stay(found);
// Whatever a library left running must not keep a finished tour open.
process.exit();

function say(line: string): void {
  said.push(line);
  process.stdout.write(`${line}\n`);
}

async function tour(browser: FoundBrowser): Promise<number> {
  mkdirSync(SCREENS, { recursive: true });
  say(`    no display: the tour walks by itself in headless ${browser.name}`);
  const broken: string[] = [];
  const stage = await openStage({ browserPath: browser.path, headless: true });
  try {
    for (const promise of [...PAGE_PROMISES, ...STDIO_PROMISES]) await play(promise, () => promise.play(stage), broken);
    await picture(stage);
    const whyNot = await playManaged(browser, broken);
    await printSummary(stage, say);
    keepJournal(stage, JOURNAL);
    const total = PAGE_PROMISES.length + STDIO_PROMISES.length + (whyNot ? 0 : MANAGED_PROMISES.length);
    if (!broken.length) say(`\nAll ${total} promised decisions happened.`);
    else say(`\n${broken.length} of ${total} promised decisions did not happen: ${broken.join(", ")}`);
    await pictureOfTerminal(stage);
  } finally {
    await stage.close();
  }
  say(`\nLog       ${relative(ROOT, JOURNAL)}   (one JSON record a line; npx sluice events reads your own)\nPictures  ${relative(ROOT, SCREENS)}`);
  return broken.length ? 1 : 0;
}

/** @returns why it could not be played here, or null. */
async function playManaged(browser: FoundBrowser, broken: string[]): Promise<string | null> {
  const whyNot = whyNotManaged(browser);
  if (whyNot) {
    say(`  –  Enterprise browser policy: not possible here: ${whyNot}`);
    return whyNot;
  }
  say("\nEnterprise browser policy (the built CRX, force-installed by a real policy file)");
  const managed = await openManagedStage(browser);
  try {
    for (const promise of MANAGED_PROMISES) await play(promise, () => promise.play(managed), broken);
  } finally {
    await managed.close();
  }
  return null;
}

async function play(promise: Pick<Promised, "id" | "title">, run: () => Promise<string>, broken: string[]): Promise<void> {
  const start = performance.now();
  try {
    const evidence = await run();
    say(`  ✓  ${promise.title}\n     ${evidence} (${seconds(start)})`);
  } catch (error) {
    broken.push(promise.id);
    say(`  ✗  ${promise.title}\n     ${error instanceof Error ? error.message : String(error)} (${seconds(start)})`);
  }
}

function seconds(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

async function picture(stage: Stage): Promise<void> {
  await turn(stage, "note");
  await turn(stage, "delete");
  await stage.page.getByText("Blocked by Sluice").last().scrollIntoViewIfNeeded();
  await stage.page.screenshot({ path: join(SCREENS, "tour-blocked-call.png") });
  const popup = await stage.popup();
  await popup.setViewportSize({ width: 420, height: 600 });
  for (const colorScheme of ["light", "dark"] as const) {
    await popup.emulateMedia({ colorScheme });
    await popup.reload();
    await popup.getByText("echo").first().waitFor();
    await popup.screenshot({ path: join(SCREENS, `tour-popup-${colorScheme}.png`) });
    await popup.screenshot({ path: join(SCREENS, `tour-popup-${colorScheme}-whole.png`), fullPage: true });
  }
}

async function pictureOfTerminal(stage: Stage): Promise<void> {
  const page = await stage.browser.context.newPage();
  await page.setViewportSize({ width: 1180, height: 800 });
  await page.setContent('<body style="margin:0;background:#14181f"><pre style="margin:0;padding:20px;color:#d7dde5;font:13px/1.45 monospace;white-space:pre-wrap"></pre>');
  await page.locator("pre").evaluate((pre, text) => (pre.textContent = text), `$ npm start\n  …${said.slice(said.findIndex((line) => line.includes("Servers seen"))).join("\n")}`);
  await page.screenshot({ path: join(SCREENS, "tour-terminal.png"), fullPage: true });
  await page.close();
}

async function stay(browser: FoundBrowser): Promise<number> {
  const stage = await openStage({ browserPath: browser.path, headless: false, port: Number(values.port) });
  say(`
The protected ${browser.name} is open on a throw-away profile. Nothing else on this machine was changed.

  Workbench   ${stage.workbench.url}
  Policy      ${join(stage.home, "policy.yaml")}   (edit it: the next call is judged by it)
  Journal     SLUICE_HOME=${stage.home} npx sluice events --follow
  Popup       click the Sluice icon (behind the puzzle piece), or open chrome-extension://${stage.browser.extensionId}/popup.html

Try "Save a note with a deploy key", "Export the report" and "Ask the unsanctioned server".
Close the browser or press Ctrl+C to end; all of it goes then.`);
  await new Promise<void>((resolve) => {
    stage.browser.context.once("close", () => resolve());
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  });
  await stage.close();
  return 0;
}
