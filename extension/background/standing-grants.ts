/** What the person has allowed on pages for a while. Pages come and go; this lasts until the while is over, the policy changes or the browser ends. */
import type { Answer, Ask } from "../../shared/gate/ask.ts";
import { answerFrom, grantsOf, isGood, type KeptGrant } from "../../shared/gate/grants.ts";
import { isKeptGrant } from "../../shared/messages/asks.ts";
import type { PolicySnapshot } from "../../shared/messages/extension.ts";

export interface GrantDoors {
  load(): Promise<unknown>;
  save(grants: readonly KeptGrant[]): Promise<void>;
  /** Null: none is known. */
  policy(): Promise<Pick<PolicySnapshot, "digest" | "policy"> | null>;
  now(): number;
}

export interface StandingGrants {
  /** The answer that an earlier yes has given to this question. */
  answerTo(ask: Ask): Promise<Answer | null>;
  /** A person has answered this question. */
  learn(ask: Ask, answer: Answer): Promise<void>;
}

/** More than a person gives in a week; the one that would end first gives way. */
const MAX_KEPT = 200;

/** Calls must not overlap: whoever holds the book of questions takes care of that. */
export function createStandingGrants(doors: GrantDoors): StandingGrants {
  async function load(): Promise<readonly KeptGrant[]> {
    const found = await doors.load();
    return Array.isArray(found) ? found.filter(isKeptGrant) : [];
  }

  return {
    async answerTo(ask) {
      const kept = await load();
      const current = kept.length > 0 ? await doors.policy() : null;
      return current && answerFrom(kept, ask, current.digest, doors.now());
    },
    async learn(ask, answer) {
      const current = await doors.policy();
      // The person has read a question of another policy than the one in force by now: that yes was for the one call.
      if (!current || current.policy.id !== ask.policy.id || current.policy.revision !== ask.policy.revision) return;
      const fresh = grantsOf(ask, answer, current.digest, doors.now());
      if (fresh.length === 0) return;
      const stays = (grant: KeptGrant): boolean => grant.policy === current.digest && isGood(grant, doors.now()) && fresh.every(({ id }) => id !== grant.id);
      const all = [...(await load()).filter(stays), ...fresh].toSorted((a, b) => a.given + a.span - (b.given + b.span));
      await doors.save(all.slice(-MAX_KEPT));
    },
  };
}
