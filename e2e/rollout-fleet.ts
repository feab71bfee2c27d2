/** A fleet on a simulated clock: many machines, each with the host's own update code and a memory of its own, poll one static folder. Counts what they ask for. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Bootstrap } from "../native-host/policy/bundle/bootstrap.ts";
import { nextPoll } from "../native-host/policy/bundle/schedule.ts";
import type { BundleSource, Fetched } from "../native-host/policy/bundle/source.ts";
import { updateBundle } from "../native-host/policy/bundle/update.ts";
import { NO_FLOOR, type Floor, type PollNote, type StoredBundle, type Vault } from "../native-host/policy/bundle/vault.ts";

export interface Traffic {
  requests: number;
  /** Answers without a body: nothing has changed, or nothing is there. */
  empty: number;
  bodyBytes: number;
}

export interface Fleet {
  readonly traffic: Traffic;
  /** Lets time pass until `until`; each machine looks when its own note says. */
  run(until: number): Promise<void>;
  /** How many machines have this revision. */
  have(revision: number): number;
  /** When the last of the machines that have it came to have it; null: none has. */
  lastTook(revision: number): number | null;
}

export interface FleetOptions {
  readonly machines: number;
  readonly folder: string;
  readonly rootSha256: string;
  readonly start: number;
  readonly scratch: string;
  readonly seed: number;
}

export function openFleet({ machines, folder, rootSha256, start, scratch, seed }: FleetOptions): Fleet {
  const traffic: Traffic = { requests: 0, empty: 0, bodyBytes: 0 };
  const source = countingFolder(folder, traffic);
  const chance = randomFrom(seed);
  const took = new Map<number, number>();
  const bootstrap: Bootstrap = { bundleUrl: "https://policy.example/", rootSha256, channel: "stable", minRevision: 0 };
  const fleet = Array.from({ length: machines }, (_, at) => ({ device: `machine-${at}`, vault: memoryVault(), revision: 0, nextAt: nextPoll(start, 0, chance()) - Math.floor(chance() * 12 * 60_000) }));
  let now = start;
  return {
    traffic,
    async run(until) {
      for (;;) {
        const next = fleet.reduce((first, each) => (each.nextAt < first.nextAt ? each : first));
        if (next.nextAt >= until) break;
        now = next.nextAt;
        const outcome = await updateBundle({ bootstrap, device: next.device, source, vault: next.vault, scratch, now, chance: chance() });
        if (outcome.kind === "trouble") throw new Error(`${next.device}: ${outcome.trouble.text}`);
        if (outcome.revision !== next.revision) took.set(outcome.revision, now);
        next.revision = outcome.revision;
        next.nextAt = (await next.vault.note())!.nextAt;
      }
      now = until;
    },
    have: (revision) => fleet.filter((each) => each.revision === revision).length,
    lastTook: (revision) => took.get(revision) ?? null,
  };
}

/** A static host with ETags, over a folder. */
function countingFolder(folder: string, traffic: Traffic): BundleSource {
  return {
    fetch(name, { maxBytes, etag }): Promise<Fetched> {
      traffic.requests++;
      let bytes: Buffer;
      try {
        bytes = readFileSync(join(folder, name));
      } catch {
        traffic.empty++;
        return Promise.resolve({ kind: "absent" });
      }
      const tag = createHash("sha256").update(bytes).digest("hex");
      if (tag === etag) {
        traffic.empty++;
        return Promise.resolve({ kind: "same" });
      }
      if (bytes.length > maxBytes) throw new Error(`${name} is too large`);
      traffic.bodyBytes += bytes.length;
      return Promise.resolve({ kind: "body", bytes, etag: tag });
    },
  };
}

function memoryVault(): Vault {
  let [bundle, previous]: (StoredBundle | null)[] = [null, null];
  let floor: Floor = NO_FLOOR;
  let note: PollNote | null = null;
  const done = Promise.resolve();
  return {
    bundle: () => Promise.resolve(bundle!),
    previous: () => Promise.resolve(previous!),
    keep: (next) => ((previous = bundle), (bundle = next), done),
    floor: () => Promise.resolve(floor),
    raise: (next) => ((floor = next), done),
    note: () => Promise.resolve(note),
    write: (next) => ((note = next), done),
    alone: (run) => run(),
  };
}

/** Repeatable chance (a linear congruential generator): what is measured must not change from run to run. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}
