/** Many voices, one decision: the strictest effect wins, monitored voices are heard but not obeyed, redactions add up. */
import type { Decision, Matched, Redaction } from "./decision.ts";
import { holdOf } from "./hold.ts";
import { EFFECTS, REDACTION_STYLES, type Effect, type HoldWords } from "./language.ts";

/** What one matching rule or entry asks for. */
export interface Voice extends Matched {
  readonly message: string | null;
  readonly learnMore: string | null;
  readonly severity: Decision["severity"];
  readonly redactions: readonly Redaction[];
  /** Terms on which a person may let it pass. */
  readonly words: HoldWords;
}

const RANK: Readonly<Record<Effect, number>> = Object.fromEntries(EFFECTS.map((effect, rank) => [effect, rank])) as Record<Effect, number>;
const SEVERITIES: readonly Decision["severity"][] = [null, "low", "medium", "high", "critical"];

export function stricter(a: Effect, b: Effect): Effect {
  return RANK[a] >= RANK[b] ? a : b;
}

export function isRestricting(effect: Effect): boolean {
  return RANK[effect] >= RANK.monitor;
}

/** @returns below zero when `a` is the looser. */
export function compareEffects(a: Effect, b: Effect): number {
  return RANK[a] - RANK[b];
}

/** What really happens because of one voice. */
function enforcedOf(voice: Voice): Effect {
  return voice.mode === "enforce" || RANK[voice.effect] <= RANK.monitor ? voice.effect : "monitor";
}

export function concludeFrom(voices: readonly Voice[], policy: Decision["policy"]): Decision {
  let effect: Effect = "allow";
  let enforced: Effect = "allow";
  for (const voice of voices) {
    effect = stricter(effect, voice.effect);
    enforced = stricter(enforced, enforcedOf(voice));
  }
  const winner = effect === "allow" ? undefined : voices.filter((voice) => voice.effect === effect).reduce((a, b) => (speaksBefore(a, b) ? a : b));
  const wordsOf = (asked: Effect): HoldWords[] => voices.filter((voice) => enforcedOf(voice) === asked).map(({ words }) => words);
  return {
    effect,
    enforced,
    decidedBy: winner?.id ?? null,
    title: winner?.title ?? null,
    message: winner?.message ?? null,
    learnMore: winner?.learnMore ?? null,
    severity: winner?.severity ?? null,
    matched: [...voices].sort((a, b) => compareEffects(b.effect, a.effect) || (speaksBefore(a, b) ? -1 : 1)).map(({ kind, id, title, effect: asked, mode, clauses }) => ({ kind, id, title, effect: asked, mode, clauses })),
    redactions: mergeRedactions(voices),
    ...((enforced === "coach" || enforced === "approve") && { hold: holdOf(enforced, wordsOf(enforced), enforced === "approve" ? wordsOf("coach") : []) }),
    policy,
  };
}

/** Among equals: who is obeyed, who has words for the person, who is graver; the id settles the rest, so that order in the file never matters. */
function speaksBefore(a: Voice, b: Voice): boolean {
  if (a.mode !== b.mode) return a.mode === "enforce";
  if ((a.message === null) !== (b.message === null)) return a.message !== null;
  if (a.kind !== b.kind) return a.kind === "admission";
  const graver = SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
  return graver !== 0 ? graver > 0 : a.id < b.id;
}

/** Of obeyed voices only. Where two styles meet, the one that shows less stays. */
function mergeRedactions(voices: readonly Voice[]): Redaction[] {
  const byFinding = new Map<number, Redaction>();
  for (const voice of voices) {
    if (voice.mode !== "enforce") continue;
    for (const redaction of voice.redactions) {
      const other = byFinding.get(redaction.finding);
      if (!other || REDACTION_STYLES.indexOf(redaction.style) < REDACTION_STYLES.indexOf(other.style)) byFinding.set(redaction.finding, redaction);
    }
  }
  return [...byFinding.values()].sort((a, b) => a.finding - b.finding);
}
