/** One connection's requests, one after the other: HTTP lets a client send the next before the first is answered, and Node hands out both at once. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** A request that may change something must not be overtaken by the next of its connection (RFC 9112, 9.3.2). @param serve never rejects. */
export function inTurn(serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>): RequestListener {
  const turns = new WeakMap<Socket, Promise<void>>();
  return (request, response) => {
    const { socket } = request;
    const turn = (turns.get(socket) ?? Promise.resolve()).then(() => (socket.destroyed ? undefined : serve(request, response)));
    turns.set(socket, turn);
  };
}
