/** `node e2e/conformance.ts`: the official conformance suite against our fixture server, direct and through every guard, and its client scenarios with a guard between client and server. A guard that changes the outcome of any scenario fails. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { readJournal } from "../native-host/journal/reader.ts";
import { buildHost } from "./build.ts";
import { CHAINS, makePlace, type ChainName, type GuardPlace } from "./conformance/chains.ts";
import { clientTable, runClientMode, type ClientRun } from "./conformance/client-mode.ts";
import { describe, differences, table, type Difference, type Run } from "./conformance/compare.ts";
import { REQUIREMENTS, runSuite, type Requirements, type ScenarioOutcome } from "./conformance/suite.ts";
import { readyPeers } from "./peers.ts";
import { HOST_BUNDLE } from "./stage.ts";

/** Beyond both requirement sets: the skills extension. */
const EXTRA: Readonly<Record<Requirements, readonly string[]>> = { "2025-11-25": [], "2026-07-28": ["sep-2640-skills-enumeration", "sep-2640-skills-directory", "sep-2640-skills-manifest"] };

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function runChain(chain: ChainName, requirements: Requirements, place: GuardPlace, only?: string): Promise<Run> {
  const start = performance.now();
  const opened = await CHAINS[chain].open(place);
  try {
    const outcome = new Map<string, ScenarioOutcome>();
    for (const each of only === undefined ? [undefined, ...EXTRA[requirements]] : [only]) for (const [scenario, found] of await runSuite(opened.url, requirements, each)) outcome.set(scenario, found);
    return { requirements, chain, seconds: (performance.now() - start) / 1000, outcome };
  } finally {
    await opened.close();
  }
}

/** A run without a guard in it would show no difference either. @returns the number of requests that were judged so far. */
async function countJudged({ home }: GuardPlace, before: number, title: string): Promise<number> {
  const count = (await readJournal(join(home, "journal"))).filter(({ kind }) => kind === "request").length;
  if (count <= before) throw new Error(`${title}: no guard has judged anything, so nothing was compared`);
  return count;
}

const { values } = parseArgs({
  options: { suite: { type: "string", multiple: true }, chain: { type: "string", multiple: true }, scenario: { type: "string" }, mode: { type: "string", default: "both" }, json: { type: "boolean", default: false }, failures: { type: "boolean", default: false } },
});
const suites = REQUIREMENTS.filter((requirements) => values.suite?.includes(requirements) ?? true);
const chains = (Object.keys(CHAINS) as ChainName[]).filter((chain) => values.chain?.includes(chain) ?? true);

const folder = mkdtempSync(join(tmpdir(), "sluice-conformance-"));
let failed = true;
try {
  await readyPeers(say);
  await buildHost();
  // A copy: another build must not change the guard in the middle of a run.
  cpSync(dirname(HOST_BUNDLE), join(folder, "host"), { recursive: true });
  const place = makePlace(folder, join(folder, "host", "sluice.mjs"));
  const start = performance.now();
  const runs: Run[] = [];
  let judged = 0;
  const clientRuns: ClientRun[] = [];
  for (const requirements of suites) {
    for (const chain of values.mode === "client" ? [] : chains) {
      const run = await runChain(chain, requirements, place, values.scenario);
      say(`${requirements} ${CHAINS[chain].title}: ${String(run.outcome.size)} scenarios (${run.seconds.toFixed(1)} s)`);
      runs.push(run);
      if (CHAINS[chain].against.length > 0) judged = await countJudged(place, judged, CHAINS[chain].title);
    }
  }
  for (const requirements of values.mode === "server" || values.chain ? [] : suites) {
    clientRuns.push(...(await runClientMode(place, requirements, values.scenario)));
    judged = await countJudged(place, judged, `${requirements} client mode`);
    say(`${requirements} client mode: ${String(clientRuns.filter((run) => run.requirements === requirements).length)} scenarios, three ways each`);
  }
  const clients = clientRuns.filter(({ changed }) => changed.length > 0);
  const runOf = (requirements: Requirements, chain: ChainName): Run | undefined => runs.find((run) => run.requirements === requirements && run.chain === chain);
  const compare = (chain: ChainName, against: readonly ChainName[]): Difference[] =>
    suites.flatMap((requirements) => {
      const run = runOf(requirements, chain);
      const others = against.flatMap((each) => runOf(requirements, each) ?? []);
      return run && others.length > 0 ? differences(run, others) : [];
    });
  const guards = chains.flatMap((chain) => compare(chain, CHAINS[chain].against));
  const bridge = compare("bridge", ["direct"]);
  const failures = runs.flatMap(({ requirements, chain, outcome }) => [...outcome].flatMap(([scenario, found]) => found.failures.map((failure) => ({ requirements, chain, scenario, failure }))));
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ runs: runs.map((run) => ({ ...run, outcome: Object.fromEntries(run.outcome) })), clientRuns, differences: { guards, bridge, clients } }, null, 2)}\n`);
  } else {
    for (const requirements of values.mode === "client" ? [] : suites) process.stdout.write(`\n${table(runs, requirements)}\n`);
    for (const requirements of suites) if (clientRuns.length > 0) process.stdout.write(`\n${clientTable(clientRuns, requirements)}\n`);
    for (const { requirements, scenario, changed } of clients) process.stdout.write(`  ! ${requirements} ${scenario}: ends otherwise by ${changed.join(" and ")}\n`);
    if (values.failures) for (const { requirements, chain, scenario, failure } of failures) process.stdout.write(`  ${requirements} ${CHAINS[chain].title} ${scenario}: ${failure}\n`);
    if (bridge.length > 0) process.stdout.write(`\nThe bridge's own (no guard in it):\n${bridge.map(describe).join("\n")}\n`);
    if (guards.length > 0) process.stdout.write(`\nChanged by a guard:\n${guards.map(describe).join("\n")}\n`);
    process.stdout.write(`\ndelta = ${String(guards.length + clients.length)} scenarios, ${String(failures.length)} failed checks in ${String(runs.length)} runs, ${((performance.now() - start) / 1000).toFixed(0)} s\n`);
  }
  failed = guards.length + clients.length > 0;
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
process.exit(failed ? 1 : 0);
