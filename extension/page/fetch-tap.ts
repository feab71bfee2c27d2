/** The door `fetch`: decides synchronously whether a call may be MCP, asks the relay, and sends what it says. */
import { FIELD } from "../../shared/messages/page.ts";
import { apply, construct, headersGet, headersSet, indexOf, NativeHeaders, NativePromise, NativeRequest, NativeTypeError, slice, then } from "./captured.ts";
import { readCall, type BodyText, type FetchCall } from "./fetch-call.ts";
import { ask, fields, whenReady } from "./line.ts";
import { judgeReply, made } from "./reply.ts";

let exchanges = 0;

/** @returns a `fetch` that behaves like `real` for everything that is not MCP. */
export function tapFetch(real: typeof fetch): typeof fetch {
  return {
    // One declared parameter, as the original has.
    fetch(input: RequestInfo | URL): Promise<Response> {
      let call: FetchCall | null;
      try {
        call = readCall(input, arguments[1] as RequestInit | undefined);
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
  const question = `Q${FIELD}${exchange}${FIELD}${call.method}${FIELD}${call.url}${FIELD}${call.headers}${FIELD}${body.kind}${FIELD}${body.kind === "text" ? body.text : ""}`;
  const answer = ask(question);
  switch (answer === null ? "" : answer[0]) {
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
  if (call.init && call.init.body !== undefined && call.init.body !== null) {
    call.init.body = body;
    const set = new NativeHeaders(call.init.headers);
    // A text body would otherwise call itself text/plain.
    if (headersGet(set, "content-type") === null) headersSet(set, "content-type", "application/json");
    setLines(set, headers ?? "");
    call.init.headers = set;
    return apply(real, undefined, [call.input, call.init]) as Promise<Response>;
  }
  const request = construct(NativeRequest, [call.input, { body, method: call.method }]) as Request;
  return apply(real, undefined, [request]) as Promise<Response>;
}

function setLines(headers: Headers, lines: string): void {
  for (let from = 0; from < lines.length; ) {
    const end = indexOf(lines, "\n", from);
    const colon = indexOf(lines, ": ", from);
    headersSet(headers, slice(lines, from, colon), slice(lines, colon + 2, end));
    from = end + 1;
  }
}
