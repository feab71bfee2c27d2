/** The client's requests that wait for their answer: every one of them gets one. */
import { eraOfRequest } from "../../../shared/mcp/era.ts";
import type { Envelope } from "../../../shared/mcp/message.ts";
import { sameId } from "../../../shared/mcp/request-id.ts";

type Request = Extract<Envelope, { kind: "request" }>;

export interface Waiting {
  /** Raw JSON text. */
  readonly id: string;
  readonly method: string;
  readonly modern: boolean;
  /** Closes the request's answer: how a request is cancelled in the modern era. */
  readonly abort: AbortController;
  /** Resolves when it waits no longer. */
  readonly over: Promise<void>;
}

export interface WaitingList {
  add(request: Request, abort: AbortController): Waiting;
  /** Its answer is here, or nobody wants one any more. False: it was not waiting. */
  settle(id: string): boolean;
  find(id: string): Waiting | undefined;
  has(one: Waiting): boolean;
  all(): Waiting[];
  /** Resolves when nothing waits but subscriptions, which end with the connection. */
  quiet(): Promise<void>;
}

export function waitingList(): WaitingList {
  const open = new Map<string, { readonly one: Waiting; end(): void }>();
  let listeners: (() => void)[] = [];
  const isQuiet = (): boolean => [...open.values()].every(({ one }) => one.method === "subscriptions/listen");
  return {
    add(request, abort) {
      const { promise: over, resolve: end } = Promise.withResolvers<void>();
      const one: Waiting = { id: request.id, method: request.method, modern: eraOfRequest(request.method, request.params) === "modern", abort, over };
      open.set(sameId(request.id), { one, end });
      return one;
    },
    settle(id) {
      const found = open.get(sameId(id));
      open.delete(sameId(id));
      found?.end();
      if (listeners.length > 0 && isQuiet()) {
        for (const tell of listeners) tell();
        listeners = [];
      }
      return found !== undefined;
    },
    find: (id) => open.get(sameId(id))?.one,
    has: (one) => open.get(sameId(one.id))?.one === one,
    all: () => [...open.values()].map(({ one }) => one),
    quiet: () => (isQuiet() ? Promise.resolve() : new Promise((resolve) => listeners.push(resolve))),
  };
}
