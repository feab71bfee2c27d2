/** Requests that wait for their reply, correlated by id *and direction*: both sides may use the same ids. */
import type { Direction } from "../mcp/channel.ts";
import { eraOfRequest, type Era } from "../mcp/era.ts";
import type { Envelope } from "../mcp/message.ts";
import { sameId } from "../mcp/request-id.ts";
import { subjectOf, type Names, type SubjectFacts } from "./summary.ts";

export interface Exchange {
  readonly id: string;
  /** The request's own id, as it stood in its text. */
  readonly requestId: string;
  readonly method: string;
  readonly era: Era;
  readonly subject: SubjectFacts;
  readonly startedAt: number;
  /** False: another request used the same id while it was open, so an answer may belong to either. */
  readonly sure: boolean;
  /** What the request's record called things: the answer's record must not say more. */
  names?: Names;
  /** Rules that asked about the request, and for which a person let it go on. */
  agreed?: readonly string[];
}

/** More open requests than any real client has; beyond it the oldest is forgotten. */
const MAX_OPEN = 10_000;
/** Characters that open requests may hold: a peer that never answers chooses how long their names are. */
const MAX_HELD = 8 * 1024 * 1024;

export class Exchanges {
  readonly #open = new Map<string, Exchange>();
  #held = 0;

  /** Opens an exchange for a request, finds and closes the one a response answers. */
  of(direction: Direction, envelope: Envelope, now: number, newId: () => string): Exchange | null {
    if (envelope.kind === "request") {
      const key = keyOf(direction, envelope.id);
      const before = this.#open.get(key);
      const subject = subjectOf(envelope);
      const exchange: Exchange = {
        id: newId(),
        requestId: envelope.id,
        method: envelope.method,
        era: eraOfRequest(envelope.method, envelope.params),
        subject,
        startedAt: now,
        sure: before === undefined || (before.sure && before.method === envelope.method && isSame(before.subject, subject)),
      };
      this.#remove(key, before);
      this.#open.set(key, exchange);
      this.#held += sizeOf(key, exchange);
      // An answer to what is forgotten counts as unplaced, which the policy judges more strictly.
      for (const [oldest, held] of this.#open) {
        if (this.#open.size <= MAX_OPEN && this.#held <= MAX_HELD) break;
        this.#remove(oldest, held);
      }
      return exchange;
    }
    if (envelope.kind === "response" && envelope.id !== null) return this.take(direction === "to-client" ? "to-server" : "to-client", envelope.id);
    return null;
  }

  /** Closes and returns the exchange of a request that went in `direction`. */
  take(direction: Direction, id: string): Exchange | null {
    const key = keyOf(direction, id);
    const exchange = this.#open.get(key);
    this.#remove(key, exchange);
    return exchange ?? null;
  }

  /** Ids of all requests that went in `direction` and have no answer yet, oldest first. */
  waiting(direction: Direction): string[] {
    return [...this.#open].flatMap(([key, { requestId }]) => (key.startsWith(`${direction} `) ? [requestId] : []));
  }

  forget(direction: Direction, id: string): void {
    this.take(direction, id);
  }

  #remove(key: string, exchange: Exchange | undefined): void {
    if (exchange === undefined) return;
    this.#open.delete(key);
    this.#held -= sizeOf(key, exchange);
  }
}

function sizeOf(key: string, { requestId, method, subject }: Exchange): number {
  return key.length + requestId.length + method.length + (subject.tool?.length ?? 0) + (subject.prompt?.length ?? 0) + (subject.resource?.length ?? 0);
}

function keyOf(direction: Direction, id: string): string {
  return `${direction} ${sameId(id)}`;
}

function isSame(a: SubjectFacts, b: SubjectFacts): boolean {
  return a.tool === b.tool && a.prompt === b.prompt && a.resource === b.resource;
}
