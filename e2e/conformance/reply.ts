/** An HTTP answer that begins as whatever it turns out to be: one JSON document when the reply comes first, an event stream when something else does. */
import type { ServerResponse } from "node:http";
import type { Message } from "./pipe.ts";

export interface Reply {
  /** Sends a message on the way to the answer. */
  notify(text: string): void;
  /** Sends the answer and ends. */
  answer(message: Message, text: string): void;
  end(): void;
}

/** Status of an answer in the modern era; errors of the tool itself are none of HTTP's business. */
function statusOf({ error }: Message): number {
  if (error === undefined) return 200;
  if (error.code === -32_601) return 404;
  return error.code <= -32_020 && error.code >= -32_022 ? 400 : 200;
}

export function openReply(response: ServerResponse, options: { stream?: boolean; modern?: boolean; headers?: Record<string, string> } = {}): Reply {
  const stream = (): void => {
    if (response.headersSent) return;
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache", ...options.headers });
    response.flushHeaders();
  };
  if (options.stream) stream();
  const event = (text: string): void => {
    stream();
    response.write(`event: message\ndata: ${text}\n\n`);
  };
  return {
    notify: event,
    answer(message, text) {
      if (response.headersSent) {
        event(text);
        response.end();
        return;
      }
      response.writeHead(options.modern ? statusOf(message) : 200, { "content-type": "application/json", ...options.headers });
      response.end(text);
    },
    end: () => void response.end(),
  };
}

export function refuse(response: ServerResponse, status: number, code: number, message: string, id: Message["id"] = null): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } }));
}
