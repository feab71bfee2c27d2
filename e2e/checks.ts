/** The checks of `npm test` and `npm run verify`, one after the other, and the line that sums them up. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { CACHE, ROOT } from "./places.ts";

export type CheckName = "types" | "lint" | "unit" | "browser" | "peers" | "conformance" | "cycles";

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** Names, so that nothing is left out in silence. */
  readonly skipped: readonly string[];
}

interface CheckOptions {
  /** `npm run verify`: long runs whole instead of as a slice. Tests read SLUICE_VERIFY. */
  readonly whole: boolean;
  /** Handed on to vitest, for example a file or `-t name`. */
  readonly extra: readonly string[];
  step(heading: string, run: (say: (line: string) => void) => Promise<string>): Promise<void>;
}

const HEADINGS: Readonly<Record<CheckName, string>> = { types: "Types", lint: "Lint", unit: "Unit tests", browser: "Browser tests", peers: "Real peers", conformance: "Conformance", cycles: "Kill cycles" };

/** Runs the named checks until one fails. @returns the exit code. */
export async function runChecks(names: readonly CheckName[], options: CheckOptions): Promise<number> {
  let total: Tally = { passed: 0, failed: 0, skipped: [] };
  for (const name of names) {
    let tally: Tally = total;
    await options.step(HEADINGS[name], async (say) => {
      say("");
      tally = await check(name, options);
      return tally.failed > 0 ? "FAILED" : outcome(tally);
    });
    total = { passed: total.passed + tally.passed, failed: total.failed + tally.failed, skipped: [...total.skipped, ...tally.skipped] };
    if (tally.failed > 0) break;
  }
  for (const name of total.skipped) process.stdout.write(`\nskipped: ${name}`);
  process.stdout.write(`\n${summary(total)}\n`);
  return total.failed > 0 ? 1 : 0;
}

/** The last line of a test run, in a form that machines read. */
export function summary(total: Tally): string {
  return `${String(total.passed)} passed, ${String(total.failed)} failed`;
}

function outcome(tally: Tally): string {
  return tally.passed === 0 ? "clean" : `${String(tally.passed)} passed`;
}

async function check(name: CheckName, options: CheckOptions): Promise<Tally> {
  switch (name) {
    case "types":
      return await all([["node_modules/typescript/bin/tsc", "-p", "shared"], ["node_modules/typescript/bin/tsc", "-p", "."]]);
    case "lint":
      return await all([["node_modules/oxlint/bin/oxlint"], ["e2e/floors.ts"]]);
    case "unit":
      return await vitest("unit", options);
    case "browser":
      return await vitest("e2e", options);
    case "peers":
      return await all([["e2e/wire-peers.ts"]]);
    case "conformance":
      return await all([["e2e/conformance.ts"]]);
    case "cycles":
      return await all([["e2e/cycles.ts"]]);
  }
}

/** Runs every command even after one has failed, so that a person sees all there is to mend. */
async function all(commands: readonly (readonly string[])[]): Promise<Tally> {
  let failed = 0;
  for (const command of commands) if ((await run(command)) !== 0) failed += 1;
  return { passed: 0, failed, skipped: [] };
}

async function vitest(project: string, options: CheckOptions): Promise<Tally> {
  mkdirSync(CACHE, { recursive: true });
  const report = join(CACHE, `vitest-${project}.json`);
  rmSync(report, { force: true });
  const code = await run(["node_modules/vitest/vitest.mjs", "run", "--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...options.extra], options.whole ? { SLUICE_VERIFY: "1" } : {});
  return tallyOf(readReport(report), code);
}

/** What we read of vitest's JSON report. */
interface VitestReport {
  readonly numPassedTests?: number;
  readonly numFailedTests?: number;
  readonly testResults?: readonly { readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[] }[];
}

/** Counts a run. A run that failed without a failed test (a file that did not load, an unhandled error, a crash) counts as one failure. */
export function tallyOf(report: unknown, exitCode: number): Tally {
  const { numPassedTests = 0, numFailedTests = 0, testResults = [] } = (report ?? {}) as VitestReport;
  const skipped = testResults.flatMap((file) => file.assertionResults.filter((test) => test.status !== "passed" && test.status !== "failed").map((test) => test.fullName));
  return { passed: numPassedTests, failed: exitCode === 0 ? numFailedTests : Math.max(numFailedTests, 1), skipped };
}

function readReport(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const path = [join(ROOT, "node_modules", ".bin"), process.env["PATH"] ?? ""].join(delimiter);
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, PATH: path, ...env } });
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}
