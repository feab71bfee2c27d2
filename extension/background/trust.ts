/** Keeps the scores that rules on trust read: one small object in storage, written when a score changes. */
import type { ServerEntry } from "../../shared/inventory/entry.ts";
import { scoreServer } from "../../shared/inventory/score.ts";
import type { RiskLevel } from "../../shared/policy/language.ts";

export type TrustScores = Readonly<Record<string, { readonly score: number; readonly level: RiskLevel }>>;

export interface TrustDoors {
  load(): Promise<TrustScores>;
  save(scores: TrustScores): Promise<void>;
}

export interface Trust {
  /** These rows changed. */
  update(servers: readonly ServerEntry[]): Promise<void>;
  /** These rows are all there are. */
  rebuild(servers: readonly ServerEntry[]): Promise<void>;
}

export function createTrust(doors: TrustDoors): Trust {
  let scores: TrustScores | null = null;
  let turn: Promise<void> = Promise.resolve();

  function change(make: (before: TrustScores) => TrustScores): Promise<void> {
    const next = turn.then(async () => {
      scores ??= await doors.load();
      const after = make(scores);
      if (same(scores, after)) return;
      scores = after;
      await doors.save(after);
    });
    turn = next.catch(() => undefined);
    return next;
  }

  return {
    update: (servers) => change((before) => ({ ...before, ...scoresOf(servers) })),
    rebuild: (servers) => change(() => scoresOf(servers)),
  };
}

function scoresOf(servers: readonly ServerEntry[]): TrustScores {
  return Object.fromEntries(
    servers.map((entry) => {
      const { score, level } = scoreServer(entry);
      return [entry.id, { score, level }];
    }),
  );
}

function same(a: TrustScores, b: TrustScores): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key]?.score === b[key]?.score && a[key]?.level === b[key]?.level);
}
