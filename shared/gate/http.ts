/** MCP over HTTP around a session: one exchange is one request and its reply (a JSON document, a stream of documents, or server-sent events). Pure; the page relay and the HTTP guard bring the bytes. */
import { jsonFramer, type JsonFramer } from "../mcp/json-stream.ts";
import { isMcpMethod } from "../mcp/methods.ts";
import { sseFramer, withData, type SseFrame, type SseFramer } from "../mcp/sse.ts";
import type { EventRecord } from "../events/record.ts";
import { mirroredHeaders } from "./mirrored-headers.ts";
import type { Effect, Session } from "./session.ts";

/** Largest message that is held to be judged. SDK peers close at 10 MiB. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

export interface HttpRequest {
  readonly method: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null: no body, or one that is no text (`unreadable` says so). */
  readonly body: string | null;
  readonly unreadable: boolean;
}

export type RequestVerdict =
  | { readonly kind: "pass" }
  | { readonly kind: "replace"; readonly body: string; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: "answer"; readonly status: number; readonly contentType: string; readonly body: string };

export type ReplyVerdict =
  | { readonly kind: "pass" }
  /** Give every chunk to `chunk()` and hand on what it returns. */
  | { readonly kind: "tap" }
  | { readonly kind: "answer"; readonly status: number; readonly contentType: string; readonly body: string };

/** Does this request look like MCP? Cheap on purpose; a body that says `jsonrpc` is enough to look closer. */
export function looksLikeMcp(request: HttpRequest): boolean {
  const { headers } = request;
  if (headers["mcp-session-id"] !== undefined || headers["mcp-protocol-version"] !== undefined || headers["mcp-method"] !== undefined) return true;
  const accept = headers["accept"] ?? "";
  if (request.method !== "POST" || request.body === null) return false;
  const methods = [...request.body.slice(0, 100_000).matchAll(/"method"\s*:\s*"([^"\\]{1,80})"/g)].map((match) => match[1]!);
  if (!/"jsonrpc"\s*:\s*"2\.0"/.test(request.body)) return false;
  return methods.some(isMcpMethod) || (accept.includes("text/event-stream") && accept.includes("json"));
}

export interface HttpExchange {
  readonly verdict: RequestVerdict;
  head(status: number, contentType: string): ReplyVerdict;
  /** Decoded text in, text to hand on out. */
  chunk(text: string): string;
  end(): string;
  /** Bytes that are no UTF-8: nothing more of this reply is handed on. */
  undecodable(): string;
}

/** @param record takes every record that the exchange yields. */
export function openExchange(session: Session, request: HttpRequest, record: (record: EventRecord) => void): HttpExchange {
  const step = (input: Parameters<Session["step"]>[0]): Effect[] => {
    const effects = session.step(input);
    for (const effect of effects) if (effect.kind === "record") record(effect.record);
    return effects;
  };
  return new Exchange(step, request);
}

type Step = (input: Parameters<Session["step"]>[0]) => Effect[];

class Exchange implements HttpExchange {
  readonly verdict: RequestVerdict;
  readonly #step: Step;
  readonly #request: HttpRequest;
  #sse: SseFramer | null = null;
  #json: JsonFramer | null = null;
  #over = false;

  constructor(step: Step, request: HttpRequest) {
    this.#step = step;
    this.#request = request;
    this.verdict = this.#judgeRequest();
  }

