/** MCP over HTTP around a session: one exchange is one request and its reply (a JSON document, a stream of documents, or server-sent events). Pure; the page relay and the HTTP guard bring the bytes. */
import { jsonFramer, type JsonFramer } from "../mcp/json-stream.ts";
import { guessId, isObject, readMessage, type JsonObject } from "../mcp/message.ts";
import { isMcpMethod } from "../mcp/methods.ts";
import { sseFramer, withData, type SseFrame, type SseFramer } from "../mcp/sse.ts";
import type { EventRecord, Malformed } from "../events/record.ts";
import type { Ask } from "./ask.ts";
import { headerMismatch, mirroredHeaders } from "./mirrored-headers.ts";
import type { Effect, Input, Session } from "./session.ts";

/** Largest message that is held to be judged. SDK peers close at 10 MiB. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

export interface HttpRequest {
  readonly method: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null: no body, or one that could not be read. */
  readonly body: string | null;
  /** Why the body could not be read: it is no text, or too large to be taken. Null: there is none, or it was. */
  readonly unreadable: "encoding" | "oversize" | null;
  /** Beginning of a body that could not be read whole, where there is one: its id is looked for there. */
  readonly head?: string;
}

export type RequestVerdict =
  | { readonly kind: "pass" }
  | { readonly kind: "replace"; readonly body: string; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: "answer"; readonly status: number; readonly contentType: string; readonly body: string }
  /** A person is to be asked: nothing is sent until `settle` has been told what came of it. */
  | { readonly kind: "hold"; readonly ask: Ask };

export type ReplyVerdict =
  | { readonly kind: "pass" }
  /** Give every chunk to `chunk()` and hand on what it returns. */
  | { readonly kind: "tap" }
  | { readonly kind: "answer"; readonly status: number; readonly contentType: string; readonly body: string };

/** Does this request look like MCP? Cheap for what does not; a body is read as its server would read it, so that no way of writing hides a call.
 * @param known MCP was spoken with this very address before: then broken bodies, the listening GET and the DELETE are MCP too. */
export function looksLikeMcp(request: HttpRequest, known: boolean): boolean {
  const { headers } = request;
  if (headers["mcp-session-id"] !== undefined || headers["mcp-protocol-version"] !== undefined || headers["mcp-method"] !== undefined) return true;
  const accept = headers["accept"] ?? "";
  const streams = accept.includes("text/event-stream");
  if (request.method !== "POST" && request.body === null && !request.unreadable) return known && (request.method === "DELETE" || (request.method === "GET" && streams));
  if (request.body === null) return request.unreadable !== null && (known || (streams && accept.includes("json")) || isForeign(headers["content-type"] ?? ""));
  if (!/^\s*[[{]/.test(request.body)) return false;
  return known || saysMcp(request.body, streams && accept.includes("json"));
}

/** Named encoding that is not UTF-8: the tap has seen a message in it, or cannot read it at all. */
function isForeign(contentType: string): boolean {
  const charset = /charset="?([^\s";]+)/i.exec(contentType)?.[1];
  return charset !== undefined && !/^utf-?8$/i.test(charset);
}

