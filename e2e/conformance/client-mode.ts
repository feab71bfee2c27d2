/** The suite's client scenarios: its server, our client, and a guard in between. What the server sees of the client must not change. */
import { fileURLToPath } from "node:url";
import process from "node:process";
import { envOf, type GuardPlace } from "./chains.ts";
import { WAYS, type Way } from "./ways.ts";
import { runClientScenario, type Requirements, type ScenarioOutcome } from "./suite.ts";

const CLIENT = fileURLToPath(new URL("client.ts", import.meta.url));

/**
 * Both requirement sets but for authorization: a sign-in is bound to the server's own address, so no guard under another one carries it (it says so, see native-host/guard/http/words.ts),
 * and there is nothing to compare. A guard before a command (`guard --`) has no place here: the suite's servers speak HTTP only.
 */
const SCENARIOS: Readonly<Record<Requirements, readonly string[]>> = {
  "2025-11-25": ["initialize", "tools_call", "elicitation-sep1034-client-defaults", "sse-retry", "json-schema-2020-12-preservation"],
  "2026-07-28": ["tools_call", "request-metadata", "sep-2322-client-request-state", "http-standard-headers", "http-custom-headers", "http-invalid-tool-headers", "json-schema-ref-no-deref", "json-schema-2020-12-preservation"],
};

export interface ClientRun {
  readonly requirements: Requirements;
  readonly scenario: string;
  readonly outcome: Readonly<Record<Way, ScenarioOutcome>>;
  /** Ways whose checks ended otherwise than without a guard. */
  readonly changed: readonly Way[];
}

/** One after the other: with two cores the suite's own time-outs strike when they run at once. @param only one scenario instead of all. */
export async function runClientMode(place: GuardPlace, requirements: Requirements, only?: string): Promise<ClientRun[]> {
  const runs: ClientRun[] = [];
  for (const scenario of SCENARIOS[requirements].filter((each) => only === undefined || each === only)) {
    const outcome = {} as Record<Way, ScenarioOutcome>;
    for (const way of WAYS) outcome[way] = await runClientScenario(`${process.execPath} ${CLIENT} ${way} ${place.sluice}`, envOf(place), requirements, scenario);
    const ends = (way: Way): string => JSON.stringify(outcome[way].checks);
    runs.push({ requirements, scenario, outcome, changed: WAYS.filter((way) => ends(way) !== ends("direct")) });
  }
  return runs;
}

/** Scenarios by ways, checks passed and failed in each. */
export function clientTable(runs: readonly ClientRun[], requirements: Requirements): string {
  const cell = ({ passed, failed }: ScenarioOutcome): string => `${passed}/${failed}`;
  const rows = runs.filter((run) => run.requirements === requirements).map(({ scenario, outcome, changed }) => [scenario, ...WAYS.map((way) => cell(outcome[way]) + (changed.includes(way) ? " !" : ""))]);
  return [[`${requirements}, client mode (passed/failed)`, "HTTP", "guard --listen", "guard --url"], ...rows].map((row) => row.map((word, column) => (column === 0 ? word.padEnd(44) : word.padStart(16))).join("")).join("\n");
}
