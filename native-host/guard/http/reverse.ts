/** One HTTP exchange of the local reverse proxy: same method, same path, streams as they come, every message through the gate. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Ask } from "../../../shared/gate/ask.ts";
import { MAX_MESSAGE_BYTES, openExchange, type HttpExchange, type HttpRequest, type RequestVerdict } from "../../../shared/gate/http.ts";
import { NOT_JUDGEABLE } from "../../../shared/gate/refusal.ts";
import { guessId } from "../../../shared/mcp/message.ts";
import { sseFramer, withData } from "../../../shared/mcp/sse.ts";
import type { Gate } from "../gatekeeper.ts";
import { decodeBody, ENCODINGS, isKnownEncoding } from "./body-encoding.ts";
import type { GatePool, Lease } from "./gate-pool.ts";
import { isLoopback, withoutSecrets, type Target } from "./target.ts";
import { isBroken, WireFailure, type Answer, type Wire } from "./wire.ts";
import { errorLine, failureTrouble, isGap, NO_ANSWER, SIGN_IN, signInWords, type Trouble } from "./words.ts";

export interface ReverseParts {
  readonly target: Target;
  readonly wire: Wire;
  readonly pool: GatePool;
  say(text: string): void;
  /** For the journal: nothing could be guarded here, because the server cannot be reached or cannot be reached this way. */
  gap(text: string): void;
}

/** Of one hop (RFC 9110, 7.6.1), or made anew for the next. */
const NOT_PASSED = new Set(["connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade", "host", "content-length", "content-encoding", "accept-encoding", "expect"]);
const JSON_TYPE = "application/json";
const ANSWER_MS = 10_000;

/** Answers one request. Never rejects. */
export async function passOn(parts: ReverseParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort(new Error("client gone")));
  response.on("error", () => {});
  const passage = new Passage(parts, request, response, gone.signal);
  try {
    await passage.run();
  } catch (error) {
    if (!gone.signal.aborted) passage.fail(error instanceof Error ? error.name : "error");
  }
}

class Passage {
  readonly #parts: ReverseParts;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #signal: AbortSignal;
  /** Raw id of the request that waits, if one does. */
  #id: string | null = null;
  /** The body as it came. */
  #bytes: Buffer | null = null;
  /** Where the old transport takes messages. */
  #endpoint: URL | null = null;

