/** `node e2e/cycles.ts [--count 1000] [--seed N] [--json]`: starts, stops and kills guards, their servers and their clients at random moments. No process may be left, nothing may hang, and the journal must be whole. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { surveyJournal } from "../native-host/journal/reader.ts";
import { listSegments, verifySegment } from "../native-host/journal/segment.ts";
import { buildHost } from "./build.ts";
import { planCycle, runCycle, type Plan } from "./cycles/cycle.ts";
import { HOST_BUNDLE } from "./stage.ts";

const PARALLEL = 2;
const PROGRESS_MS = 5000;
const POLICY = "version: 1\nid: cycles\ntitle: Cycles\nrevision: 1\nmode: enforce\nadmission:\n  default: allow\n  servers: []\nrules: []\n";

const { values } = parseArgs({ options: { count: { type: "string", default: "1000" }, seed: { type: "string" }, json: { type: "boolean", default: false } } });
const count = Number(values.count);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed)) {
  process.stderr.write("--count and --seed take whole numbers.\n");
  process.exit(2);
}
await buildHost();

const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`);
const random = numbersFrom(seed);
const plans = Array.from({ length: count }, (_, number) => planCycle(number, random));
const folder = mkdtempSync(join(tmpdir(), "sluice-cycles-"));
const home = join(folder, "home");
mkdirSync(home, { mode: 0o700 });
writeFileSync(join(home, "policy.yaml"), POLICY, { mode: 0o600 });

// A copy of its own: a build that somebody starts meanwhile must not change the program under running cycles.
cpSync(dirname(HOST_BUNDLE), join(folder, "host"), { recursive: true });

const began = performance.now();
let next = 0, done = 0, orphans = 0, hangs = 0, slowestMs = 0;
const progress = setInterval(() => say(`${String(done)} of ${String(count)} cycles, orphans: ${String(orphans)}, hangs: ${String(hangs)}`), PROGRESS_MS);
await Promise.all(Array.from({ length: PARALLEL }, work));
clearInterval(progress);
const journal = await checkJournal();
rmSync(folder, { recursive: true, force: true, maxRetries: 5 });

const seconds = Math.round((performance.now() - began) / 1000);
if (values.json) process.stdout.write(`${JSON.stringify({ cycles: done, orphans, hangs, seed, seconds, slowestMs: Math.round(slowestMs), journal })}\n`);
say(`journal: ${String(journal.segments)} segments, ${String(journal.records)} records, chains broken: ${String(journal.broken)}, lines refused: ${String(journal.refused)}, cut short by a kill: ${String(journal.torn)}, sessions without an end: ${String(journal.unended)}`);
say(`cycles: ${String(done)}, orphans: ${String(orphans)}, hangs: ${String(hangs)} (seed ${String(seed)}, ${String(seconds)} s, slowest ${(slowestMs / 1000).toFixed(1)} s)`);
process.exitCode = orphans + hangs + journal.faults === 0 ? 0 : 1;

async function work(): Promise<void> {
  for (let plan = plans[next++]; plan; plan = plans[next++]) {
    const result = await runCycle(plan, home, folder);
    done++;
    orphans += result.orphans;
    if (result.hang !== null) hangs++;
    slowestMs = Math.max(slowestMs, result.ms);
    if (result.orphans > 0 || result.hang !== null) say(`cycle ${describe(plan)}: ${String(result.orphans)} left, ${result.hang ?? "no hang"}`);
  }
}

function describe({ number, manner, end, afterReply, delayMs }: Plan): string {
  return `${String(number)} (server ${manner}, ${end} ${String(delayMs)} ms after the ${afterReply ? "first reply" : "start"})`;
}

/** Every line stands in an unbroken chain, and only a guard that was itself ended may leave a session open or a line half written. */
async function checkJournal(): Promise<{ segments: number; records: number; broken: number; refused: number; torn: number; unended: number; faults: number }> {
  const dir = join(home, "journal");
  const { records, segments, torn, refused, newer } = await surveyJournal(dir);
  let broken = 0;
  for (const { file } of listSegments(dir)) if (!(await verifySegment(file)).ok) broken++;
  const open = new Set(records.flatMap((record) => (record.kind === "session.started" ? [record.channel] : [])));
  for (const record of records) if (record.kind === "session.ended") open.delete(record.channel);
  const ended = plans.filter((plan) => plan.end === "guard killed" || plan.end === "guard told to end").length;
  const killed = plans.filter((plan) => plan.end === "guard killed").length;
  const faults = broken + refused + newer + Math.max(0, torn - killed) + Math.max(0, open.size - ended) + (records.length === 0 ? 1 : 0);
  return { segments, records: records.length, broken, refused: refused + newer, torn, unended: open.size, faults };
}

/** Mulberry32: small, and the same numbers for the same seed everywhere. */
function numbersFrom(start: number): () => number {
  let state = start | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
