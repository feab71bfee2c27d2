/** `npm run bench:wire`: what the guard costs on the wire beside a bare byte pipe, a proxy built from the SDK and mcp-proxy, as ratios; exits 1 when a must is missed by more than noise. `--json` for machines. */
import { cpus, loadavg, platform, release, totalmem } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { shown } from "./bench/figures.ts";
import { measureWire, WIRE_VARIANTS, type WireFigure, type WireMemory, type WireResult } from "./bench/wire.ts";
import { readyPeers } from "./peers.ts";

const MUST = { ratio: 1.15, startMs: 45, megabytes: 28 } as const;
const MOONSHOT = { ratio: 1.05, startMs: 28, megabytes: 18 } as const;

const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });
const say = (line = ""): void => void (values.json || process.stdout.write(`${line}\n`));
const machine = { cpu: cpus()[0]?.model.trim() ?? "unknown", cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), system: `${platform()} ${release()}`, node: process.versions.node, load: loadavg().map((each) => Number(each.toFixed(2))) };

say(`${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}, load ${machine.load.join(" ")}`);
say("SDK client, server-everything, sample policy with every detector, the guard started by the launcher that `sluice install` writes. Variants take turns. Trust the ratios.");
await readyPeers((line) => void process.stderr.write(`${line}\n`));
const result = await measureWire();
const missed = missedBy(result);
if (values.json) process.stdout.write(`${JSON.stringify({ machine, loadAfter: loadavg(), must: MUST, moonshot: MOONSHOT, missed, ...result }, null, 2)}\n`);
else print(result);
process.exit(missed.length > 0 ? 1 : 0);

function print({ calls, start, memory }: WireResult): void {
  say();
  say(row(["", ...WIRE_VARIANTS, "guard ÷ pipe"]));
  for (const { name, best, typical, unit, cpu } of calls) {
    say(row([name, ...WIRE_VARIANTS.map((variant) => `${shown(best[variant])} ${unit}`), `${(best.guard / best.pipe).toFixed(2)}×`]));
    say(row(["  p50 of all rounds", ...WIRE_VARIANTS.map((variant) => `${shown(typical[variant])} ${unit}`), `${(typical.guard / typical.pipe).toFixed(2)}×`]));
    say(row(["  CPU in the middle, a call", ...WIRE_VARIANTS.map((variant) => (cpu[variant] === null ? "–" : `${shown(cpu[variant])} µs`)), ""]));
  }
  say(row([start.name, ...WIRE_VARIANTS.map((variant) => `${shown(start.best[variant])} ms`), ""]));
  say(row(["  p50 of all starts", ...WIRE_VARIANTS.map((variant) => `${shown(start.typical[variant])} ms`), ""]));
  const megabytes = (of: WireMemory["idle"]): string[] => WIRE_VARIANTS.map((variant) => (of[variant] === null ? "–" : `${shown(of[variant])} MB`));
  say(row(["private memory, just started", ...megabytes(memory.afterStart), ""]));
  say(row(["  after all calls", ...megabytes(memory.afterCalls), ""]));
  say(row(["  after 15 s of rest", ...megabytes(memory.idle), ""]));
  say();
  say(`must: guard ÷ pipe at most ${MUST.ratio}×, start at most ${MUST.startMs} ms more than direct (here ${shown(start.best.guard - start.best.direct)}), memory at rest at most ${MUST.megabytes} MB`);
  say(`moonshot: ${MOONSHOT.ratio}×, ${MOONSHOT.startMs} ms, ${MOONSHOT.megabytes} MB`);
  say("Calls: the best round's median, then the median of all rounds' medians. The warm-up's garbage is in the memory after all calls.");
  say("Not equal work: pipe, SDK proxy and mcp-proxy judge and record nothing. mcp-proxy is another transport besides: HTTP towards the client, as it turns pipes into HTTP; its start includes waiting for its port.");
  for (const line of missed) say(`MISSED: ${line}`);
  say(`load now ${loadavg().map((each) => each.toFixed(2)).join(" ")}`);
}

/** A call is too slow only when clock and CPU agree: on a busy machine the clock alone says little. */
function missedBy({ calls, start, memory }: WireResult): string[] {
  const found: string[] = [];
  for (const figure of calls) {
    const ratio = figure.best.guard / figure.best.pipe;
    const allowed = MUST.ratio * (1 + noiseOf(figure));
    const busy = cpuRatio(figure);
    if (ratio > allowed && (busy === null || busy > MUST.ratio)) found.push(`${figure.name}: ${ratio.toFixed(2)}× the byte pipe, by CPU alone ${busy === null ? "not known" : `${busy.toFixed(2)}×`}; at most ${MUST.ratio}×`);
  }
  const added = start.best.guard - start.best.direct;
  if (added > MUST.startMs * (1 + Math.max(0, start.typical.direct / start.best.direct - 1))) found.push(`start: ${shown(added)} ms more than direct; at most ${MUST.startMs} ms`);
  const { guard } = memory.idle;
  if (guard !== null && guard > MUST.megabytes) found.push(`private memory at rest: ${shown(guard)} MB; at most ${MUST.megabytes} MB`);
  return found;
}

/** How far the byte pipe's usual round is from its best one. */
function noiseOf({ best, typical }: WireFigure): number {
  return Math.min(0.25, typical.pipe / best.pipe - 1);
}

/** What the call would take, in pipe calls, if the guard added nothing but its CPU time. */
function cpuRatio({ best, cpu }: WireFigure): number | null {
  return cpu.guard === null || cpu.pipe === null ? null : 1 + (cpu.guard - cpu.pipe) / best.pipe;
}

function row([head = "", ...cells]: readonly string[]): string {
  return `  ${head.padEnd(34)}${cells.map((cell) => cell.padStart(17)).join("")}`;
}
