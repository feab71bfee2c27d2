/** Brings web-standard handlers and foreign servers under a path of the workbench, without touching a byte and without holding one back. */
import type { Buffer } from "node:buffer";
import { request as connect, type IncomingMessage, type ServerResponse } from "node:http";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";

/** Answers one request whose body has been read. */
export type Mount = (request: IncomingMessage, body: Buffer, response: ServerResponse) => Promise<void>;

/** Headers that belong to one hop, not to the message. */
const HOP = new Set(["connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-connection"]);

/** Mounts a web-standard handler. @param base origin that the handler sees. */
export function webMount(base: string, fetch: (request: Request) => Promise<Response>): Mount {
  return async (request, body, response) => {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const headers = new Headers();
    for (const [name, value] of pairs(request.rawHeaders)) if (!HOP.has(name.toLowerCase())) headers.append(name, value);
    const hasBody = request.method !== "GET" && request.method !== "HEAD";
    const answer = await fetch(new Request(new URL(request.url ?? "/", base), { method: request.method ?? "GET", headers, signal: gone.signal, ...(hasBody ? { body: new Uint8Array(body) } : {}) }));
    response.statusCode = answer.status;
    answer.headers.forEach((value, name) => response.setHeader(name, value));
    // A stream without a first event must still show its headers: clients wait for them.
    response.flushHeaders();
    if (answer.body) {
      const reader = (answer.body as NodeReadableStream<Uint8Array>).getReader();
      response.once("close", () => void reader.cancel().catch(() => undefined));
      for (;;) {
        const { done, value } = await reader.read();
        if (done || response.destroyed) break;
        if (!response.write(value)) await new Promise<void>((resolve) => response.once("drain", resolve).once("close", resolve));
      }
    }
    response.end();
  };
}

/** Passes requests on to a server on another loopback port. */
export function proxyMount(port: number, path: string): Mount {
  return (request, body, response) =>
    new Promise((resolve) => {
      const headers = pairs(request.rawHeaders).filter(([name]) => !HOP.has(name.toLowerCase()) && !["host", "content-length"].includes(name.toLowerCase()));
      const upstream = connect({ host: "127.0.0.1", port, path, method: request.method, headers: Object.fromEntries([...headers, ...(body.length > 0 ? [["content-length", String(body.length)]] : [])]) });
      upstream.once("response", (answer) => {
        response.statusCode = answer.statusCode ?? 502;
        for (const [name, value] of pairs(answer.rawHeaders)) if (!HOP.has(name.toLowerCase())) response.appendHeader(name, value);
        response.flushHeaders();
        answer.pipe(response);
        answer.once("error", () => response.destroy());
      });
      upstream.once("error", () => {
        if (response.headersSent) response.destroy();
        else {
          response.statusCode = 502;
          response.end("The server behind this path does not answer.");
        }
      });
      response.once("close", () => {
        upstream.destroy();
        resolve();
      });
      upstream.end(body);
    });
}

function pairs(raw: readonly string[]): [string, string][] {
  const found: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) found.push([raw[at] ?? "", raw[at + 1] ?? ""]);
  return found;
}
