/** Runs scenarios of the conformance suite, against a server or around a client, and reads what it found. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { PEERS } from "../peers.ts";

export const REQUIREMENTS = ["2025-11-25", "2026-07-28"] as const;
export type Requirements = (typeof REQUIREMENTS)[number];

/** Checks of one scenario by their id; the same id may be checked several times. */
export interface ScenarioOutcome {
  readonly passed: number;
  readonly failed: number;
  /** Every check with its status, in a form that compares. */
  readonly checks: readonly string[];
  /** What the suite said about the failed ones. */
  readonly failures: readonly string[];
}

export type SuiteOutcome = ReadonlyMap<string, ScenarioOutcome>;

interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
}

const SUITE = join(PEERS, "node_modules", "@modelcontextprotocol", "conformance", "dist", "index.js");

/** @param only one scenario instead of the whole set. */
export async function runSuite(url: string, requirements: Requirements, only?: string): Promise<SuiteOutcome> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-conformance-"));
  try {
    const choice = only === undefined ? ["--requirements", requirements] : ["--scenario", only, "--spec-version", requirements, "--force"];
    const child = spawn(process.execPath, [SUITE, "server", "--url", url, ...choice, "-o", folder], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
    // Its exit code tells of failed checks, which are counted here, one by one.
    await once(child, "close");
    const outcome = readOutcome(folder);
    if (outcome.size === 0) throw new Error(`the conformance suite left no results for ${url}:\n${said}`);
    return outcome;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param command of the client under test; the suite adds the address of its own server. */
export async function runClientScenario(command: string, env: NodeJS.ProcessEnv, requirements: Requirements, scenario: string): Promise<ScenarioOutcome> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-conformance-"));
  try {
    const child = spawn(process.execPath, [SUITE, "client", "--command", command, "--scenario", scenario, "--spec-version", requirements, "-o", folder], { stdio: ["ignore", "pipe", "pipe"], env });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
    await once(child, "close");
    const found = readOutcome(folder).get(scenario);
    if (!found || found.checks.length === 0) throw new Error(`the conformance suite left no results for the client scenario ${scenario}:\n${said}`);
    return found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Folders are named `server-<scenario>-<time>`, those of clients `<scenario>-<time>`. */
function readOutcome(folder: string): SuiteOutcome {
  const found = new Map<string, ScenarioOutcome>();
  for (const name of readdirSync(folder)) {
    const scenario = /^(?:server-)?(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(name)?.[1];
    if (scenario === undefined) continue;
    const checks = JSON.parse(readFileSync(join(folder, name, "checks.json"), "utf8")) as Check[];
    const scored = checks.filter(({ status }) => status !== "INFO");
    found.set(scenario, {
      passed: scored.filter(({ status }) => status === "SUCCESS").length,
      failed: scored.filter(({ status }) => status === "FAILURE").length,
      checks: scored.map(({ id, status }) => `${id}: ${status}`).sort(),
      failures: scored.filter(({ status }) => status === "FAILURE").map(({ id, errorMessage = "" }) => `${id}: ${errorMessage}`),
    });
  }
  return found;
}
