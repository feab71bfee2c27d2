/** Yeses for a while, beside the questions: what one guard was told holds for the next one, until it ends, the policy changes or the person takes it back. */
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isGood, type KeptGrant } from "../../shared/gate/grants.ts";
import { isKeptGrant } from "../../shared/messages/asks.ts";
import { draft, namesIn, prepareFolder, readOwn } from "./own-file.ts";

export interface GrantShelf {
  find(id: string): KeptGrant | undefined;
  /** @returns false where it cannot be written. */
  keep(grant: KeptGrant): boolean;
  /** Those that have not ended, the one that ends first at the head. */
  list(): KeptGrant[];
  /** @returns false: there was none. */
  revoke(id: string): boolean;
}

export const GRANT_FILE = "grant-";
/** More than a person gives in a week; the one that would end first gives way. */
const MAX_KEPT = 200;

/** @param state folder of the host's state. */
export function openGrantShelf(state: string, now: () => number = Date.now): GrantShelf {
  const dir = join(state, "approvals");
  const place = (id: string): string => join(dir, `${GRANT_FILE}${id}.json`);

  function find(id: string): KeptGrant | undefined {
    const grant = readOwn(place(id));
    return isKeptGrant(grant) && grant.id === id ? grant : undefined;
  }

  /** What is over, or no grant at all, is taken away in passing. */
  function list(): KeptGrant[] {
    const grants = namesIn(dir).flatMap((name) => {
      if (!name.startsWith(GRANT_FILE)) return [];
      const grant = find(name.slice(GRANT_FILE.length, -".json".length));
      if (grant && now() < grant.given + grant.span) return [grant];
      try {
        rmSync(join(dir, name), { force: true });
      } catch {
        // Whatever it is, it is no grant.
      }
      return [];
    });
    return grants.toSorted((a, b) => a.given + a.span - (b.given + b.span));
  }

  return {
    find,
    keep(grant) {
      try {
        prepareFolder(dir);
        const others = list().filter(({ id }) => id !== grant.id);
        for (const { id } of others.slice(0, Math.max(0, others.length + 1 - MAX_KEPT))) rmSync(place(id), { force: true });
        renameSync(draft(dir, grant), place(grant.id));
        return true;
      } catch {
        return false;
      }
    },
    list: () => list().filter((grant) => isGood(grant, now())),
    revoke(id) {
      const was = find(id) !== undefined;
      rmSync(place(id), { force: true });
      return was;
    },
  };
}
