/** What a person has allowed beyond one call: which rule, for which server and tool, until when. Only in memory, and only for the connection or process that asked. */
import type { Direction } from "../mcp/channel.ts";
import type { SubjectFacts } from "./summary.ts";
import type { Matched, Span } from "../policy/decision.ts";

/** What a grant is about. */
export interface Grantable {
  readonly matched: Pick<Matched, "kind" | "id" | "clauses">;
  readonly client: string;
  readonly server: string;
  /** Kind and name of what the message is about; null: of nothing that has a name. */
  readonly thing: string | null;
  readonly direction: Direction;
}

interface Grant {
  readonly given: number;
  readonly span: Exclude<Span, "call">;
}

/** More than a person answers in a session; the oldest gives way, and is asked again. */
const MAX_GRANTS = 500;

export class Grants {
  readonly #given = new Map<string, Grant>();

  add(about: Grantable, span: Grant["span"], now: number): void {
    const key = keyOf(about);
    this.#given.delete(key);
    this.#given.set(key, { given: now, span });
    if (this.#given.size > MAX_GRANTS) this.#given.delete(this.#given.keys().next().value!);
  }

  /** @param spans what is offered now: what is no longer offered no longer counts, and a shorter while counts at once. */
  covers(about: Grantable, spans: readonly Span[], now: number): boolean {
    const grant = this.#given.get(keyOf(about));
    if (!grant) return false;
    if (grant.span === "session") return spans.includes("session");
    const longest = Math.max(0, ...spans.filter((span) => typeof span === "number"));
    // A clock that was set back asks anew.
    return now >= grant.given && now < grant.given + Math.min(grant.span, longest);
  }
}

/** Who admits a server admits it as a whole, in both directions, unless the entry speaks of one tool. */
function keyOf({ matched, client, server, thing, direction }: Grantable): string {
  const isWhole = matched.kind === "admission" && !isAboutTool(matched);
  return JSON.stringify([matched.id, client, server, ...(isWhole ? ["*"] : [thing, matched.kind === "admission" ? "*" : direction])]);
}

/** A tool, a prompt and a resource may have one name; a call that does not say its tool is none of what has no name. */
export function thingOf(subject: SubjectFacts): string | null {
  for (const kind of ["tool", "prompt", "resource"] as const) {
    const name = subject[kind];
    if (name !== null) return name === undefined ? kind : `${kind} ${name}`;
  }
  return null;
}

export function isAboutTool(matched: Pick<Matched, "clauses">): boolean {
  return matched.clauses.some((clause) => clause.startsWith("tool "));
}