  constructor(parts: ReverseParts, request: IncomingMessage, response: ServerResponse, signal: AbortSignal) {
    this.#parts = parts;
    this.#request = request;
    this.#response = response;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const refused = this.#foreign();
    if (refused) return this.#words(403, refused);
    const { pathname, search } = new URL(this.#request.url ?? "/", "http://local");
    if (/^\/\.well-known\/(oauth-|openid-configuration)/.test(pathname)) return this.#words(404, "Sluice offers no OAuth sign-in for the server behind it: a sign-in is bound to the server's own address.");
    const url = this.#addressOf(pathname, search);
    if (!url) return this.#words(404, `Only ${this.#parts.target.url.pathname} is served here.`);
    const read = await this.#read();
    const { pool } = this.#parts;
    this.#id = guessId(read.body ?? read.head ?? "");
    const session = read.headers["mcp-session-id"];
    const name = pool.has(nameOf(url)) ? nameOf(url) : (session ?? null);
    const begins = name === null && read.body !== null && /"method"\s*:\s*"initialize"/.test(read.body);
    const lease = pool.take(name, this.#id, begins);
    try {
      await this.#through(lease, read, url);
    } finally {
      lease.release();
    }
    if (read.method === "DELETE" && session !== undefined && this.#response.statusCode < 300) pool.end(session, "client ended the session");
  }

  /** Fails closed: nothing more is handed on, and whoever waits is told, where that can still be said. */
  fail(name: string): void {
    if (this.#response.headersSent) {
      this.#parts.say(`a stream was ended because of an error in Sluice (${name})`);
      this.#response.destroy();
    } else this.#trouble({ code: NOT_JUDGEABLE, text: `Sluice itself failed while it looked at this exchange (${name}), so it was not passed on.` });
  }

  /** Pages of the web must not reach it, neither by their own name (DNS rebinding) nor by ours. */
  #foreign(): string | null {
    const { host = "", origin } = this.#request.headers;
    if (!isLoopback(host.replace(/:\d*$/, ""))) return "Sluice answers requests to this machine's own name only.";
    if (origin === undefined) return null;
    const from = URL.canParse(origin) ? new URL(origin).hostname : "";
    return isLoopback(from) ? null : "Sluice answers no requests of pages from the web.";
  }

  /** The same path, as far as it lies below the server's own, or an address that the server has named for messages. */
  #addressOf(pathname: string, search: string): URL | null {
    const { target, pool } = this.#parts;
    const named = new URL(pathname + search, target.url);
    if (pool.has(nameOf(named))) return named;
    const base = target.url.pathname;
    const own = pathname === "/" ? base : pathname;
    if (own !== base && !own.startsWith(base.endsWith("/") ? base : `${base}/`)) return null;
    const url = new URL(target.url);
    url.pathname = own;
    if (search !== "") url.search = url.search === "" ? search : `${url.search}&${search.slice(1)}`;
    return url;
  }

  async #read(): Promise<HttpRequest> {
    const request = this.#request;
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(request.headers)) if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
    const base = { method: request.method ?? "GET", headers };
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      // Read to its end, so that the client hears our answer, but not kept.
      if (size <= MAX_MESSAGE_BYTES) chunks.push(chunk);
      else chunks.length = Math.min(chunks.length, 1);
    }
    if (size > MAX_MESSAGE_BYTES) {
      return { ...base, body: null, unreadable: "oversize", head: (chunks[0] ?? Buffer.alloc(0)).toString("utf8") };
    }
    if (size === 0) return { ...base, body: null, unreadable: null };
    this.#bytes = Buffer.concat(chunks);
    const encoding = headers["content-encoding"] ?? "";
    const plain = await decodeBody(this.#bytes, encoding, MAX_MESSAGE_BYTES);
    if (plain.kind === "oversize") return { ...base, body: null, unreadable: "oversize", head: plain.head.toString("utf8") };
    if (plain.kind !== "read") return { ...base, body: null, unreadable: "encoding" };
    try {
      return { ...base, body: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plain.bytes), unreadable: null };
    } catch {
      return { ...base, body: null, unreadable: "encoding" };
    }
  }

  /** A way of compressing that nobody can read here: said in HTTP's own words, and the next try can do better (RFC 9110, 15.5.16). */
  #unknownEncoding({ session, note }: Gate, encoding: string): void {
    const text = `Sluice cannot read a body with this Content-Encoding. It reads ${ENCODINGS.join(", ")}, or none.`;
    note(session.step({ kind: "unreadable", direction: "to-server", fault: "encoding", detail: "its body is compressed in a way that Sluice does not know", bytes: this.#bytes?.length ?? 0, head: "" }));
    this.#parts.say(`a request was refused: its body is compressed as "${encoding.slice(0, 40)}", which Sluice does not read`);
    this.#response.setHeader("accept-encoding", ENCODINGS.join(", "));
    this.#answer(415, JSON_TYPE, errorLine("null", { code: NOT_JUDGEABLE, text }));
  }

  async #through(lease: Lease, read: HttpRequest, url: URL): Promise<void> {
    const { target, wire } = this.#parts;
    const { gate } = lease;
    gate.note(gate.session.step({ kind: "authentication", seen: seenIn(read.headers, target) }));
    const encoding = read.headers["content-encoding"] ?? "";
    if (read.body === null && this.#bytes !== null && !isKnownEncoding(encoding)) return this.#unknownEncoding(gate, encoding);
    const own = { ...serverHeaders(read.headers), ...target.headers };
    const exchange = openExchange(gate.session, read, gate.record, (text) => this.#answerServer(text, this.#endpoint ?? url, own), true);
    const verdict = exchange.verdict.kind === "hold" ? await this.#ask(gate, exchange, exchange.verdict.ask) : exchange.verdict;
    if (exchange.released !== null) gate.desk.withdraw(exchange.released);
    if (verdict.kind === "hold") throw new Error("an answer that did not settle its question");
    if (verdict.kind === "answer") return this.#answer(verdict.status, verdict.contentType, verdict.body);
    const replaced = verdict.kind === "replace" ? verdict : null;
    // What stays as it was stays compressed as it was.
    const packed = replaced === null && encoding !== "" && this.#bytes !== null;
    const headers = { ...passable(read.headers), ...(packed ? { "content-encoding": encoding } : {}), ...replaced?.headers, ...target.headers };
    let answer: Answer;
    try {
      answer = await wire.ask({ method: read.method, url, headers, body: replaced?.body ?? (packed ? this.#bytes : read.body), signal: this.#signal });
    } catch (error) {
      if (this.#signal.aborted) return;
      if (error instanceof WireFailure) return this.#trouble(failureTrouble(error, target));
      throw error;
    }
    if (answer.status === 401 || (answer.status === 403 && answer.headers["www-authenticate"] !== undefined)) {
      answer.discard();
      const given = target.authentication === "none" && read.headers["authorization"] !== undefined;
      return this.#trouble({ code: SIGN_IN, text: given ? `${target.url.host} did not accept the sign-in that the app sent along.` : signInWords(answer, target) });
    }
    const opened = answer.headers["mcp-session-id"];
    if (typeof opened === "string" && read.headers["mcp-session-id"] === undefined && answer.status < 300) {
      lease.bind(opened, "streamable-http");
      own["mcp-session-id"] = opened;
    }
    await this.#reply(answer, exchange, lease);
  }

  /** The connection stays open and silent while a person is asked. */
  async #ask(gate: Gate, exchange: HttpExchange, ask: Ask): Promise<RequestVerdict> {
    const { ticket } = ask;
    const leave = (): void => gate.desk.withdraw(ticket);
    this.#signal.addEventListener("abort", leave, { once: true });
    const said = await gate.desk.ask(ask);
    this.#signal.removeEventListener("abort", leave);
    return exchange.settle(said ?? { kind: "leave", ticket });
  }

  async #reply(answer: Answer, exchange: HttpExchange, lease: Lease): Promise<void> {
    const verdict = exchange.head(answer.status, answer.type);
    if (verdict.kind === "answer") {
      answer.discard();
      return this.#answer(verdict.status, verdict.contentType, verdict.body);
    }
    const response = this.#response;
    const streams = /^\s*text\/event-stream\b/i.test(answer.type);
    const begin = (): void => {
      if (response.headersSent) return;
      response.statusCode = answer.status;
      for (const [name, value] of pairs(answer.rawHeaders)) if (!NOT_PASSED.has(name.toLowerCase())) response.appendHeader(name, value);
      response.flushHeaders();
    };
    if (streams || verdict.kind === "pass") begin();
    const endpoint = streams && this.#request.method === "GET" ? this.#endpointWatch(lease) : (text: string) => text;
    const give = async (text: string | Uint8Array): Promise<void> => {
      if (text.length === 0) return;
      begin();
      if (!response.write(text)) await once(response, "drain", { signal: this.#signal });
    };
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    try {
      for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
        if (verdict.kind === "pass") await give(chunk);
        else await give(endpoint(decode(decoder, exchange, chunk)));
        if (exchange.over) break;
      }
      if (verdict.kind === "tap") await give(decode(decoder, exchange, null));
    } catch (error) {
      answer.discard();
      if (this.#signal.aborted) return;
      if (!isBroken(error)) throw error;
      // The server died in the middle. A stream ends as the server's did, so that the client can take it up again; a document that never was complete becomes words.
      if (response.headersSent) return void response.destroy();
      return this.#trouble(failureTrouble(new WireFailure("broken", (error as NodeJS.ErrnoException).code ?? "ended"), this.#parts.target));
    }
    if (exchange.over) answer.discard();
    if (!response.headersSent && this.#id !== null && answer.status === 200) return this.#trouble({ code: NO_ANSWER, text: `${this.#parts.target.url.host} ended its answer (HTTP ${answer.status}) without a reply to this request.` });
    begin();
    response.end();
  }

  /** The old transport names an address for messages: they belong to this stream's gate, and to our own origin. */
  #endpointWatch(lease: Lease): (text: string) => string {
    const framer = sseFramer(Number.MAX_SAFE_INTEGER);
    let named = false;
    return (text) => {
      if (named) return text;
      let out = "";
      for (const frame of framer.push(text)) {
        if (frame.kind !== "event") continue;
        const { event } = frame;
        const { target } = this.#parts;
        if (named || event.event !== "endpoint" || event.data === null || !URL.canParse(event.data, target.url)) {
          out += event.text;
          continue;
        }
        const url = new URL(event.data, target.url);
        if (url.origin !== target.url.origin) continue;
        named = true;
        this.#endpoint = url;
        lease.bind(nameOf(url), "sse");
        this.#response.once("close", () => this.#parts.pool.end(nameOf(url), "client closed"));
        out += event.data.includes("://") || event.data.startsWith("//") ? withData(event, url.pathname + url.search) : event.text;
      }
      if (named) for (const rest of framer.end()) if (rest.kind === "event") out += rest.event.text;
      return out;
    };
  }

  /** Tells the server that its own request was refused, in the client's name. Nothing waits for this to arrive. */
  #answerServer(text: string, url: URL, headers: Readonly<Record<string, string>>): void {
    const { wire, say, target } = this.#parts;
    void wire.ask({ method: "POST", url, headers, body: text, signal: AbortSignal.timeout(ANSWER_MS) }).then(
      (answer) => answer.body.resume(),
      () => say(`${target.url.host} could not be told that a request of its own was refused`),
    );
  }

  #trouble(trouble: Trouble): void {
    const text = withoutSecrets(trouble.text, this.#parts.target);
    this.#parts.say(text);
    if (isGap(trouble)) this.#parts.gap(text);
    if (this.#id !== null) this.#answer(200, JSON_TYPE, errorLine(this.#id, { ...trouble, text }));
    else this.#words(502, text);
  }

  #answer(status: number, type: string, body: string): void {
    const response = this.#response;
    response.statusCode = status;
    if (type !== "") response.setHeader("content-type", type);
    response.end(body);
  }

  #words(status: number, text: string): void {
    this.#answer(status, "text/plain; charset=utf-8", text);
    // A body that nobody reads would hold the connection.
    this.#request.resume();
  }
}

function decode(decoder: TextDecoder, exchange: HttpExchange, chunk: Uint8Array | null): string {
  let text: string;
  try {
    text = chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
  } catch {
    return exchange.undecodable();
  }
  return chunk ? exchange.chunk(text) : exchange.end();
}

function nameOf(url: URL): string {
  return `endpoint ${url.pathname}${url.search}`;
}

function seenIn(headers: Readonly<Record<string, string>>, target: Target): "none" | "bearer" | "other" {
  if (target.authentication === "bearer" || target.authentication === "other") return target.authentication;
  const value = headers["authorization"];
  if (value !== undefined) return /^bearer\s/i.test(value) ? "bearer" : "other";
  return headers["cookie"] === undefined ? "none" : "other";
}

function passable(headers: Readonly<Record<string, string>>): Record<string, string> {
  const listed = new Set((headers["connection"] ?? "").split(",").map((each) => each.trim().toLowerCase()));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_PASSED.has(name) && !listed.has(name)));
}

/** For a message of ours in the client's name: who it is and which session it has, and nothing that is about its own message. */
function serverHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(passable(headers)).filter(([name]) => !/^(content-|accept$|last-event-id$|origin$|referer$|sec-|mcp-(?!session-id$|protocol-version$))/.test(name));
  return { ...Object.fromEntries(kept), "content-type": JSON_TYPE, accept: `${JSON_TYPE}, text/event-stream` };
}

function pairs(raw: readonly string[]): [string, string][] {
  const found: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) found.push([raw[at]!, raw[at + 1]!]);
  return found;
}
