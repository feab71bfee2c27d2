/** One HTTP request and its answer, by node:http alone: sockets kept, bodies decoded and never buffered, time-outs and redirects with a defined end. */
import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import process from "node:process";
import { pipeline, type Readable } from "node:stream";
import { decoderOf } from "./body-encoding.ts";
import { isLoopback } from "./target.ts";

export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
  readonly signal: AbortSignal;
  /** The whole request has left. */
  onSent?(): void;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly type: string;
  /** Without content encoding. */
  readonly body: Readable;
  /** The answer's rest is of no use. */
  discard(): void;
}

export interface Wire {
  /** Rejects with a `WireFailure`, or with the signal's reason. */
  ask(asked: Asked): Promise<Answer>;
  close(): void;
}

export interface WirePatience {
  /** Until a connection stands. */
  readonly connectMs: number;
  /** From the request to the first byte of its answer. As long as the usual HTTP clients of MCP wait. */
  readonly answerMs: number;
}

export const WIRE_PATIENCE: WirePatience = { connectMs: 15_000, answerMs: 300_000 };

export type WireTrouble = "connect" | "connect-timeout" | "answer-timeout" | "tls" | "redirect" | "encoding" | "broken";

/** Why no answer came. `detail` is a code or an origin, never a body, a path or a header. */
export class WireFailure extends Error {
  readonly trouble: WireTrouble;
  readonly detail: string;

  constructor(trouble: WireTrouble, detail: string) {
    super(`${trouble}: ${detail}`);
    this.name = "WireFailure";
    this.trouble = trouble;
    this.detail = detail;
  }
}

/** An answer broke off, by the connection's fault or its compression's, not by ours. */
export function isBroken(error: unknown): boolean {
  return error instanceof WireFailure || (error instanceof Error && /^(ECONN|EPIPE|ERR_STREAM|Z_|ERR__ZLIB|ERR_BROTLI|ZSTD|HPE_)/.test((error as NodeJS.ErrnoException).code ?? ""));
}

const MAX_REDIRECTS = 3;
const PROBE_AFTER_MS = 30_000;

export function openWire(patience: WirePatience = WIRE_PATIENCE): Wire {
  const agents = new Map<string, HttpAgent | HttpsAgent>();

  function agentFor(url: URL): HttpAgent | HttpsAgent {
    // A company's proxy is for other machines.
    const near = isLoopback(url.hostname);
    const key = `${url.protocol}${near}`;
    let agent = agents.get(key);
    if (!agent) {
      const options = { keepAlive: true, keepAliveMsecs: PROBE_AFTER_MS, scheduling: "lifo" as const, ...(near ? {} : { proxyEnv: process.env }) };
      agent = url.protocol === "https:" ? new HttpsAgent(options) : new HttpAgent(options);
      agents.set(key, agent);
    }
    return agent;
  }

  async function ask(asked: Asked): Promise<Answer> {
    let { url } = asked;
    for (let hops = 0; ; hops++) {
      const answer = await once({ ...asked, url });
      const next = redirectOf(asked, url, answer, hops);
      if (!next) return decoded(answer);
      answer.on("error", () => {}).resume();
      url = next;
    }
  }

  async function once(asked: Asked): Promise<IncomingMessage> {
    try {
      return await exchange(asked, agentFor(asked.url), patience);
    } catch (error) {
      // The server closed a kept connection while the request was under way: it never saw it (RFC 9112, 9.3.1).
      if (!(error instanceof StaleSocket)) throw error;
      return exchange(asked, agentFor(asked.url), patience);
    }
  }

  return {
    ask,
    close() {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

class StaleSocket extends Error {}

function exchange(asked: Asked, agent: HttpAgent | HttpsAgent, patience: WirePatience): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { url, signal } = asked;
    if (signal.aborted) return reject(signal.reason as Error);
    let timer: NodeJS.Timeout | undefined;
    let connected = false;
    let request: ClientRequest;
    const headers = { ...asked.headers, "accept-encoding": "identity", ...(asked.body === null ? {} : { "content-length": String(Buffer.byteLength(asked.body)) }) };
    try {
      request = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, { method: asked.method, headers, agent });
    } catch (error) {
      return reject(new WireFailure("broken", codeOf(error)));
    }
    // Without an error: the socket may be free again already, where nobody would hear of one.
    const abort = (): void => void request.destroy();
    const settle = (): void => clearTimeout(timer);
    signal.addEventListener("abort", abort, { once: true });
    request.once("close", () => {
      settle();
      signal.removeEventListener("abort", abort);
    });
    const wait = (): void => {
      connected = true;
      clearTimeout(timer);
      timer = setTimeout(() => request.destroy(new WireFailure("answer-timeout", `${patience.answerMs / 1000}`)), patience.answerMs);
    };
    timer = setTimeout(() => request.destroy(new WireFailure("connect-timeout", `${patience.connectMs / 1000}`)), patience.connectMs);
    request.once("socket", (socket) => {
      socket.setKeepAlive(true, PROBE_AFTER_MS);
      if (request.reusedSocket) wait();
      else socket.once(url.protocol === "https:" ? "secureConnect" : "connect", wait);
    });
    request.once("finish", () => asked.onSent?.());
    request.once("response", (response) => {
      settle();
      resolve(response);
    });
    request.on("error", (error: NodeJS.ErrnoException) => {
      if (signal.aborted) return reject(signal.reason as Error);
      if (error instanceof WireFailure) return reject(error);
      if (request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE")) return reject(new StaleSocket());
      reject(new WireFailure(troubleOf(error, connected), codeOf(error)));
    });
    request.end(asked.body ?? undefined);
  });
}

