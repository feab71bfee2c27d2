/** Replies of tapped exchanges: chunks go through the relay and come back as it says; everything else about the response stays. */
import { FIELD } from "../../shared/messages/page.ts";
import {
  cancel, close, decodeWith, defineProperty, encode, enqueue, getReader, headersDelete, headersGet, NativeDecoder, NativeHeaders, NativeResponse, NativeStream, NativeTypeError,
  raise, read, responseBody, responseClone, responseHeaders, responseRedirected, responseStatus, responseStatusText, responseType, responseUrl, then,
} from "./captured.ts";
import { ask, fields } from "./line.ts";

/** Asks about a reply's head and wraps, replaces or hands through the response. */
export function judgeReply(exchange: string, response: Response): Response {
  const body = responseBody(response);
  const status = responseStatus(response);
  const head = ask(`H${FIELD}${exchange}${FIELD}${status}${FIELD}${headersGet(responseHeaders(response), "content-type") ?? ""}`);
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
  const judged = new NativeResponse(judgedStream(exchange, body as ReadableStream<Uint8Array>), { status, statusText: responseStatusText(response), headers });
  return dressed(judged, response);
}

/** A response that Sluice gives by itself. */
export function made(text: string, status: number, type: string): Response {
  const headers = new NativeHeaders(type ? { "content-type": type } : {});
  return new NativeResponse(status === 202 || status === 204 ? null : text, { status, headers });
}

function judgedStream(exchange: string, source: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = getReader(source);
  const decoder = new NativeDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let over = false;

  function hand(controller: ReadableStreamDefaultController<Uint8Array>, answer: string | null): boolean {
    if (answer === null || answer[0] !== "O") {
      over = true;
      raise(controller, new NativeTypeError("network error"));
      return true;
    }
    const text = fields(answer, 2)[1] ?? "";
    if (text === "") return false;
    enqueue(controller, encode(text));
    return true;
  }

  /** Reads on until something can be handed out: a pull that yields nothing would stall the page. */
  function pump(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    return then(
      read(reader),
      (result): void | Promise<void> => {
        let text: string;
        try {
          text = result.done ? decodeWith(decoder) : decodeWith(decoder, result.value as Uint8Array<ArrayBuffer>, { stream: true });
        } catch {
          over = true;
          void then(cancel(reader), () => {}, () => {});
          hand(controller, ask(`U${FIELD}${exchange}`));
          close(controller);
          return;
        }
        if (result.done) {
          if (text !== "") hand(controller, ask(`C${FIELD}${exchange}${FIELD}${text}`));
          if (!over) hand(controller, ask(`E${FIELD}${exchange}`));
          if (!over) close(controller);
          return;
        }
        if (text === "" || !hand(controller, ask(`C${FIELD}${exchange}${FIELD}${text}`))) return pump(controller);
      },
      (error): void => {
        ask(`X${FIELD}${exchange}`);
        raise(controller, error);
      },
    );
  }

  return new NativeStream<Uint8Array>(
    {
      pull: pump,
      cancel(reason) {
        ask(`X${FIELD}${exchange}`);
        return cancel(reader, reason);
      },
    },
    { highWaterMark: 0, size: () => 1 },
  );
}

/** A built response forgets where it came from; the original remembers. */
function dressed(response: Response, original: Response): Response {
  const facts: [string, unknown][] = [["url", responseUrl(original)], ["type", responseType(original)], ["redirected", responseRedirected(original)]];
  for (let i = 0; i < facts.length; i++) defineProperty(response, facts[i]![0], { value: facts[i]![1], configurable: true });
  defineProperty(response, "clone", { value: () => dressed(responseClone(response), original), configurable: true, writable: true });
  return response;
}
