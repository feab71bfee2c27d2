/** What a person has allowed beyond one call: which rule, for which server and tool, until when. Only in memory, and only for the connection or process that asked. */
import type { Direction } from "../mcp/channel.ts";
import type { Matched } from "../policy/decision.ts";
import type { Scope } from "./ask.ts";

/** What a grant is about. */
export interface Grantable {
  readonly matched: Pick<Matched, "kind" | "id" | "clauses">;
  readonly client: string;
  readonly server: string;
  readonly subject: string | null;
  readonly direction: Direction;
}

/** More than a person answers in a session; the oldest gives way, and is asked again. */
const MAX_GRANTS = 500;
const HOUR_MS = 3_600_000;

export class Grants {
  /** Key → last moment, Infinity for the session. */
  readonly #until = new Map<string, number>();

  add(about: Grantable, scope: Exclude<Scope, "once">, now: number): void {
    const key = keyOf(about);
    this.#until.delete(key);
    this.#until.set(key, scope === "hour" ? now + HOUR_MS : Infinity);
    if (this.#until.size > MAX_GRANTS) this.#until.delete(this.#until.keys().next().value!);
  }

  /** @param scopes what the rule offers now: a scope that it no longer offers no longer counts. */
  covers(about: Grantable, scopes: readonly Scope[], now: number): boolean {
    const until = this.#until.get(keyOf(about));
    if (until === undefined) return false;
    return until === Infinity ? scopes.includes("session") : scopes.includes("hour") && now < until;
  }
}

/** Who admits a server admits it as a whole, in both directions, unless the entry speaks of one tool. */
function keyOf({ matched, client, server, subject, direction }: Grantable): string {
  const isWhole = matched.kind === "admission" && !isAboutTool(matched);
  return JSON.stringify([matched.id, client, server, ...(isWhole ? ["*"] : [subject, matched.kind === "admission" ? "*" : direction])]);
}

export function isAboutTool(matched: Pick<Matched, "clauses">): boolean {
  return matched.clauses.some((clause) => clause.startsWith("tool "));
}
