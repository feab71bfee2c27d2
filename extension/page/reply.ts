/** Replies of tapped exchanges: chunks go through the relay and come back as it says; everything else about the response stays. */
import { FIELD } from "../../shared/messages/page.ts";
import {
  apply, byobRequest, cancel, close, decodeWith, defineProperty, encode, enqueue, getReader, headersDelete, headersGet, NativeDecoder, NativeHeaders, NativeResponse, NativeStream, NativeTypeError,
  raise, read, respond, responseBody, responseClone, responseHeaders, responseReaders, responseRedirected, responseStatus, responseStatusText, responseType, responseUrl, then,
} from "./captured.ts";
import { ask, fields } from "./line.ts";

/** Asks about a reply's head and wraps, replaces or hands through the response. */
export function judgeReply(exchange: string, response: Response): Response {
  const body = responseBody(response);
  const status = responseStatus(response);
  const head = ask(`H${FIELD}${exchange}${FIELD}${status}${FIELD}${headersGet(responseHeaders(response), "content-type") ?? ""}${FIELD}${responseUrl(response)}`);
  const verb = head === null ? "" : head[0];
  if (verb === "P" || verb === "N") return response;
  if (verb === "A") {
    const [, answerStatus, type, text] = fields(head!, 4);
    if (body) void then(cancel(getReader(body as ReadableStream<Uint8Array>)), () => {}, () => {});
    return dressed(made(text ?? "", +(answerStatus ?? 200), type ?? ""), response);
  }
  // No relay, no judgement, no reply: a broken line never opens the gate.
  if (verb !== "T") throw new NativeTypeError("Failed to fetch");
  if (!body) {
    ask(`E${FIELD}${exchange}`);
    return response;
  }
  const headers = new NativeHeaders(responseHeaders(response));
  headersDelete(headers, "content-length");
  const failure: Failure = { error: null };
  const judged = new NativeResponse(judgedStream(exchange, body as ReadableStream<Uint8Array>, failure), { status, statusText: responseStatusText(response), headers });
  return dressed(judged, response, failure);
}

/** A response that Sluice gives by itself. */
export function made(text: string, status: number, type: string): Response {
  const headers = new NativeHeaders(type ? { "content-type": type } : {});
  return new NativeResponse(status === 202 || status === 204 ? null : text, { status, headers });
}

/** Why a reply broke off: Chromium's `text()` and its like would call every end of a built stream a TypeError, an abort included. */
interface Failure {
  error: { readonly reason: unknown } | null;
}

function judgedStream(exchange: string, source: ReadableStream<Uint8Array>, failure: Failure): ReadableStream<Uint8Array> {
  const reader = getReader(source);
  const decoder = new NativeDecoder("utf-8", { fatal: true, ignoreBOM: true });

  function leave(): void {
    void then(cancel(reader), () => {}, () => {});
  }

  /** Hands on what the relay says. @returns false when there was nothing to hand on yet. */
  function hand(controller: ReadableByteStreamController, answer: string | null, last = false): boolean {
    const verb = answer === null ? "" : answer[0];
    if (verb !== "O" && verb !== "F") {
      leave();
      raise(controller, new NativeTypeError("network error"));
      return true;
    }
    const text = fields(answer!, 2)[1] ?? "";
    if (text !== "") enqueue(controller, encode(text));
    if (verb === "F") leave();
    if (verb === "F" || last) finish(controller);
    return verb === "F" || last || text !== "";
  }

  /** Reads on until something can be handed out: a pull that yields nothing would stall the page. */
  function pump(controller: ReadableByteStreamController): Promise<void> {
    return then(
      read(reader),
      (result): void | Promise<void> => {
        let text: string;
        try {
          text = result.done ? decodeWith(decoder) : decodeWith(decoder, result.value as Uint8Array<ArrayBuffer>, { stream: true });
        } catch {
          leave();
          hand(controller, ask(`U${FIELD}${exchange}`), true);
          return;
        }
        // The decoder throws at a cut character, so nothing can be left over at the end.
        if (result.done) hand(controller, ask(`E${FIELD}${exchange}`), true);
        else if (text === "" || !hand(controller, ask(`C${FIELD}${exchange}${FIELD}${text}`))) return pump(controller);
      },
      (error): void => {
        ask(`X${FIELD}${exchange}`);
        failure.error = { reason: error };
        raise(controller, error);
      },
    );
  }

  // A stream of bytes, as the original is: pages may read it into their own buffers.
  return new NativeStream(
    {
      type: "bytes",
      pull: pump,
      cancel(reason) {
        ask(`X${FIELD}${exchange}`);
        return cancel(reader, reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Closes a stream; a page that waits with its own buffer is told too. */
function finish(controller: ReadableByteStreamController): void {
  close(controller);
  const waiting = byobRequest(controller);
  if (waiting) respond(waiting, 0);
}

/** A built response forgets where it came from; the original remembers. */
function dressed(response: Response, original: Response, failure?: Failure): Response {
  const facts: [string, unknown][] = [["url", responseUrl(original)], ["type", responseType(original)], ["redirected", responseRedirected(original)]];
  for (let i = 0; i < facts.length; i++) defineProperty(response, facts[i]![0], { value: facts[i]![1], configurable: true });
  const methods: [string, (this: Response) => unknown][] = [["clone", () => dressed(responseClone(response), original, failure)]];
  for (let i = 0; failure && i < responseReaders.length; i++) {
    const [name, readAll] = responseReaders[i]!;
    methods[methods.length] = [
      name,
      function () {
        return then(
          apply(readAll, this, []) as Promise<unknown>,
          (value) => value,
          (error) => {
            throw failure.error ? failure.error.reason : error;
          },
        );
      },
    ];
  }
  for (let i = 0; i < methods.length; i++) defineProperty(response, methods[i]![0], { value: methods[i]![1], configurable: true, writable: true });
  return response;
}