  #judgeRequest(): RequestVerdict {
    const request = this.#request;
    if (request.unreadable) return answerOf(this.#step({ kind: "unreadable", direction: "to-server", fault: "encoding", detail: "its body is not readable text", bytes: 0, head: "" }));
    if (request.body === null || request.body === "") return answerOf(this.#step({ kind: "knock", what: `http/${request.method}` }));
    if (request.body.length > MAX_MESSAGE_BYTES) return answerOf(this.#step({ kind: "unreadable", direction: "to-server", fault: "oversize", detail: `it is larger than ${MAX_MESSAGE_BYTES >> 20} MiB`, bytes: request.body.length, head: request.body }));
    const effects = this.#step({ kind: "message", direction: "to-server", text: request.body });
    const replaced = effects.find((effect) => effect.kind === "replace");
    const reply = effects.find((effect) => effect.kind === "reply");
    if (reply) return answerOf(effects);
    if (replaced) return { kind: "replace", body: replaced.text, headers: mirroredHeaders(request.headers, request.body, replaced.text) };
    if (effects.some((effect) => effect.kind === "drop")) return { kind: "answer", status: 202, contentType: "", body: "" };
    return { kind: "pass" };
  }

  head(status: number, contentType: string): ReplyVerdict {
    const type = contentType.split(";")[0]!.trim().toLowerCase();
    if (type === "text/event-stream") {
      this.#sse = sseFramer(MAX_MESSAGE_BYTES);
      return { kind: "tap" };
    }
    if (type === "application/json" || type.endsWith("+json") || type === "application/x-ndjson" || type === "application/jsonl") {
      this.#json = jsonFramer(MAX_MESSAGE_BYTES);
      return { kind: "tap" };
    }
    // Errors and empty acceptances carry no MCP message; a success of another type would, unseen.
    if (status < 200 || status > 299 || status === 202 || status === 204 || this.#request.method !== "POST") return { kind: "pass" };
    const detail = `the server answered with "${type.slice(0, 60) || "no content type"}" where MCP asks for JSON or an event stream`;
    const effects = this.#step({ kind: "unreadable", direction: "to-client", fault: "content-type", detail, bytes: 0, head: this.#request.body ?? "" });
    const replaced = effects.find((effect) => effect.kind === "replace");
    return { kind: "answer", status: 200, contentType: "application/json", body: replaced?.text ?? "" };
  }

  chunk(text: string): string {
    if (this.#over) return "";
    if (this.#sse) return this.#events(this.#sse.push(text));
    if (this.#json) return this.#documents(this.#json.push(text));
    return text;
  }

  end(): string {
    if (this.#over) return "";
    if (this.#sse) return this.#events(this.#sse.end());
    if (this.#json) return this.#documents(this.#json.end());
    return "";
  }

  undecodable(): string {
    this.#over = true;
    return this.#unreadable("encoding", "it is not valid UTF-8", 0, "");
  }

  #events(frames: readonly SseFrame[]): string {
    let out = "";
    for (const frame of frames) {
      if (frame.kind === "oversize") {
        out += asEvent(this.#unreadable("oversize", `an event is larger than ${MAX_MESSAGE_BYTES >> 20} MiB`, frame.chars, ""));
        continue;
      }
      const { event } = frame;
      // Comments, pings, priming events and the old transport's endpoint event carry no message.
      if (event.data === null || event.data === "" || event.event === "endpoint") {
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
      else if (frame.kind === "junk") out += this.#unreadable("syntax", "it is not valid JSON", frame.text.length, frame.text);
      else {
        this.#over = true;
        out += this.#unreadable("oversize", `it is larger than ${MAX_MESSAGE_BYTES >> 20} MiB`, frame.chars, "");
      }
    }
    return out;
  }

  /** The text to hand on: the same, another, or nothing. */
  #judgeReply(text: string): string {
    const effects = this.#step({ kind: "message", direction: "to-client", text });
    for (const effect of effects) {
      if (effect.kind === "replace") return effect.text;
      if (effect.kind === "forward") return text;
    }
    return "";
  }

  /** A refusal for whoever waits. Without an id in what was readable, the request's own id tells who that is. */
  #unreadable(fault: "syntax" | "oversize" | "encoding", detail: string, bytes: number, head: string): string {
    const effects = this.#step({ kind: "unreadable", direction: "to-client", fault, detail, bytes, head: this.#request.body ?? head });
    const replaced = effects.find((effect) => effect.kind === "replace");
    return replaced?.text ?? "";
  }
}

function answerOf(effects: readonly Effect[]): RequestVerdict {
  if (effects.some((effect) => effect.kind === "forward")) return { kind: "pass" };
  const reply = effects.find((effect) => effect.kind === "reply");
  return { kind: "answer", status: 200, contentType: "application/json", body: reply?.text ?? "" };
}

function asEvent(data: string): string {
  return data === "" ? "" : `event: message\ndata: ${data}\n\n`;
}
