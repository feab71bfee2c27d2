/** A remote MCP server behind a pipe: judged messages in, HTTP out; answers through the gate, lines out. Streamable HTTP in both eras, and the old transport where a server speaks nothing else. */
import { finished } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { openExchange, openReply, type HttpRequest } from "../../../shared/gate/http.ts";
import { NOT_JUDGEABLE } from "../../../shared/gate/refusal.ts";
import type { EventRecord } from "../../../shared/events/record.ts";
import type { Transport } from "../../../shared/mcp/channel.ts";
import { guessId, isObject, member, readMessage, type Envelope, type JsonObject } from "../../../shared/mcp/message.ts";
import type { Gate } from "../gatekeeper.ts";
import { POST_HEADERS, replay, type Handshake } from "./handshake.ts";
import { delayOf, hear, isStream } from "./listening.ts";
import { openOldTransport, type OldTransport } from "./old-transport.ts";
import { headerBook, type HeaderBook } from "./request-headers.ts";
import { readReply, type ReplyOutcome, type ReplyTaker } from "./reply-lines.ts";
import type { Target } from "./target.ts";
import { waitingList, type Waiting } from "./waiting.ts";
import { isBroken, WireFailure, type Wire } from "./wire.ts";
import { errorLine, failureTrouble, isGap, NO_ANSWER, SESSION_OVER, statusTrouble, UNFIT_TOOL, type Trouble } from "./words.ts";

export interface RemoteParts {
  readonly target: Target;
  readonly wire: Wire;
  readonly gate: Gate;
  /** Hands one line to the client; resolves when it takes more. */
  write(line: string): Promise<void> | void;
  /** Tells a person. */
  say(text: string): void;
  /** For the journal: nothing could be guarded here, because the server cannot be reached or cannot be reached this way. */
  gap(text: string): void;
  readonly patience?: Partial<RemotePatience>;
}

export interface RemotePatience {
  /** Longest silence inside an answer. */
  readonly silenceMs: number;
  /** Before a stream is taken up again, where the server names no time. */
  readonly retryMs: number;
  /** Attempts to take up a stream that bring nothing new. */
  readonly attempts: number;
}

const PATIENCE: RemotePatience = { silenceMs: 300_000, retryMs: 1000, attempts: 6 };
/** What the client says next waits until a notification is accepted, but no longer than this. */
const ORDER_MS = 5000;
const GOODBYE_MS = 1000;

export interface Remote {
  readonly transport: Transport;
  /** One judged message. Resolves when the next may follow; never rejects. */
  send(text: string): Promise<void>;
  /** Everything asked has its answer. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

export function openRemote(parts: RemoteParts): Remote {
  return new HttpRemote(parts);
}

/** One message on its way. */
interface Sending {
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly asked: readonly Waiting[];
  /** It is the handshake. */
  readonly begins: boolean;
  readonly listens: boolean;
  readonly signal: AbortSignal;
  /** It was sent before, in a session that the server had forgotten. */
  readonly again?: boolean;
  onSent(): void;
}

class HttpRemote implements Remote {
  readonly #parts: RemoteParts;
  readonly #patience: RemotePatience;
  readonly #waiting = waitingList();
  readonly #book: HeaderBook;
  readonly #closed = new AbortController();
  #sessionId: string | null = null;
  #version: string | null = null;
  #handshake: Handshake | null = null;
  #renewing: Promise<boolean> | null = null;
  /** Ends the listening stream. */
  #listening: AbortController | null = null;
  #old: OldTransport | null = null;
  #oldOver = false;

  constructor(parts: RemoteParts) {
    this.#parts = parts;
    this.#book = headerBook(parts.gate.headers);
    this.#patience = { ...PATIENCE, ...parts.patience };
    parts.gate.note(parts.gate.session.step({ kind: "authentication", seen: parts.target.authentication }));
  }

  get transport(): Transport {
    return this.#old ? "sse" : "streamable-http";
  }

  quiet(): Promise<void> {
    return this.#waiting.quiet();
  }

