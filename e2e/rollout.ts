/** `npm run rollout`: 1,000 simulated machines follow one static folder through a canary, a full release and an emergency revocation; prints how long each took and what it cost. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import type { Result } from "../shared/base/result.ts";
import type { Policy } from "../shared/policy/language.ts";
import { readRepository, type Repository } from "../native-host/policy/bundle/metadata.ts";
import { releasesIn, renew, sameKeys, settled, withRelease, writeList, writeRoot } from "../native-host/policy/bundle/publish.ts";
import { createKeyFiles, readSigningKey } from "../native-host/policy/signing.ts";
import { openFleet, type Traffic } from "./rollout-fleet.ts";

const HOUR = 60 * 60_000;
const MINUTE = 60_000;
const START = Date.UTC(2031, 0, 1);

export interface Phase {
  readonly name: string;
  /** Machines that run what this phase was to bring them, of all. */
  readonly reached: number;
  readonly expected: number;
  /** From publishing to the last of them. */
  readonly minutes: number;
}

export interface RolloutReport {
  readonly machines: number;
  readonly hours: number;
  readonly phases: readonly Phase[];
  readonly traffic: Traffic;
  /** Of a quiet time, in which only the daily renewal happens; a machine and day. */
  readonly quiet: Traffic;
}

/** A policy as a company has it: forty servers, forty rules. */
function aPolicy(revision: number): Policy {
  const servers = Array.from({ length: 40 }, (_, at) => ({ id: `server-${at}`, title: `Server number ${at}`, match: { url: `https://mcp${at}.example/*` }, effect: "allow" as const, owner: "platform@example" }));
  const rules = Array.from({ length: 40 }, (_, at) => ({ id: `rule-${at}`, title: `Secrets do not go to tool ${at}`, when: { tool: `write_${at}_*`, data: { any: ["secret.*"], minConfidence: "high" as const } }, effect: "block" as const }));
  return { version: 1, id: "acme", revision, mode: "enforce", admission: { default: "approve", servers }, rules };
}

export async function simulateRollout(machines: number, quietHours: number, say: (line: string) => void = () => undefined): Promise<RolloutReport> {
  const scratch = mkdtempSync(join(tmpdir(), "sluice-rollout-"));
  try {
    return await simulate(machines, quietHours, scratch, say);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function simulate(machines: number, quietHours: number, scratch: string, say: (line: string) => void): Promise<RolloutReport> {
  const folder = join(scratch, "site");
  const keys = [must(readSigningKey(createKeyFiles().secret))];
  const repository = async (): Promise<Repository> => must(await readRepository(folder, keys))!;
  const publish = async (now: number, revision: number, rollout: number): Promise<void> => {
    const before = await repository();
    must(await writeList({ folder, keys, now }, before, withRelease(releasesIn(before), { policy: aPolicy(revision), channel: "stable", rollout, failMode: "closed", graceDays: 14 })));
  };
  const { sha256 } = must(await writeRoot({ folder, keys, now: START }, null, sameKeys(keys, 1)));
  await publish(START, 1, 100);
  const fleet = openFleet({ machines, folder, rootSha256: sha256, start: START, scratch, seed: 2026 });
  const phases: Phase[] = [];
  let now = START;

  async function phase(name: string, revision: number, hours: number, expected = machines): Promise<void> {
    const began = now;
    await fleet.run((now += hours * HOUR));
    const last = fleet.lastTook(revision);
    phases.push({ name, reached: fleet.have(revision), expected, minutes: last === null ? 0 : Math.ceil((last - began) / MINUTE) });
    say(`  ${name}: done`);
  }

  await phase("first policy", 1, 1);
  const before = { ...fleet.traffic };
  await fleet.run((now += (quietHours / 2) * HOUR));
  must(await renew({ folder, keys, now }, await repository()));
  await fleet.run((now += (quietHours / 2) * HOUR));
  const quiet = perDay(before, fleet.traffic, machines, quietHours);
  await publish(now, 2, 10);
  await phase("canary, 10 %", 2, 2, Math.round(machines / 10));
  const raising = await repository();
  must(await writeList({ folder, keys, now }, raising, { releases: settled(releasesIn(raising).map((each) => (each.revision === 2 ? { ...each, rollout: 100 } : each)), "stable"), texts: {} }));
  await phase("raised to 100 %", 2, 2);
  await publish(now, 3, 10);
  await phase("next canary, 10 %", 3, 1, Math.round(machines / 10));
  await publish(now, 4, 100);
  await phase("revoked for all", 4, 2);
  return { machines, hours: (now - START) / HOUR, phases, traffic: fleet.traffic, quiet };
}

function perDay(before: Traffic, after: Traffic, machines: number, hours: number): Traffic {
  const share = (a: number, b: number): number => ((b - a) / machines / hours) * 24;
  return { requests: share(before.requests, after.requests), empty: share(before.empty, after.empty), bodyBytes: share(before.bodyBytes, after.bodyBytes) };
}

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.why);
  return result.value;
}

/** Request and answer line with headers, as browsers' and CDNs' logs show them; TLS comes on top. */
const HEADER_BYTES = 700;

function table({ machines, hours, phases, traffic, quiet }: RolloutReport): string {
  const row = (...cells: (string | number)[]): string => `  ${String(cells[0]).padEnd(20)}${cells.slice(1).map((cell) => String(cell).padStart(16)).join("")}\n`;
  const perRequest = traffic.bodyBytes / traffic.requests;
  return [
    `${machines.toLocaleString("en-US")} machines, ${hours} simulated hours, one static folder\n\n`,
    row("phase", "machines", "meant", "all within"),
    ...phases.map(({ name, reached, expected, minutes }) => row(name, reached, expected === machines ? expected : `about ${expected}`, `${minutes} min`)),
    `\nA machine and day, when only the daily renewal happens:\n`,
    row("requests", quiet.requests.toFixed(1)),
    row("  without a body", quiet.empty.toFixed(1)),
    row("bytes of bodies", Math.round(quiet.bodyBytes).toLocaleString("en-US")),
    row("bytes with headers", Math.round(quiet.bodyBytes + quiet.requests * HEADER_BYTES).toLocaleString("en-US")),
    `\nThe whole time: ${traffic.requests.toLocaleString("en-US")} requests (${traffic.empty.toLocaleString("en-US")} without a body), ${(traffic.bodyBytes / 1e6).toFixed(1)} MB of bodies, ${Math.round(perRequest)} bytes each on average\n`,
  ].join("");
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const machines = Number(process.argv[2] ?? 1000);
  const began = performance.now();
  const report = await simulateRollout(machines, 24, (line) => process.stderr.write(`${line}\n`));
  process.stdout.write(table(report));
  process.stderr.write(`simulated in ${Math.round((performance.now() - began) / 1000)} s\n`);
}
