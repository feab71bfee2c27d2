/** What runs of the suite have in common and where they part, for people and for the exit code. */
import { CHAINS, type ChainName } from "./chains.ts";
import type { Requirements, ScenarioOutcome, SuiteOutcome } from "./suite.ts";

export interface Run {
  readonly requirements: Requirements;
  readonly chain: ChainName;
  readonly seconds: number;
  readonly outcome: SuiteOutcome;
}

export interface Difference {
  readonly requirements: Requirements;
  readonly scenario: string;
  readonly chain: ChainName;
  readonly against: readonly ChainName[];
  readonly lost: readonly string[];
  readonly gained: readonly string[];
}

/** Checks that ended in this run as in none of the others. */
export function differences(run: Run, others: readonly Run[]): Difference[] {
  const scenarios = [...new Set([run, ...others].flatMap(({ outcome }) => [...outcome.keys()]))];
  return scenarios.flatMap((scenario) => {
    const mine = run.outcome.get(scenario)?.checks ?? [];
    const theirs = others.map((other) => other.outcome.get(scenario)?.checks ?? []);
    const lost = inAll(theirs.map((checks) => without(checks, mine)));
    const gained = inAll(theirs.map((checks) => without(mine, checks)));
    return lost.length + gained.length === 0 ? [] : [{ requirements: run.requirements, scenario, chain: run.chain, against: others.map(({ chain }) => chain), lost, gained }];
  });
}

function inAll([first = [], ...others]: readonly string[][]): string[] {
  return others.reduce((kept, other) => without(kept, without(kept, other)), first);
}

function without(all: readonly string[], taken: readonly string[]): string[] {
  const rest = [...taken];
  return all.filter((each) => {
    const at = rest.indexOf(each);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

/** Scenarios by chains, checks passed and failed in each. */
export function table(runs: readonly Run[], requirements: Requirements): string {
  const mine = runs.filter((run) => run.requirements === requirements);
  const scenarios = [...new Set(mine.flatMap(({ outcome }) => [...outcome.keys()]))];
  const cell = (outcome: ScenarioOutcome | undefined): string => (outcome === undefined ? "-" : `${outcome.passed}/${outcome.failed}`);
  const rows = scenarios.map((scenario) => [scenario, ...mine.map(({ outcome }) => cell(outcome.get(scenario)))]);
  const totals = mine.map(({ outcome }) => cell([...outcome.values()].reduce((sum, { passed, failed }) => ({ ...sum, passed: sum.passed + passed, failed: sum.failed + failed }), { passed: 0, failed: 0, checks: [], failures: [] })));
  const lines = [[`${requirements} (passed/failed)`, ...mine.map(({ chain }) => CHAINS[chain].title)], ...rows, ["all checks", ...totals], ["seconds", ...mine.map(({ seconds }) => seconds.toFixed(1))]];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines.map((line) => line.map((word, column) => (column === 0 ? word.padEnd(widths[0]!) : word.padStart(widths[column]!))).join("  ")).join("\n");
}

/** One difference for people. */
export function describe({ requirements, scenario, chain, against, lost, gained }: Difference): string {
  return `  ${requirements} ${scenario}: ${CHAINS[chain].title} against ${against.map((each) => CHAINS[each].title).join(" and ")}\n${[...lost.map((check) => `    - ${check}`), ...gained.map((check) => `    + ${check}`)].join("\n")}`;
}
