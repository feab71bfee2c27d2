/** What a person has allowed beyond one call: which rule, for which server and tool, until when. For a session it is known only here; for a while it is kept where a restart does not lose it. */
import { sha256Hex } from "../base/digest.ts";
import type { Direction } from "../mcp/channel.ts";
import type { ClientIdentity, ServerIdentity } from "../mcp/identity.ts";
import type { Matched, Span } from "../policy/decision.ts";
import { storableReason, type Answer, type Ask } from "./ask.ts";
import type { SubjectFacts } from "./summary.ts";

/** What a grant is about. */
export interface Grantable {
  readonly matched: Pick<Matched, "kind" | "id" | "clauses">;
  readonly client: ClientIdentity;
  readonly server: ServerIdentity;
  /** Kind and name of what the message is about; null: of nothing that has a name. */
  readonly thing: string | null;
  readonly direction: Direction;
}

/** A yes for a while, as it is kept outside the session that asked. */
export interface KeptGrant {
  /** Names all that must be the same: rule, client, server, thing and direction. Hex SHA-256. */
  readonly id: string;
  readonly rule: string;
  /** Who and what, for a person who looks at the list: what counts is `id`. */
  readonly client: ClientIdentity;
  readonly server: ServerIdentity;
  /** Such as `tool refund`, as far as it may be stored. Null: of nothing that has a name. */
  readonly thing: string | null;
  /** Digest of the policy under which it was given: another policy asks anew. */
  readonly policy: string;
  /** Unix milliseconds. */
  readonly given: number;
  /** Milliseconds. */
  readonly span: number;
}

/** Where yeses for a while are kept. */
export interface GrantKeeper {
  /** Digest of the policy in force. */
  policy(): string;
  find(id: string): KeptGrant | undefined;
  /** @returns false: it cannot be kept there. */
  keep(grant: KeptGrant): boolean;
}

interface Grant {
  readonly given: number;
  readonly span: Exclude<Span, "call">;
}

/** More than a person answers in a session; the oldest gives way, and is asked again. */
const MAX_GRANTS = 500;

export class Grants {
  readonly #given = new Map<string, Grant>();
  readonly #keeper: GrantKeeper | null;

  /** @param keeper without one, a yes for a while ends with this object, too. */
  constructor(keeper: GrantKeeper | null = null) {
    this.#keeper = keeper;
  }

  /** @param given when the person said so, in Unix milliseconds. */
  add(about: Grantable, span: Grant["span"], given: number): void {
    const key = keyOf(about);
    this.#given.delete(key);
    // Kept in one place only: what is taken back there is taken back at once.
    if (typeof span === "number" && this.#keeper?.keep(keptGrant(about, key, this.#keeper.policy(), given, span))) return;
    this.#given.set(key, { given, span });
    if (this.#given.size > MAX_GRANTS) this.#given.delete(this.#given.keys().next().value!);
  }

  /** @param spans what is offered now: what is no longer offered no longer counts, and a shorter while counts at once. */
  covers(about: Grantable, spans: readonly Span[], now: number): boolean {
    const key = keyOf(about);
    const grant = this.#given.get(key);
    if (grant?.span === "session") return spans.includes("session");
    const longest = Math.max(0, ...spans.filter((span) => typeof span === "number"));
    if (grant) return isGood({ given: grant.given, span: Math.min(grant.span, longest) }, now);
    if (!this.#keeper || longest === 0) return false;
    const kept = this.#keeper.find(idOf(key));
    return kept !== undefined && kept.policy === this.#keeper.policy() && isGood({ given: kept.given, span: Math.min(kept.span, longest) }, now);
  }
}

/** Kept nowhere else: ends with whoever holds it, or with the policy. */
export function keepInMemory(policy: () => string): GrantKeeper {
  const kept = new Map<string, KeptGrant>();
  return {
    policy,
    find: (id) => kept.get(id),
    keep(grant) {
      kept.delete(grant.id);
      kept.set(grant.id, grant);
      if (kept.size > MAX_GRANTS) kept.delete(kept.keys().next().value!);
      return true;
    },
  };
}

/** Has it neither ended nor yet to begin? A clock that was set back asks anew. */
export function isGood({ given, span }: Pick<KeptGrant, "given" | "span">, now: number): boolean {
  return now >= given && now < given + span;
}

/** The grants to keep when a question was answered with yes for a while; none for any other answer. @param policy digest of the policy in force. */
export function grantsOf(ask: Ask, { say, span }: Answer, policy: string, now: number): KeptGrant[] {
  if (say !== "go" || typeof span !== "number") return [];
  return ask.rules.map((rule) => keptGrant(aboutAsk(ask, rule), keyOf(aboutAsk(ask, rule)), policy, now, span));
}

/** The answer that earlier ones have given to this question already: every rule that asks has had its yes, for no less than it offers now. The yes that ends first speaks. */
export function answerFrom(kept: readonly KeptGrant[], ask: Ask, policy: string, now: number): Answer | null {
  const found = ask.rules.map((rule) => {
    const id = idOf(keyOf(aboutAsk(ask, rule)));
    return kept.find((grant) => grant.id === id && grant.policy === policy && ask.spans.includes(grant.span) && isGood(grant, now));
  });
  const [first] = found.toSorted((a, b) => endOf(a) - endOf(b));
  if (!first || found.includes(undefined)) return null;
  return { call: ask.call, say: "go", span: first.span, reason: null, via: "granted", given: first.given };
}

const endOf = (grant: KeptGrant | undefined): number => (grant ? grant.given + grant.span : 0);

/** Which voices ask, a question does not tell: taken as rules, which reach least far. Its method tells a tool from a prompt of the same name. */
function aboutAsk({ client, server, method, subject, direction }: Ask, rule: string): Grantable {
  return { matched: { kind: "rule", id: rule, clauses: [] }, client, server, thing: JSON.stringify([method, subject]), direction };
}

function keptGrant({ matched, client, server, thing }: Grantable, key: string, policy: string, given: number, span: number): KeptGrant {
  // It lies on a disk for days: of an address only what records keep of it, too.
  return { id: idOf(key), rule: matched.id, client, server, thing: storableReason(thing?.replace(/[?#].*$/su, "") ?? null), policy, given, span };
}

function idOf(key: string): string {
  return sha256Hex(key);
}

/** Who admits a server admits it as a whole, in both directions, unless the entry speaks of one tool. */
function keyOf({ matched, client, server, thing, direction }: Grantable): string {
  const isWhole = matched.kind === "admission" && !isAboutTool(matched);
  return JSON.stringify([matched.id, client.id, server.id, ...(isWhole ? ["*"] : [thing, matched.kind === "admission" ? "*" : direction])]);
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