function saysMcp(body: string, asksForBoth: boolean): boolean {
  // Neither name stands there, and no escape that could spell one.
  if (!/jsonrpc|"method"|\\u00/iu.test(body)) return false;
  let value: unknown;
  try {
    value = JSON.parse(body.trim());
  } catch {
    return /"jsonrpc"\s*:/i.test(body) && (asksForBoth || [...body.matchAll(/"method"\s*:\s*"([^"\\]{1,80})"/gi)].some((match) => isMcpMethod(match[1]!)));
  }
  return (Array.isArray(value) ? value : [value]).some((message) => {
    if (!isObject(message)) return false;
    const method = valueOf(message, "method");
    const version = valueOf(message, "jsonrpc");
    // Some servers do not insist on the version; a method like "ping" alone is too common a word.
    if (typeof method === "string" && isMcpMethod(method)) return version !== undefined || method.includes("/");
    return version === "2.0" && asksForBoth;
  });
}

/** Of a key in any case: some servers do not insist on that either. */
function valueOf(message: JsonObject, name: string): unknown {
  return message[name] ?? Object.entries(message).find(([key]) => key.length < 16 && key.toUpperCase().toLowerCase() === name)?.[1];
}

export interface HttpReply {
  /** @param landed session of the server that answered in the end, when that is another than was asked: redirects are followed where nobody can look. */
  head(status: number, contentType: string, landed?: Session): ReplyVerdict;
  /** Decoded text in, text to hand on out. */
  chunk(text: string): string;
  end(): string;
  /** Bytes that are no UTF-8: nothing more of this reply is handed on. */
  undecodable(): string;
  /** Nothing more of this reply will be handed on: its rest need not be read. */
  readonly over: boolean;
}

export interface HttpExchange extends HttpReply {
  readonly verdict: RequestVerdict;
  /** Ticket of a held message that this request has taken back: its question is over. */
  readonly released: string | null;
  /** What came of the question: the verdict after all, or the hold still, where the answer was none. */
  settle(input: Settling): RequestVerdict;
}

export type Settling = Extract<Input, { kind: "answer" | "expire" | "leave" }>;

/** Takes what the server must hear: the answer to a request of its own that was refused. A message of its own, for whoever can send one. */
export type ServerAnswer = (text: string) => void;

/** @param record takes every record that the exchange yields. @param waits whoever asks can wait for a person. */
export function openExchange(session: Session, request: HttpRequest, record: (record: EventRecord) => void, answerServer?: ServerAnswer, waits = false): HttpExchange {
  return new Exchange(session, record, request, null, answerServer, waits);
}

/** The reply to a request that has been judged already, on the pipe that it came from. */
export function openReply(session: Session, request: HttpRequest, record: (record: EventRecord) => void, answerServer?: ServerAnswer): HttpReply {
  return new Exchange(session, record, request, { kind: "pass" }, answerServer, false);
}

type Step = (input: Parameters<Session["step"]>[0]) => Effect[];

function stepOf(session: Session, record: (record: EventRecord) => void): Step {
  return (input) => {
    const effects = session.step(input);
    for (const effect of effects) if (effect.kind === "record") record(effect.record);
    return effects;
  };
}

/** MCP 2026-07-28, "Error codes". */
const HEADER_MISMATCH = -32020;
const TOO_LARGE = `it is larger than ${MAX_MESSAGE_BYTES >> 20} MiB`;

/** The empty answer to a notification. */
const NOTHING_SENT: RequestVerdict = { kind: "answer", status: 202, contentType: "", body: "" };

class Exchange implements HttpExchange {
  verdict: RequestVerdict;
  released: string | null = null;
  readonly #step: Step;
  readonly #record: (record: EventRecord) => void;
  readonly #request: HttpRequest;
  readonly #answerServer: ServerAnswer | undefined;
  #sse: SseFramer | null = null;
  #json: JsonFramer | null = null;
  /** Text of a reply that is no message: an error page. */
  #plain: string | null = null;
  #over = false;
  /** A part of the reply that was dropped, because nobody could be told whose it was. */
  #lost: Malformed | null = null;

  constructor(session: Session, record: (record: EventRecord) => void, request: HttpRequest, judged: RequestVerdict | null, answerServer: ServerAnswer | undefined, waits: boolean) {
    this.#answerServer = answerServer;
    this.#step = stepOf(session, record);
    this.#record = record;
    this.#request = request;
    this.verdict = judged ?? this.#judgeRequest(waits);
  }

  #judgeRequest(waits: boolean): RequestVerdict {
    const request = this.#request;
    if (request.unreadable) return answerOf(this.#step({ kind: "unreadable", direction: "to-server", fault: request.unreadable, detail: request.unreadable === "oversize" ? TOO_LARGE : "its body is not readable text", bytes: 0, head: request.head ?? "" }));
    if (request.body === null || request.body === "") return answerOf(this.#step({ kind: "knock", what: `http/${request.method}` }));
    if (request.body.length > MAX_MESSAGE_BYTES) return answerOf(this.#step({ kind: "unreadable", direction: "to-server", fault: "oversize", detail: TOO_LARGE, bytes: request.body.length, head: request.body }));
    const mismatch = headerMismatch(request.headers, request.body);
    if (mismatch !== null) return this.#refuseHeaders(request.body, mismatch);
    return this.#verdictOf(this.#step({ kind: "message", direction: "to-server", text: request.body, waits }), request.body);
  }

  #verdictOf(effects: readonly Effect[], body: string): RequestVerdict {
    const hold = effects.find((effect) => effect.kind === "hold");
    if (hold) return { kind: "hold", ask: hold.ask };
    this.released = effects.find((effect) => effect.kind === "release")?.ticket ?? null;
    const replaced = effects.find((effect) => effect.kind === "replace");
    const reply = effects.find((effect) => effect.kind === "reply");
    if (reply && replaced) return { kind: "answer", status: 200, contentType: "application/json", body: this.#refuseRest(replaced.text, reply.text, effects) };
    if (reply) return answerOf(effects);
    if (replaced) return { kind: "replace", body: replaced.text, headers: mirroredHeaders(this.#request.headers, body, replaced.text) };
    return effects.some((effect) => effect.kind === "forward") ? { kind: "pass" } : NOTHING_SENT;
  }

  settle(input: Settling): RequestVerdict {
    if (this.verdict.kind !== "hold") return this.verdict;
    const effects = this.#step(input);
    if (input.kind === "leave") return (this.verdict = NOTHING_SENT);
    // An answer to another question says nothing about this one.
    return effects.length === 0 ? this.verdict : (this.verdict = this.#verdictOf(effects, this.#request.body ?? ""));
  }

  /** In the words that MCP has for it (2026-07-28, "HeaderMismatch"): servers must refuse this, but who stands between us and them may have acted on the header by then. */
  #refuseHeaders(body: string, header: string): RequestVerdict {
    const detail = `its header ${header} does not say what the message says`;
    const effects = this.#step({ kind: "unreadable", direction: "to-server", fault: "headers", detail, bytes: body.length, head: body });
    const reference = effects.flatMap((effect) => (effect.kind === "record" ? [effect.record.id] : []))[0] ?? "";
    const error = { code: HEADER_MISMATCH, message: `Sluice did not pass this message on: ${detail}. Reference ${reference}.` };
    return { kind: "answer", status: 400, contentType: "application/json", body: `{"jsonrpc":"2.0","id":${guessId(body) ?? "null"},"error":${JSON.stringify(error)}}` };
  }

  head(status: number, contentType: string, landed?: Session): ReplyVerdict {
    if (landed && answerOf(stepOf(landed, this.#record)({ kind: "knock", what: "http/redirect" })).kind === "answer") return this.#replaced("redirect", "the server sent the request on to another server, which the policy does not allow");
    const type = contentType.split(";")[0]!.trim().toLowerCase();
    if (type === "text/event-stream") {
      this.#sse = sseFramer(MAX_MESSAGE_BYTES);
      return { kind: "tap" };
    }
    if (type === "application/json" || type.endsWith("+json") || type === "application/x-ndjson" || type === "application/jsonl") {
      this.#json = jsonFramer(MAX_MESSAGE_BYTES);
      return { kind: "tap" };
    }
    // The empty answer to a notification. Nobody reads it, so it must not be kept open either.
    if ((status === 202 || status === 204) && type === "") return { kind: "pass" };
    // An error page carries no message, but clients show its text to the model: it is judged as text.
    if (status < 200 || status > 299 || status === 202 || status === 204 || this.#request.body === null) {
      this.#plain = "";
      return { kind: "tap" };
    }
    // A success of another type would carry a message past us.
    const detail = `the server answered with "${type.slice(0, 60) || "no content type"}" where MCP asks for JSON or an event stream`;
    return this.#replaced("content-type", detail);
  }

  /** A refusal in place of the whole reply. */
  #replaced(fault: "content-type" | "redirect", detail: string): ReplyVerdict {
    return { kind: "answer", status: 200, contentType: "application/json", body: this.#unreadable(fault, detail, 0) };
  }

  /** One request has one reply: where a part of a batch is refused, the rest is not sent either, and its askers are told. */
  #refuseRest(rest: string, refusals: string, effects: readonly Effect[]): string {
    const refused = effects.flatMap((effect) => (effect.kind === "record" ? [effect.record] : [])).find((record) => "decision" in record && record.decision.enforced === "block");
    const read = readMessage(rest);
    const members = read.ok && read.value.kind === "batch" ? read.value.members : [];
    const because = { id: refused?.id ?? "", fault: "batch" as const, detail: "another message of the same batch was refused" };
    const others = members.flatMap(({ text }) =>
      this.#step({ kind: "unanswered", head: text, because }).flatMap((effect) => (effect.kind === "replace" ? [effect.text] : [])),
    );
    return `[${[refusals.trim().slice(1, -1), ...others].join(",")}]`;
  }

  get over(): boolean {
    return this.#over;
  }

  chunk(text: string): string {
    if (this.#over) return "";
    if (this.#sse) return this.#events(this.#sse.push(text));
    if (this.#json) return this.#documents(this.#json.push(text));
    if (this.#plain === null) return text;
    this.#plain += text;
    if (this.#plain.length <= MAX_MESSAGE_BYTES) return "";
    this.#over = true;
    this.#unreadable("oversize", TOO_LARGE, this.#plain.length);
    this.#plain = "";
    return `Sluice did not pass this page on: ${TOO_LARGE}.`;
  }

  end(): string {
    if (this.#over) return "";
    if (this.#sse) return this.#events(this.#sse.end()) + asEvent(this.#unanswered());
    if (this.#json) return this.#documents(this.#json.end()) + this.#unanswered();
    return this.#plain ? this.#judgePage(this.#plain) : "";
  }

  undecodable(): string {
    this.#over = true;
    const said = this.#unreadable("encoding", "it is not valid UTF-8", 0);
    if (this.#plain !== null) return "Sluice did not pass this page on: it is not valid UTF-8.";
    return this.#sse ? asEvent(said) : said;
  }

  #events(frames: readonly SseFrame[]): string {
    let out = "";
    for (const frame of frames) {
      if (frame.kind === "oversize") {
        out += asEvent(this.#unreadable("oversize", `an event is larger than ${MAX_MESSAGE_BYTES >> 20} MiB`, frame.chars));
        continue;
      }
      const { event } = frame;
      // Comments, pings, priming events and the old transport's endpoint event (an address) carry no message.
      if (event.data === null || event.data === "" || (event.event === "endpoint" && !/[{["]/.test(event.data))) {
        out += event.text;
        continue;
      }
      const judged = this.#judgeReply(event.data);
      out += judged === event.data ? event.text : judged === "" ? "" : withData(event, judged);
    }
    return out;
  }

  #documents(frames: ReturnType<JsonFramer["push"]>): string {
    let out = "";
    for (const frame of frames) {
      if (frame.kind === "space") out += frame.text;
      else if (frame.kind === "document") out += this.#judgeReply(frame.text);
      else if (frame.kind === "junk") out += this.#unreadable("syntax", "it is not valid JSON", frame.text.length);
      else {
        this.#over = true;
        out += this.#unreadable("oversize", TOO_LARGE, frame.chars);
      }
    }
    return out;
  }

  /** The text to hand on: the same, another, or nothing. */
  #judgeReply(text: string): string {
    const effects = this.#step({ kind: "message", direction: "to-client", text });
    for (const effect of effects) if (effect.kind === "reply") this.#answerServer?.(effect.text);
    for (const effect of effects) {
      if (effect.kind === "replace") return effect.text;
      if (effect.kind === "forward") return text;
      if (effect.kind === "record" && effect.record.kind === "malformed") this.#lost = effect.record;
    }
    return "";
  }

  /** Judged as one string: the gate's way with strings, redaction included, works on it as it stands. */
  #judgePage(text: string): string {
    const judged = this.#judgeReply(JSON.stringify(text));
    return judged === "" ? "Sluice did not pass this page on." : (JSON.parse(judged) as string);
  }

  /** A refusal for whoever waits: the request's own id tells who that is. */
  #unreadable(fault: Malformed["fault"], detail: string, bytes: number): string {
    const effects = this.#step({ kind: "unreadable", direction: "to-client", fault, detail, bytes, head: "", answers: this.#request.body ?? "" });
    const replaced = effects.find((effect) => effect.kind === "replace");
    return replaced?.text ?? "";
  }

  /** The reply has ended, and what was dropped may have been what the request waits for: it is told rather than left waiting. */
  #unanswered(): string {
    if (!this.#lost) return "";
    const effects = this.#step({ kind: "unanswered", head: this.#request.body ?? "", because: this.#lost });
    const replaced = effects.find((effect) => effect.kind === "replace");
    return replaced?.text ?? "";
  }
}

function answerOf(effects: readonly Effect[]): RequestVerdict {
  if (effects.some((effect) => effect.kind === "forward")) return { kind: "pass" };
  const replaced = effects.find((effect) => effect.kind === "replace");
  if (replaced) return { kind: "replace", body: replaced.text, headers: {} };
  const reply = effects.find((effect) => effect.kind === "reply");
  return { kind: "answer", status: 200, contentType: "application/json", body: reply?.text ?? "" };
}

function asEvent(data: string): string {
  return data === "" ? "" : `event: message\ndata: ${data}\n\n`;
}
