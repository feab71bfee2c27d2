/** Records what the servers received and sent, byte for byte, so that tests can compare it with what the page saw. In memory only, and only synthetic data passes here. */
import { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";

/** One HTTP request at a server and what it answered. */
export interface Exchange {
  /** Grows by one with every request since the start. */
  readonly seq: number;
  /** `desk`, `rogue`, `everything` or `bad/<fault>`. */
  readonly mount: string;
  readonly method: string;
  readonly path: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody: Buffer;
  status: number;
  responseHeaders: Readonly<Record<string, string>>;
  /** In the order and the pieces in which they were written. */
  readonly responseChunks: Buffer[];
  /** `open` until the answer ends; `torn` when the connection closed before it did. */
  state: "open" | "ended" | "torn";
}

/** The request body as text. */
export function requestText(exchange: Exchange): string {
  return exchange.requestBody.toString("utf8");
}

/** All bytes sent so far. */
export function responseBytes(exchange: Exchange): Buffer {
  return Buffer.concat(exchange.responseChunks);
}

/** An exchange as JSON, bodies in base64. */
export function exchangeToJson(exchange: Exchange): Record<string, unknown> {
  return { ...exchange, requestBody: exchange.requestBody.toString("base64"), responseChunks: exchange.responseChunks.map((chunk) => chunk.toString("base64")) };
}

/** Old exchanges go first: the workbench may stand open for days. */
const KEPT = 2_000;

export interface Witness {
  /** Starts recording one exchange; everything written to `response` from now on is kept. */
  attend(mount: string, request: IncomingMessage, body: Buffer, response: ServerResponse): Exchange;
  /** Exchanges with a higher `seq` than `since`, oldest first. */
  exchanges(since?: number): Exchange[];
  clear(): void;
}

export function createWitness(): Witness {
  let kept: Exchange[] = [];
  let last = 0;
  return {
    attend(mount, request, body, response) {
      const exchange: Exchange = {
        seq: ++last, mount, method: request.method ?? "", path: request.url ?? "", requestHeaders: flat(request.headers), requestBody: body,
        status: 0, responseHeaders: {}, responseChunks: [], state: "open",
      };
      kept.push(exchange);
      if (kept.length > KEPT) kept = kept.slice(-KEPT);
      listenIn(exchange, response);
      return exchange;
    },
    exchanges: (since = 0) => kept.filter((exchange) => exchange.seq > since),
    clear: () => void (kept = []),
  };
}

function listenIn(exchange: Exchange, response: ServerResponse): void {
  const { write, end } = response;
  const note = (chunk: unknown): void => {
    exchange.status = response.statusCode;
    exchange.responseHeaders = flat(response.getHeaders());
    if (typeof chunk === "string") exchange.responseChunks.push(Buffer.from(chunk, "utf8"));
    // Copied: the sender may use its buffer again.
    else if (chunk instanceof Uint8Array) exchange.responseChunks.push(Buffer.from(chunk));
  };
  response.write = ((chunk: unknown, ...rest: unknown[]) => {
    note(chunk);
    return Reflect.apply(write, response, [chunk, ...rest]) as boolean;
  }) as typeof write;
  response.end = ((chunk?: unknown, ...rest: unknown[]) => {
    note(chunk);
    // A mount may still end an answer whose connection is gone.
    if (exchange.state === "open") exchange.state = "ended";
    // `end` hands a last chunk to `write` itself: it must not be noted twice.
    response.write = write;
    return Reflect.apply(end, response, [chunk, ...rest]) as ServerResponse;
  }) as typeof end;
  response.once("close", () => {
    if (exchange.state === "open") exchange.state = "torn";
  });
}

function flat(headers: Readonly<Record<string, string | number | readonly string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : String(value)]])));
}
