/** `node e2e/bench-simulate.ts [--events 100000] [--json]`: what it takes to ask a week of records again, as ratios to only parsing them. */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Readable, Writable } from "node:stream";
import { parseArgs } from "node:util";
import { isEventRecord } from "../shared/events/guard.ts";
import { exampleRecord } from "../shared/events/example-records.fixture.ts";
import policy from "../native-host/cli/policy.ts";
import { journalFiles, readLines } from "../native-host/cli/policy/recorded.ts";
import { openJournal } from "../native-host/journal/writer.ts";
import { shown } from "./bench/figures.ts";
import { ROOT } from "./places.ts";

const { values } = parseArgs({ options: { events: { type: "string", default: "100000" }, json: { type: "boolean", default: false } } });
const count = Number(values.events);
const POLICIES = ["docs/policy.sample.yaml", "docs/policies/balanced.yaml", "docs/policies/locked-down.yaml"];
const ROUNDS = 5;
const home = mkdtempSync(join(tmpdir(), "sluice-bench-"));
try {
  await writeRecords(join(home, "journal"));
  // Interleaved, so that a busy moment hits all alike.
  const best = new Map<string, number>();
  const measure = async (name: string, run: () => void | Promise<void>): Promise<void> => {
    const started = performance.now();
    await run();
    best.set(name, Math.min(best.get(name) ?? Infinity, performance.now() - started));
  };
  for (let round = 0; round < ROUNDS; round++) {
    await measure("parse", () => pass((line) => void JSON.parse(line)));
    await measure("parse and check", () => pass((line) => void isEventRecord(JSON.parse(line))));
    for (const file of POLICIES) await measure(`simulate ${file}`, () => simulate("simulate", "--policy", join(ROOT, file), "--json"));
    await measure("diff balanced locked-down", () => simulate("diff", join(ROOT, POLICIES[1]!), join(ROOT, POLICIES[2]!), "--since", "7d", "--json"));
  }
  const base = best.get("parse")!;
  const figures = [...best].map(([name, ms]) => ({ name, ms, ratio: ms / base }));
  if (values.json) process.stdout.write(`${JSON.stringify({ node: process.versions.node, load: loadavg(), events: count, figures }, null, 2)}\n`);
  else {
    process.stdout.write(`Node ${process.versions.node}, load ${loadavg().map((each) => each.toFixed(2)).join(" ")}, ${count.toLocaleString("en-US")} records. Best of ${ROUNDS} rounds; trust the ratios.\n`);
    for (const { name, ms, ratio } of figures) process.stdout.write(`  ${name.padEnd(44)}${`${shown(ms)} ms`.padStart(12)}${`${shown(ratio)}×`.padStart(9)}\n`);
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}

async function writeRecords(folder: string): Promise<void> {
  const journal = openJournal(folder, "guard");
  for (let at = 0; at < count; at++) {
    journal.append(exampleRecord(at));
    if (at % 2000 === 0) await journal.flush();
  }
  await journal.close();
}

function pass(visit: (line: string) => void): void {
  for (const { file } of journalFiles(join(home, "journal"), 0)) readLines(file, visit);
}

async function simulate(...argv: string[]): Promise<void> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  await policy.run(argv, { stdin: Readable.from([]), stdout: silent, stderr: silent, env: { SLUICE_HOME: home } });
}
