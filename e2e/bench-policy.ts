/** `npm run bench:policy`: what a decision costs with 500, 1,000 and 5,000 rules, as ratios to a plain look at every rule. `--json` prints the figures for machines. */
import { loadavg } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { shown } from "./bench/figures.ts";
import { measurePolicies } from "./bench/policy.ts";

const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });
const figures = await measurePolicies();
if (values.json) process.stdout.write(`${JSON.stringify({ node: process.versions.node, load: loadavg(), policies: figures }, null, 2)}\n`);
else {
  process.stdout.write(`Node ${process.versions.node}, load ${loadavg().map((each) => each.toFixed(2)).join(" ")}. Best of five rounds; trust the ratios, not the microseconds.\n`);
  for (const { rules, entries, validate, compile, decide } of figures) {
    process.stdout.write(`\n${rules} rules, ${entries} server entries: checked in ${shown(validate)} ms, compiled in ${shown(compile)} ms\n`);
    for (const { name, best } of decide) process.stdout.write(`  ${name.padEnd(34)}${`${shown(best.compiled)} µs`.padStart(12)}${`plain ${shown(best.plain)} µs`.padStart(18)}${`${shown(best.plain / best.compiled)}×`.padStart(10)}\n`);
  }
  process.stdout.write("\n  must (two quiet cores, 1,000 rules): first message at most 10 µs, later message with nothing found at most 1 µs\n");
}
