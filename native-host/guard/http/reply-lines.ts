/** Takes one HTTP answer through the gate and gives what may pass as lines of JSON, one message each, as slowly as they are read. */
import { jsonFramer, type JsonFramer } from "../../../shared/mcp/json-stream.ts";
import { isObject } from "../../../shared/mcp/message.ts";
import { sseFramer, type SseEvent, type SseFramer } from "../../../shared/mcp/sse.ts";
import type { HttpReply } from "../../../shared/gate/http.ts";
import { oneLine } from "./one-line.ts";
import { WireFailure, type Answer } from "./wire.ts";

export interface ReplyTaker {
  /** One message for the client. The next waits until this one is taken. */
  line(text: string): Promise<void> | void;
  /** Every event of a stream, before its message. */
  event?(event: SseEvent): void;
  /** A stream that ends here can be taken up again: what is left of a cut event comes again, whole. */
  resumes?(lastEventId: string): boolean;
}

export interface ReplyOutcome {
  readonly streamed: boolean;
  /** Where a stream can be taken up again. */
  readonly lastEventId: string | null;
  /** How long the server wants us to wait before that. */
  readonly retryMs: number | null;
  /** Text that is no message: an error page. Judged. */
  readonly stray: string;
  /** Why the answer did not come to its end. */
  readonly broken: unknown;
}

/** @param silenceMs longest pause between two pieces; 0: any. */
export async function readReply(answer: Answer, reply: HttpReply, taker: ReplyTaker, silenceMs: number): Promise<ReplyOutcome> {
  const reader = new Reader(answer, reply, taker);
  await reader.run(silenceMs);
  return reader.outcome();
}

/** The gate has bounded every message: what comes out of it is not bounded again. */
const ANY_SIZE = Number.MAX_SAFE_INTEGER;

class Reader {
  readonly #answer: Answer;
  readonly #reply: HttpReply;
  readonly #taker: ReplyTaker;
  readonly #failed: boolean;
  #sse: SseFramer | null = null;
  #json: JsonFramer | null = null;
  #lastEventId: string | null = null;
  #retryMs: number | null = null;
  #stray = "";
  #broken: unknown = null;

  constructor(answer: Answer, reply: HttpReply, taker: ReplyTaker) {
    this.#answer = answer;
    this.#reply = reply;
    this.#taker = taker;
    this.#failed = answer.status >= 400;
  }

  outcome(): ReplyOutcome {
    return { streamed: this.#sse !== null, lastEventId: this.#lastEventId, retryMs: this.#retryMs, stray: this.#stray, broken: this.#broken };
  }

  async run(silenceMs: number): Promise<void> {
    const { body, type, status } = this.#answer;
    const verdict = this.#reply.head(status, type);
    if (verdict.kind !== "tap") {
      this.#answer.discard();
      if (verdict.kind === "answer" && verdict.body !== "") await this.#taker.line(oneLine(verdict.body));
      return;
    }
    if (/^\s*text\/event-stream\b/i.test(type)) this.#sse = sseFramer(ANY_SIZE);
    else if (/json/i.test(type)) this.#json = jsonFramer(ANY_SIZE);
    const timer = silenceMs > 0 ? setTimeout(() => body.destroy(new WireFailure("answer-timeout", String(silenceMs / 1000))), silenceMs) : undefined;
    try {
      await this.#read(timer);
    } catch (error) {
      this.#broken = error;
    } finally {
      clearTimeout(timer);
      if (this.#reply.over || this.#broken !== null) this.#answer.discard();
    }
  }

  async #read(timer: NodeJS.Timeout | undefined): Promise<void> {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const decode = (chunk?: Uint8Array): string | null => {
      try {
        return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
      } catch {
        return null;
      }
    };
    for await (const chunk of this.#answer.body as AsyncIterable<Uint8Array>) {
      const text = decode(chunk);
      await this.#take(text === null ? this.#reply.undecodable() : this.#reply.chunk(text));
      if (this.#reply.over) return this.#finish("");
      timer?.refresh();
    }
    if (this.#sse && this.#lastEventId !== null && this.#taker.resumes?.(this.#lastEventId)) return;
    await this.#finish(decode() === null ? this.#reply.undecodable() : this.#reply.end());
  }

  async #finish(text: string): Promise<void> {
    await this.#take(text);
    if (this.#sse) for (const frame of this.#sse.end()) if (frame.kind === "event") await this.#event(frame.event);
    if (this.#json) for (const frame of this.#json.end()) if (frame.kind === "junk") this.#stray += frame.text;
  }

  async #take(text: string): Promise<void> {
    if (text === "") return;
    if (this.#sse) {
      for (const frame of this.#sse.push(text)) if (frame.kind === "event") await this.#event(frame.event);
    } else if (this.#json) {
      // As a rule the gate gives one whole document: parsing it is far quicker than looking for its end.
      if (parses(text)) await this.#document(text);
      else for (const frame of this.#json.push(text)) if (frame.kind === "document") await this.#document(frame.text);
    } else this.#stray += text;
  }

  async #event(event: SseEvent): Promise<void> {
    for (const line of event.text.split(/\r\n|\n|\r/)) {
      const [, field, value = ""] = /^(id|retry)(?:: ?(.*))?$/.exec(line) ?? [];
      if (field === "id" && !value.includes("\0")) this.#lastEventId = value === "" ? null : value;
      if (field === "retry" && /^\d{1,9}$/.test(value)) this.#retryMs = Number(value);
    }
    this.#taker.event?.(event);
    if (event.data !== null && /^\s*[{[]/.test(event.data)) await this.#taker.line(oneLine(event.data));
  }

  /** An error page may be JSON and still no message of MCP. */
  async #document(text: string): Promise<void> {
    if (this.#failed && !isMessage(text)) this.#stray += text;
    else await this.#taker.line(oneLine(text));
  }
}

function parses(text: string): boolean {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}

function isMessage(text: string): boolean {
  try {
    const value = JSON.parse(text) as unknown;
    return Array.isArray(value) || (isObject(value) && value["jsonrpc"] === "2.0");
  } catch {
    return false;
  }
}