const TLS = /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO$|HOSTNAME_MISMATCH|INVALID_CA|CRL_)/;

function troubleOf(error: NodeJS.ErrnoException, connected: boolean): WireTrouble {
  if (TLS.test(error.code ?? "")) return "tls";
  return connected ? "broken" : "connect";
}

/** Several addresses of one name may have failed, each for its own reason: the first tells enough. */
function codeOf(error: unknown): string {
  const own = (error as NodeJS.ErrnoException).code;
  const first = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException | undefined)?.code : undefined;
  return first ?? own ?? (error instanceof Error ? error.name : "error");
}

/** Where to ask again. Only at the same origin, and only when method and body stay what they are: headers carry what belongs to one server. */
function redirectOf(asked: Asked, from: URL, answer: IncomingMessage, hops: number): URL | null {
  const { location } = answer.headers;
  const status = answer.statusCode ?? 0;
  if (location === undefined || ![301, 302, 303, 307, 308].includes(status)) return null;
  const to = URL.canParse(location, from) ? new URL(location, from) : null;
  const stays = to?.origin === from.origin && (asked.method === "GET" || status === 307 || status === 308);
  if (to && stays && hops < MAX_REDIRECTS) return to;
  answer.destroy();
  throw new WireFailure("redirect", hops >= MAX_REDIRECTS ? "loop" : to === null || to.origin === from.origin ? "same" : to.origin);
}

function decoded(answer: IncomingMessage): Answer {
  const encoding = answer.headers["content-encoding"] ?? "";
  const status = answer.statusCode ?? 0;
  const decoder = decoderOf(encoding);
  if (decoder === undefined) {
    answer.destroy();
    throw new WireFailure("encoding", encoding.slice(0, 20));
  }
  // Failures reach the reader as its own; before and after its reading nobody is there to hear of them.
  const body = decoder ? pipeline(answer, decoder, () => {}) : answer;
  for (const each of [answer, body]) each.on("error", () => {});
  return {
    status,
    headers: answer.headers,
    rawHeaders: answer.rawHeaders,
    type: answer.headers["content-type"] ?? "",
    body,
    discard: () => void answer.destroy(),
  };
}
