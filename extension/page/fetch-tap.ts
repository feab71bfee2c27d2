/** The door `fetch`: decides synchronously whether a call may be MCP, asks the relay, and sends what it says. */
import { FIELD } from "../../shared/messages/page.ts";
import { abortReason, apply, encode, headersGet, headersSet, indexOf, isAborted, listen, NativeAbortSignal, NativeHeaders, NativePromise, NativeRequest, NativeTypeError, requestSignal, slice, then, unlisten } from "./captured.ts";
import { readCall, type BodyText, type FetchCall } from "./fetch-call.ts";
import { ask, fields, whenReady, whenSettled } from "./line.ts";
import { judgeReply, made } from "./reply.ts";

let exchanges = 0;

/** Addresses with which this frame speaks MCP: what goes there is always shown to the relay, even a body that does not look like it. */
let known = { __proto__: null } as unknown as Record<string, true>;
let knownCount = 0;
const MAX_KNOWN = 500;

function addressOf(url: string): string {
  const query = indexOf(url, "?");
  const bare = query < 0 ? url : slice(url, 0, query);
  const hash = indexOf(bare, "#");
  return hash < 0 ? bare : slice(bare, 0, hash);
}

function isKnown(url: string): boolean {
  return knownCount > 0 && known[addressOf(url)] === true;
}

function remember(url: string): void {
  if (isKnown(url)) return;
  if (++knownCount > MAX_KNOWN) {
    known = { __proto__: null } as unknown as Record<string, true>;
    knownCount = 1;
  }
  known[addressOf(url)] = true;
}

/** @returns a `fetch` that behaves like `real` for everything that is not MCP. */
export function tapFetch(real: typeof fetch): typeof fetch {
  return {
    // One declared parameter, as the original has.
    fetch(input: RequestInfo | URL): Promise<Response> {
      let call: FetchCall | null;
      try {
        call = readCall(input, arguments[1] as RequestInit | undefined, isKnown);
      } catch {
        // Arguments that cannot be read: the real fetch throws the error the page expects.
        call = null;
      }
      if (!call) return apply(real, this, arguments) as Promise<Response>;
      return guarded(real, call);
    },
  }.fetch as typeof fetch;
}

function guarded(real: typeof fetch, call: FetchCall): Promise<Response> {
  const { body } = call;
  if (body instanceof NativePromise) return then(body as Promise<BodyText>, (text) => decide(real, call, text));
  return decide(real, call, body as BodyText);
}

function decide(real: typeof fetch, call: FetchCall, body: BodyText): Promise<Response> {
  const exchange = `${++exchanges}`;
  const question = `Q${FIELD}${exchange}${FIELD}${call.method}${FIELD}${call.url}${FIELD}${call.shown}${FIELD}${body.kind}${FIELD}${body.kind === "text" ? body.text : ""}`;
  return carryOut(real, call, body, exchange, ask(question));
}

function carryOut(real: typeof fetch, call: FetchCall, body: BodyText, exchange: string, answer: string | null): Promise<Response> {
  const verb = answer === null ? "" : answer[0];
  if (verb === "P" || verb === "R" || verb === "A" || verb === "L") remember(call.url);
  switch (verb) {
    case "L":
      return held(real, call, body, exchange);
    case "N":
      return send(real, call);
    case "P":
      return judged(exchange, send(real, call));
    case "W":
      return then(whenReady(), () => decide(real, call, body));
    case "R": {
      const [, headers, text] = fields(answer!, 3);
      return judged(exchange, send(real, call, headers ?? "", text ?? ""));
    }
    case "A": {
      const [, status, type, text] = fields(answer!, 4);
      return new NativePromise((resolve) => resolve(made(text ?? "", +(status ?? 200), type ?? "")));
    }
    default:
      return new NativePromise((_, reject) => reject(new NativeTypeError("Failed to fetch")));
  }
}

/** Waits for a person's word. A page that no longer wants its call takes it back, question included. */
function held(real: typeof fetch, call: FetchCall, body: BodyText, exchange: string): Promise<Response> {
  const signal = signalOf(call);
  return new NativePromise((resolve, reject) => {
    const leave = (): void => {
      if (!isAborted(signal!)) return;
      whenSettled(exchange, undefined);
      ask(`X${FIELD}${exchange}`);
      reject(abortReason(signal!));
    };
    whenSettled(exchange, () => {
      if (signal) unlisten(signal, "abort", leave);
      resolve(carryOut(real, call, body, exchange, ask(`G${FIELD}${exchange}`)));
    });
    if (!signal) return;
    listen(signal, "abort", leave);
    leave();
  });
}

function signalOf({ init, input }: FetchCall): AbortSignal | null {
  const given = init && init.signal;
  if (given !== undefined) return given instanceof NativeAbortSignal ? given : null;
  return input instanceof NativeRequest ? requestSignal(input) : null;
}

function judged(exchange: string, reply: Promise<Response>): Promise<Response> {
  return then(
    reply,
    (response) => judgeReply(exchange, response),
    (error) => {
      ask(`X${FIELD}${exchange}`);
      throw error;
    },
  );
}

function send(real: typeof fetch, call: FetchCall, headers?: string, body?: string): Promise<Response> {
  if (body === undefined) return apply(real, undefined, call.init ? [call.input, call.init] : [call.input]) as Promise<Response>;
  const init = call.init ?? ({ __proto__: null, method: call.method } as RequestInit);
  const set = new NativeHeaders(call.headers ?? undefined);
  // The new body's content type is the old one's: a text brings its own, bytes bring none.
  if (call.bodyType && headersGet(set, "content-type") === null) headersSet(set, "content-type", call.bodyType);
  setLines(set, headers ?? "");
  init.headers = set;
  init.body = call.bodyType === null ? body : encode(body);
  return apply(real, undefined, [call.input, init]) as Promise<Response>;
}

function setLines(headers: Headers, lines: string): void {
  for (let from = 0; from < lines.length; ) {
    const end = indexOf(lines, "\n", from);
    const colon = indexOf(lines, ": ", from);
    headersSet(headers, slice(lines, from, colon), slice(lines, colon + 2, end));
    from = end + 1;
  }
}
