/** Answers the tap: reads its questions, lets the gate decide, says what to do. All of it inside one synchronous event, so that a page never waits. */
import { ANSWER_EVENT, ASK_EVENT, FIELD, MEET_EVENT, READY_EVENT, SETTLED_EVENT } from "../../shared/messages/page.ts";
import { looksLikeMcp, openExchange, type HttpExchange, type HttpRequest, type ReplyVerdict, type RequestVerdict } from "../../shared/gate/http.ts";
import type { AuthenticationSeen } from "../../shared/mcp/channel.ts";
import type { ClientIdentity } from "../../shared/mcp/identity.ts";
import { openChannels } from "./channels.ts";
import { openHeldCalls } from "./held-calls.ts";
import { openOutbox } from "./outbox.ts";
import { openSnapshot } from "./snapshot.ts";

/** More exchanges open at once than a page ever has; the oldest are forgotten, and their replies then refused. */
const MAX_OPEN = 1000;

type OpenExchange = HttpExchange & { readonly server: string };

export function startRelay(): void {
  // A node outside the document: only the tap learns of it, `document.open()` does not wipe its listeners.
  const line = document.createElement("i");
  const outbox = openOutbox();
  const snapshot = openSnapshot(() => line.dispatchEvent(new CustomEvent(READY_EVENT)));
  const channels = openChannels(clientOf(), snapshot, outbox.add);
  const held = openHeldCalls();
  const exchanges = new Map<string, OpenExchange>();

  function answer(question: string): string {
    const [verb = "", exchange = ""] = split(question, 3);
    if (verb === "Q") return ask(question);
    const open = exchanges.get(exchange);
    if (verb === "X") {
      exchanges.delete(exchange);
      if (open?.verdict.kind === "hold") held.leave(open.verdict.ask.ticket);
      return "P";
    }
    if (!open) return "";
    if (verb === "G") return goOn(exchange, open);
    const [, , first = "", second = "", third = ""] = split(question, verb === "H" ? 5 : 3);
    switch (verb) {
      case "H":
        return headAnswer(open.head(Number(first), second, channels.elsewhere(open.server, third)), exchange);
      case "C": {
        const text = open.chunk(first);
        // Whoever speaks counts as newest: replies that nobody reads are forgotten before a long stream is.
        exchanges.delete(exchange);
        if (!open.over) exchanges.set(exchange, open);
        return `${open.over ? "F" : "O"}${FIELD}${text}`;
      }
      case "E":
        exchanges.delete(exchange);
        return `O${FIELD}${open.end()}`;
      case "U":
        exchanges.delete(exchange);
        return `O${FIELD}${open.undecodable()}`;
      default:
        return "";
    }
  }

  function ask(question: string): string {
    const [, id = "", method = "", url = "", headerLines = "", state = "", body = ""] = split(question, 7);
    const request: HttpRequest = { method, headers: readHeaders(headerLines), body: state === "text" ? body : null, unreadable: state === "opaque" ? "encoding" : state === "large" ? "oversize" : null };
    if (!looksLikeMcp(request, channels.has(url))) return "N";
    if (!snapshot.ready) return "W";
    const session = channels.find(url, authenticationOf(request));
    if (!session) return "N";
    const exchange = Object.assign(openExchange(session, request, outbox.add, undefined, true), { server: session.channel.server.id });
    if (exchange.released !== null) held.leave(exchange.released);
    if (exchange.verdict.kind === "hold") held.hold(exchange, () => line.dispatchEvent(new CustomEvent(SETTLED_EVENT, { detail: id })));
    return goOn(id, exchange);
  }

  function goOn(id: string, exchange: OpenExchange): string {
    exchanges.delete(id);
    if (exchange.verdict.kind !== "answer") {
      exchanges.set(id, exchange);
      if (exchanges.size > MAX_OPEN) forgetOldest();
    }
    return requestAnswer(exchange.verdict);
  }

  /** What waits for a person is not forgotten: the page would wait for ever. The gate bounds how many there are. */
  function forgetOldest(): void {
    for (const [id, { verdict }] of exchanges) if (verdict.kind !== "hold") return void exchanges.delete(id);
  }

  function headAnswer(verdict: ReplyVerdict, exchange: string): string {
    if (verdict.kind !== "tap") exchanges.delete(exchange);
    if (verdict.kind === "answer") return `A${FIELD}${verdict.status}${FIELD}${verdict.contentType}${FIELD}${verdict.body}`;
    return verdict.kind === "tap" ? "T" : "P";
  }

  line.addEventListener(ASK_EVENT, (event) => {
    let said: string;
    try {
      said = answer((event as CustomEvent<string>).detail);
    } catch {
      // Our own fault: an empty answer makes the tap fail the call. Integrity fails closed.
      said = "";
    }
    line.dispatchEvent(new CustomEvent(ANSWER_EVENT, { detail: said }));
  });
  document.dispatchEvent(new MouseEvent(MEET_EVENT, { relatedTarget: line }));

  addEventListener("pagehide", () => {
    held.leaveAll();
    channels.close("page closed");
    outbox.flush();
  });
}

function requestAnswer(verdict: RequestVerdict): string {
  switch (verdict.kind) {
    case "pass":
      return "P";
    case "replace": {
      const headers = Object.entries(verdict.headers).map(([name, value]) => `${name}: ${value}\n`);
      return `R${FIELD}${headers.join("")}${FIELD}${verdict.body}`;
    }
    case "hold":
      return "L";
    case "answer":
      return `A${FIELD}${verdict.status}${FIELD}${verdict.contentType}${FIELD}${verdict.body}`;
  }
}

/** The first `count` fields; the last one is all the rest. */
function split(text: string, count: number): string[] {
  const out: string[] = [];
  let from = 0;
  while (out.length < count - 1) {
    const at = text.indexOf(FIELD, from);
    if (at < 0) break;
    out.push(text.slice(from, at));
    from = at + 1;
  }
  out.push(text.slice(from));
  return out;
}

function readHeaders(lines: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines.split("\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0) headers[line.slice(0, colon)] = line.slice(colon + 2);
  }
  return headers;
}

function authenticationOf(request: HttpRequest): AuthenticationSeen {
  const scheme = request.headers["authorization"];
  if (scheme === undefined) return "none";
  return scheme === "bearer" ? "bearer" : "other";
}

/** The web app is the page in the address bar, whatever frame asks. Chromium tells a frame its ancestors; no page can change that. */
function clientOf(): ClientIdentity {
  const ancestors = location.ancestorOrigins;
  // A window opened as about:blank has no address of its own, but the origin of whoever opened it.
  const own = location.origin === "null" ? globalThis.origin : location.origin;
  const origin = ancestors?.length ? ancestors[ancestors.length - 1]! : own;
  const host = URL.canParse(origin) ? new URL(origin).host : origin;
  return { id: `app:${origin}`, name: host || origin };
}
