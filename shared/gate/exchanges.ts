/** Requests that wait for their reply, correlated by id *and direction*: both sides may use the same ids. And what a message belongs to: its request, its task, the round before it. */
import { opposite, type Direction } from "../mcp/channel.ts";
import { eraOfRequest, type Era } from "../mcp/era.ts";
import type { Envelope } from "../mcp/message.ts";
import { methodNamed } from "../mcp/methods.ts";
import { sameId } from "../mcp/request-id.ts";
import { Bounded } from "./bounded.ts";
import { Rounds } from "./rounds.ts";
import { isSameSubject, NO_SUBJECT, sizeOfSubject, subjectOf, type Names, type SubjectFacts } from "./summary.ts";
import { Tasks, type Begun } from "./tasks.ts";

export interface Exchange {
  readonly id: string;
  /** The request's own id, as it stood in its text. */
  readonly requestId: string;
  readonly method: string;
  readonly era: Era;
  readonly subject: SubjectFacts;
  readonly startedAt: number;
  /** False: another request used the same id while it was open, so an answer may belong to either; or it asks for a task that nobody saw begin. */
  readonly sure: boolean;
  /** Of a request about a task: what began it. */
  readonly begun: Begun | null;
  /** Id of the first exchange of the chain: of the request that began the task, or of the first round. */
  readonly chain: string;
  /** What the request's record called things: the answer's record must not say more. */
  names?: Names;
  /** Rules that asked about the request, and for which a person let it go on. */
  agreed?: readonly string[];
}

/** What a message has to do with those before it. */
export interface Relation {
  readonly subject: SubjectFacts;
  /** It belongs to something that nobody can name for certain. */
  readonly unplaced: boolean;
  readonly begun: Begun | null;
  readonly chain: string | null;
}

/** More open requests than any real client has; beyond it the oldest is forgotten, and an answer to it counts as unplaced, which the policy judges more strictly. */
const MAX_OPEN = 10_000;
/** Characters that open requests may hold: a peer that never answers chooses how long their names are. */
const MAX_HELD = 8 * 1024 * 1024;

export class Exchanges {
  readonly #open = new Bounded<Exchange>(MAX_OPEN, MAX_HELD);
  readonly #tasks = new Tasks();
  readonly #rounds = new Rounds();

  /** Opens an exchange for a request, finds and closes the one a response answers. */
  of(direction: Direction, envelope: Envelope, now: number, newId: () => string): Exchange | null {
    if (envelope.kind === "request") return this.#begin(direction, envelope, now, newId());
    if (envelope.kind !== "response" || envelope.id === null) return null;
    const asked = opposite(direction);
    const exchange = this.take(asked, envelope.id);
    if (exchange) {
      this.#tasks.learn(asked, exchange, envelope.result);
      this.#rounds.learn(exchange.method, exchange.subject, exchange.chain, envelope.result);
    }
    return exchange;
  }

  #begin(direction: Direction, { id: requestId, method, params }: Extract<Envelope, { kind: "request" }>, now: number, id: string): Exchange {
    const key = keyOf(direction, requestId);
    const before = this.#open.get(key);
    const begun = isAboutTask(method) ? this.#tasks.find(direction, params["taskId"]) : null;
    const subject = begun?.sure ? begun.subject : subjectOf({ kind: "request", id: requestId, method, params });
    const exchange: Exchange = {
      id,
      requestId,
      method,
      era: eraOfRequest(method, params),
      subject,
      startedAt: now,
      sure: (!isAboutTask(method) || begun?.sure === true) && (before === undefined || (before.sure && before.method === method && isSameSubject(before.subject, subject))),
      begun,
      ...(begun?.sure && begun.agreed ? { agreed: begun.agreed } : {}),
      chain: begun?.chain ?? this.#rounds.find(method, subject, params) ?? id,
    };
    this.#put(key, exchange);
    return exchange;
  }

  /** Opens an exchange for a request, unless its id is in use. */
  add(direction: Direction, exchange: Exchange): boolean {
    const key = keyOf(direction, exchange.requestId);
    if (this.#open.get(key) !== undefined) return false;
    this.#put(key, exchange);
    return true;
  }

  #put(key: string, exchange: Exchange): void {
    this.#open.set(key, exchange, exchange.requestId.length + exchange.method.length + sizeOfSubject(exchange.subject));
  }

  /** Closes the exchange of a request that went in `direction`, if it is a usual one. */
  takeIf<E extends Exchange>(direction: Direction, id: string, isUsual: (exchange: Exchange) => exchange is E): E | null {
    const key = keyOf(direction, id);
    const exchange = this.#open.get(key);
    if (exchange === undefined || !isUsual(exchange)) return null;
    this.#open.delete(key);
    return exchange;
  }

  /** @param exchange what `of` gave for this message. */
  relate(direction: Direction, envelope: Envelope, exchange: Exchange | null): Relation {
    const chain = exchange?.chain ?? null;
    switch (envelope.kind) {
      case "request": {
        const begun = surely(exchange?.begun);
        // To stop a task is open to whoever may no longer use what began it.
        if (envelope.method === "tasks/cancel") return { subject: NO_SUBJECT, unplaced: false, begun, chain };
        return { subject: exchange?.subject ?? subjectOf(envelope), unplaced: isAboutTask(envelope.method) && begun === null, begun, chain };
      }
      case "notification": {
        if (!isAboutTask(envelope.method)) return { subject: subjectOf(envelope), unplaced: false, begun: null, chain };
        const begun = surely(this.#tasks.find(opposite(direction), envelope.params["taskId"]));
        return { subject: begun?.subject ?? NO_SUBJECT, unplaced: begun === null, begun, chain: begun?.chain ?? null };
      }
      case "response": {
        const begun = exchange?.method === "tasks/list" ? this.#tasks.findAll(opposite(direction), envelope.result) : (exchange?.begun ?? undefined);
        // An answer that nobody can place for certain may be the one that a rule is about.
        if (!exchange?.sure || begun === null) return { subject: NO_SUBJECT, unplaced: true, begun: null, chain };
        return { subject: begun?.subject ?? exchange.subject, unplaced: false, begun: begun ?? null, chain };
      }
      case "other":
        return { subject: direction === "to-client" ? NO_SUBJECT : subjectOf(envelope), unplaced: direction === "to-client", begun: null, chain };
    }
  }

  /** Closes and returns the exchange of a request that went in `direction`. */
  take(direction: Direction, id: string): Exchange | null {
    const key = keyOf(direction, id);
    const exchange = this.#open.get(key);
    this.#open.delete(key);
    return exchange ?? null;
  }

  /** The open exchange of a request that went in `direction`. */
  find(direction: Direction, id: string): Exchange | null {
    return this.#open.get(keyOf(direction, id)) ?? null;
  }

  /** Ids of all requests that went in `direction` and have no answer yet, oldest first. */
  waiting(direction: Direction): string[] {
    return [...this.#open].flatMap(([key, { requestId }]) => (key.startsWith(`${direction} `) ? [requestId] : []));
  }

  forget(direction: Direction, id: string): void {
    this.take(direction, id);
  }
}

function isAboutTask(method: string): boolean {
  return methodNamed(method)?.subject?.kind === "task";
}

function surely(begun: Begun | null | undefined): Begun | null {
  return begun?.sure ? begun : null;
}

function keyOf(direction: Direction, id: string): string {
  return `${direction} ${sameId(id)}`;
}

/** What a refusal in place of the answer has to look like: the result of a task is that of the request which began it. */
export function answeredAs({ method, begun }: Exchange): string {
  return method === "tasks/result" && begun?.sure ? begun.method : method;
}
