/** Requests that wait for their reply, correlated by id *and direction*: both sides may use the same ids. */
import type { Direction } from "../mcp/channel.ts";
import { eraOfRequest, type Era } from "../mcp/era.ts";
import type { Envelope } from "../mcp/message.ts";
import { subjectOf, type Names, type SubjectFacts } from "./summary.ts";

export interface Exchange {
  readonly id: string;
  readonly method: string;
  readonly era: Era;
  readonly subject: SubjectFacts;
  readonly startedAt: number;
  /** False: another request used the same id while it was open, so an answer may belong to either. */
  readonly sure: boolean;
  /** What the request's record called things: the answer's record must not say more. */
  names?: Names;
}

/** More open requests than any real client has; beyond it the oldest is forgotten. */
const MAX_OPEN = 10_000;

export class Exchanges {
  readonly #open = new Map<string, Exchange>();

  /** Opens an exchange for a request, finds and closes the one a response answers. */
  of(direction: Direction, envelope: Envelope, now: number, newId: () => string): Exchange | null {
    if (envelope.kind === "request") {
      const key = keyOf(direction, envelope.id);
      const before = this.#open.get(key);
      const subject = subjectOf(envelope);
      const exchange: Exchange = {
        id: newId(),
        method: envelope.method,
        era: eraOfRequest(envelope.method, envelope.params),
        subject,
        startedAt: now,
        sure: before === undefined || (before.sure && before.method === envelope.method && isSame(before.subject, subject)),
      };
      this.#open.delete(key);
      this.#open.set(key, exchange);
      if (this.#open.size > MAX_OPEN) this.#open.delete(this.#open.keys().next().value as string);
      return exchange;
    }
    if (envelope.kind === "response" && envelope.id !== null) return this.take(direction === "to-client" ? "to-server" : "to-client", envelope.id);
    return null;
  }

  /** Closes and returns the exchange of a request that went in `direction`. */
  take(direction: Direction, id: string): Exchange | null {
    const key = keyOf(direction, id);
    const exchange = this.#open.get(key) ?? null;
    this.#open.delete(key);
    return exchange;
  }

  forget(direction: Direction, id: string): void {
    this.#open.delete(keyOf(direction, id));
  }
}

function keyOf(direction: Direction, id: string): string {
  return `${direction} ${sameId(id)}`;
}

/** One text for all ids that a client may take for the same: the TypeScript SDK looks up `Number(id)`, and `1.0` is 1 to every parser. Beyond 2^53 only the digits count. */
function sameId(id: string): string {
  const value = JSON.parse(id) as string | number;
  const number = Number(value);
  if (Number.isSafeInteger(number)) return String(number);
  return typeof value === "string" ? JSON.stringify(value) : id;
}

function isSame(a: SubjectFacts, b: SubjectFacts): boolean {
  return a.tool === b.tool && a.prompt === b.prompt && a.resource === b.resource;
}