  send(text: string): Promise<void> {
    const read = readMessage(text);
    // What comes here was judged: it can be read.
    if (!read.ok || this.#closed.signal.aborted) return Promise.resolve();
    const envelopes = read.value.kind === "single" ? [read.value.envelope] : read.value.members.map((each) => each.envelope);
    if (envelopes.length === 1 && this.#cancels(envelopes[0]!)) return Promise.resolve();
    const requests = envelopes.flatMap((each) => (each.kind === "request" ? [each] : []));
    const begins = requests.some((each) => each.method === "initialize");
    if (begins) {
      this.#sessionId = this.#version = null;
      this.#handshake = { initialize: text, initialized: null, version: null };
    }
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, this.#closed.signal]);
    const asked = requests.map((each) => this.#waiting.add(each, abort));
    const unfit = requests.find((each) => each.method === "tools/call" && versionOf(each) !== undefined && this.#book.rejects(String(each.params["name"])));
    if (unfit) {
      const words = `${this.#parts.target.url.host} describes this tool in a way that breaks MCP's rules: it asks for headers that cannot be made (x-mcp-header), so it must not be called.`;
      return this.#fail(asked, { code: UNFIT_TOOL, text: words });
    }
    const listens = envelopes.some((each) => each.kind === "notification" && each.method === "notifications/initialized");
    if (listens && this.#handshake) this.#handshake = { ...this.#handshake, initialized: text };
    return new Promise((follow) => {
      const sending: Sending = { text, headers: this.#headersOf(envelopes), asked, begins, listens, signal, onSent: () => asked.length > 0 && !begins && follow() };
      void this.#converse(sending)
        .catch((error: unknown) => (signal.aborted ? undefined : this.#fail(asked, this.#troubleOf(error))))
        .then(follow, follow);
      // The answer to a handshake may stand in a stream that goes on.
      if (begins) void Promise.all(asked.map((each) => each.over)).then(() => follow());
      if (asked.length === 0) void sleep(ORDER_MS, undefined, { ref: false }).then(() => follow());
    });
  }

  async close(): Promise<void> {
    const { target, wire } = this.#parts;
    const headers = { ...target.headers, ...this.#sessionHeaders() };
    const lasting = this.#sessionId !== null && !this.#old;
    this.#closed.abort(new Error("closed"));
    try {
      const request: HttpRequest = { method: "DELETE", headers: {}, body: null, unreadable: null };
      if (lasting && this.#exchange(request).verdict.kind === "pass") (await wire.ask({ method: "DELETE", url: target.url, headers, body: null, signal: AbortSignal.timeout(GOODBYE_MS) })).discard();
    } catch {
      // It was a courtesy.
    }
    wire.close();
  }

  /** In the modern era closing the answer is the cancellation, and nothing is sent. */
  #cancels(envelope: Envelope): boolean {
    if (envelope.kind !== "notification" || envelope.method !== "notifications/cancelled") return false;
    const requestId = envelope.params["requestId"];
    const found = typeof requestId === "string" || typeof requestId === "number" ? this.#waiting.find(JSON.stringify(requestId)) : undefined;
    if (found) this.#waiting.settle(found.id);
    if (found?.modern) found.abort.abort(new Error("cancelled"));
    return found ? found.modern : versionOf(envelope) !== undefined;
  }

  #sessionHeaders(): Record<string, string> {
    return { ...(this.#sessionId === null ? {} : { "mcp-session-id": this.#sessionId }), ...(this.#version === null ? {} : { "mcp-protocol-version": this.#version }) };
  }

  #headersOf(envelopes: readonly Envelope[]): Record<string, string> {
    const only = envelopes.length === 1 ? envelopes[0]! : null;
    const version = only ? versionOf(only) : undefined;
    const mirrored = only && "method" in only && version !== undefined ? this.#book.headersOf(only.method, only.params, version) : this.#sessionHeaders();
    return { ...this.#parts.target.headers, ...POST_HEADERS, ...mirrored };
  }

  async #converse(sending: Sending): Promise<void> {
    const { target, wire, gate } = this.#parts;
    const { text, asked, headers, signal, begins } = sending;
    if (this.#old) return this.#postOld(this.#old, sending);
    const answer = await wire.ask({ method: "POST", url: target.url, headers, body: text, signal, onSent: sending.onSent });
    if (begins && [400, 404, 405, 406, 415].includes(answer.status) && (await this.#fallBack())) {
      answer.discard();
      return this.#postOld(this.#old!, sending);
    }
    if (answer.status === 404 && !sending.again && this.#waits(sending) && (await this.#renewed(headers["mcp-session-id"]))) {
      answer.discard();
      const { "mcp-session-id": _, ...rest } = headers;
      return this.#converse({ ...sending, headers: { ...rest, ...this.#sessionHeaders() }, again: true });
    }
    const given = answer.headers["mcp-session-id"];
    if (begins && answer.status < 300 && typeof given === "string") this.#sessionId = given;
    const request: HttpRequest = { method: "POST", headers: {}, body: text, unreadable: null };
    const taker: ReplyTaker = { line: (line) => this.#hand(line, asked), resumes: () => this.#waits(sending) };
    // A notification's answer is empty, as a rule.
    if (asked.length === 0 && answer.status < 300 && !/json|event-stream/i.test(answer.type)) {
      answer.body.resume();
      if (!sending.listens) return;
      // Once its connection is free the stream takes it, as it is the one that the server reads first.
      await finished(answer.body).catch(() => undefined);
      await new Promise(setImmediate);
      return this.#listen();
    }
    const silenceMs = asked.some((each) => each.method === "subscriptions/listen") ? 0 : this.#patience.silenceMs;
    const reply = (): ReturnType<typeof openReply> => openReply(gate.session, request, gate.record, this.#answerServer);
    let outcome = await readReply(answer, reply(), taker, silenceMs);
    if (answer.status < 300) outcome = await this.#resume(outcome, sending, reply, taker, silenceMs);
    if (answer.status >= 300) return this.#fail(asked, statusTrouble(answer, outcome.stray, target, headers["mcp-session-id"] !== undefined));
    if (!this.#waits(sending)) return;
    await this.#fail(asked, outcome.broken ? this.#troubleOf(outcome.broken) : { code: NO_ANSWER, text: `${target.url.host} ended its answer (HTTP ${answer.status}) without a reply to this request.` });
  }

  #waits({ asked, signal }: Sending): boolean {
    return !signal.aborted && asked.some((each) => this.#waiting.has(each));
  }

  /** A session that the server has forgotten is begun anew (2025-11-25, "Session Management": a client must). Nothing is told to the client, whose handshake is said again for it. @param dead id that the server did not know. */
  #renewed(dead: string | undefined): Promise<boolean> {
    if (dead === undefined || this.#handshake === null) return Promise.resolve(false);
    // Another request has been here before.
    if (dead !== this.#sessionId) return Promise.resolve(true);
    return (this.#renewing ??= this.#renew(this.#handshake).finally(() => (this.#renewing = null)));
  }

  async #renew(handshake: Handshake): Promise<boolean> {
    const { target, wire, gate, say } = this.#parts;
    const parts = { target, wire, gate, signal: this.#closed.signal, silenceMs: this.#patience.silenceMs, answerServer: this.#answerServer };
    const made = await replay(parts, { ...handshake, version: this.#version }).catch(() => null);
    if (made === null) return false;
    this.#sessionId = made.sessionId;
    say(`${target.url.host} had forgotten this session; a new one was begun. What was set up in the old one (subscriptions, the log level) is gone.`);
    // The old one's stream may never end, and brings nothing of the new session.
    this.#listening?.abort(new Error("another session"));
    this.#listening = null;
    if (handshake.initialized !== null) await this.#listen();
    return true;
  }

  /** Tells the server that its own request was refused. Nothing waits for this to arrive. */
  readonly #answerServer = (text: string): void => {
    const { target, wire } = this.#parts;
    const url = this.#old?.endpoint ?? target.url;
    void wire.ask({ method: "POST", url, headers: { ...target.headers, ...POST_HEADERS, ...this.#sessionHeaders() }, body: text, signal: this.#closed.signal }).then(
      (answer) => answer.body.resume(),
      (error: unknown) => this.#closed.signal.aborted || this.#parts.say(this.#troubleOf(error).text),
    );
  };

  /** A server may close a stream whose events carry ids before the answer is there: it goes on where it ended (2025-11-25, "Resumability"). */
  async #resume(first: ReplyOutcome, sending: Sending, reply: () => ReturnType<typeof openReply>, taker: ReplyTaker, silenceMs: number): Promise<ReplyOutcome> {
    const { target, wire } = this.#parts;
    let outcome = first;
    let since = first.lastEventId;
    let retryMs = first.retryMs ?? this.#patience.retryMs;
    for (let vain = 0; since !== null && outcome.streamed && this.#waits(sending) && vain < this.#patience.attempts; vain++) {
      await sleep(delayOf(retryMs, vain), undefined, { signal: sending.signal });
      try {
        const answer = await wire.ask({ method: "GET", url: target.url, headers: { ...target.headers, accept: "text/event-stream", ...this.#sessionHeaders(), "last-event-id": since }, body: null, signal: sending.signal });
        if (!isStream(answer)) {
          answer.discard();
          if (answer.status < 500) return outcome;
          continue;
        }
        outcome = await readReply(answer, reply(), taker, silenceMs);
      } catch (error) {
        if (!(error instanceof WireFailure)) throw error;
        outcome = { ...outcome, broken: error };
        continue;
      }
      retryMs = outcome.retryMs ?? retryMs;
      if (outcome.lastEventId !== null && outcome.lastEventId !== since) vain = -1;
      since = outcome.lastEventId ?? since;
    }
    return outcome;
  }

  /** Opens the listening stream of the legacy era. Resolves once it is asked for: what a server says by itself before that is lost, so no call may overtake it. */
  #listen(): Promise<void> {
    if (this.#listening || this.#old) return Promise.resolve();
    const { target, wire, say } = this.#parts;
    this.#listening = new AbortController();
    const signal = AbortSignal.any([this.#closed.signal, this.#listening.signal]);
    return new Promise((resolve) => {
      const heard = hear({
        target,
        wire,
        signal,
        retryMs: this.#patience.retryMs,
        headers: () => this.#sessionHeaders(),
        exchange: () => this.#exchange({ method: "GET", headers: {}, body: null, unreadable: null }),
        line: (line) => this.#hand(line, []),
        onSent: resolve,
        onGone: (answer) => void (this.#sessionId !== null && say(statusTrouble(answer, "", target, true).text)),
        onFailure: (error) => say(this.#troubleOf(error).text),
      });
      void heard.finally(resolve);
    });
  }

  /** @returns whether the server speaks the old transport. */
  async #fallBack(): Promise<boolean> {
    const { target, wire, gate } = this.#parts;
    const lost = (record: EventRecord): void => {
      gate.record(record);
      if (record.kind === "malformed" && record.outcome === "dropped" && record.direction === "to-client") this.#lost(record.detail);
    };
    const exchange = openExchange(gate.session, { method: "GET", headers: {}, body: null, unreadable: null }, lost, this.#answerServer);
    if (exchange.verdict.kind !== "pass") return false;
    const old = await openOldTransport(target, wire, exchange, (line) => this.#hand(line, []), this.#closed.signal).catch(() => null);
    this.#old = old;
    void old?.over.then(() => {
      this.#oldOver = true;
      if (this.#closed.signal.aborted) return;
      void this.#fail(this.#waiting.all(), this.#gone());
    });
    return old !== null;
  }

  #gone(): Trouble {
    return { code: SESSION_OVER, text: `${this.#parts.target.url.host} has closed the connection, and with it this session. Restart this server entry in your app to begin a new one.` };
  }

  /** On the one stream of the old transport nothing tells whose answer was dropped, unless only one was awaited. */
  #lost(detail: string): void {
    const open = this.#waiting.all();
    const trouble = { code: NOT_JUDGEABLE, text: `Sluice did not pass an answer on: ${detail}. It could not be checked.` };
    void this.#fail(open.length === 1 ? open : [], trouble);
  }

  async #postOld(old: OldTransport, sending: Sending): Promise<void> {
    const { target, wire } = this.#parts;
    if (this.#oldOver) return this.#fail(sending.asked, this.#gone());
    const answer = await wire.ask({ method: "POST", url: old.endpoint, headers: { ...target.headers, "content-type": "application/json", ...this.#sessionHeaders() }, body: sending.text, signal: sending.signal, onSent: sending.onSent });
    answer.discard();
    if (answer.status >= 300) return this.#fail(sending.asked, statusTrouble(answer, "", target, true));
    // The handshake is over when its answer has come on the stream.
    if (sending.begins) await Promise.race([Promise.all(sending.asked.map((each) => each.over)), old.over]);
  }

  #exchange(request: HttpRequest): ReturnType<typeof openExchange> {
    const { gate } = this.#parts;
    return openExchange(gate.session, request, gate.record, this.#answerServer);
  }

  /** The one place where lines leave: what they answer is settled, what they teach is learned. */
  async #hand(line: string, asked: readonly Waiting[]): Promise<void> {
    await this.#parts.write(this.#settled(line, asked));
  }

  #settled(line: string, asked: readonly Waiting[]): string {
    const value = JSON.parse(line) as unknown;
    if (Array.isArray(value)) {
      for (const each of value as unknown[]) if (isObject(each) && !Object.hasOwn(each, "method") && each["id"] !== undefined && each["id"] !== null) this.#waiting.settle(JSON.stringify(each["id"]));
      return line;
    }
    if (!isObject(value) || Object.hasOwn(value, "method")) return line;
    const id = guessId(line);
    if (id !== null) {
      this.#learn(this.#waiting.find(id)?.method, value);
      this.#waiting.settle(id);
      return line;
    }
    const open = asked.filter((each) => this.#waiting.has(each));
    if (open.length !== 1 || !isObject(value["error"])) return line;
    // Over HTTP an error without an id answers its own request; on a pipe nobody would know.
    const own = open[0]!.id;
    this.#waiting.settle(own);
    const { id: _, ...rest } = value;
    return `{"id":${own},${JSON.stringify(rest).slice(1)}`;
  }

  #learn(method: string | undefined, message: JsonObject): void {
    if (method === "tools/list") this.#book.learn(message["result"]);
    const told = method === "initialize" ? member(message["result"], "protocolVersion") : undefined;
    if (typeof told === "string" && /^[\x21-\x7e]{1,40}$/.test(told)) this.#version = told;
  }

  async #fail(asked: readonly Waiting[], trouble: Trouble): Promise<void> {
    this.#parts.say(trouble.text);
    if (isGap(trouble)) this.#parts.gap(trouble.text);
    for (const each of asked.filter((one) => this.#waiting.has(one))) {
      this.#waiting.settle(each.id);
      await this.#parts.write(errorLine(each.id, trouble));
    }
  }

  #troubleOf(error: unknown): Trouble {
    if (error instanceof WireFailure) return failureTrouble(error, this.#parts.target);
    if (isBroken(error)) return failureTrouble(new WireFailure("broken", (error as NodeJS.ErrnoException).code ?? "ended"), this.#parts.target);
    return { code: NOT_JUDGEABLE, text: `Sluice itself failed while it looked at the answer (${error instanceof Error ? error.name : "error"}), so it was not passed on.` };
  }
}

function versionOf(envelope: Envelope): string | undefined {
  const version = envelope.kind === "request" || envelope.kind === "notification" ? member(envelope.params, "_meta", "io.modelcontextprotocol/protocolVersion") : undefined;
  return typeof version === "string" ? version : undefined;
}
