/** The old transport (HTTP+SSE, 2024-11-05): one long stream brings everything, and its first event names the address that takes messages. */
import type { HttpReply } from "../../../shared/gate/http.ts";
import { readReply, type ReplyTaker } from "./reply-lines.ts";
import type { Target } from "./target.ts";
import type { Wire } from "./wire.ts";

export interface OldTransport {
  readonly endpoint: URL;
  /** Resolves when the stream has ended: nothing can be answered any more. */
  readonly over: Promise<void>;
}

const ENDPOINT_MS = 10_000;

/** Asks for the stream. Null: the server does not speak this transport either. @param reply judges what the stream brings. */
export async function openOldTransport(target: Target, wire: Wire, reply: HttpReply, line: ReplyTaker["line"], signal: AbortSignal): Promise<OldTransport | null> {
  const unwanted = new AbortController();
  const answer = await wire.ask({ method: "GET", url: target.url, headers: { ...target.headers, accept: "text/event-stream" }, body: null, signal: AbortSignal.any([signal, unwanted.signal]) });
  if (answer.status !== 200 || !/^\s*text\/event-stream\b/i.test(answer.type)) {
    answer.discard();
    return null;
  }
  const { promise: named, resolve: name } = Promise.withResolvers<URL | null>();
  const timer = setTimeout(() => name(null), ENDPOINT_MS);
  const event = (each: { event: string | null; data: string | null }): void => {
    if (each.event === "endpoint") name(endpointOf(each.data, target.url));
  };
  const over = readReply(answer, reply, { line, event }, 0).then(() => name(null));
  const endpoint = await named;
  clearTimeout(timer);
  if (endpoint) return { endpoint, over };
  unwanted.abort();
  return null;
}

/** Only at the same origin: headers and messages are meant for this server. */
function endpointOf(data: string | null, base: URL): URL | null {
  if (data === null || !URL.canParse(data, base)) return null;
  const url = new URL(data, base);
  return url.origin === base.origin ? url : null;
}
