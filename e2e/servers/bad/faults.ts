/** Servers that break the rules on purpose. Each handshakes properly at `/bad/<fault>/mcp` and misbehaves when a tool is called (or a subscription is opened); every answer hides the same person, so that a test can ask whether the data got through.
 *
 * | fault            | what `tools/call` gets |
 * | ---              | --- |
 * | broken-json      | `application/json` that ends in the middle |
 * | html             | a proper JSON-RPC result labelled `text/html` |
 * | plain            | a proper JSON-RPC result labelled `text/plain` |
 * | untyped          | a proper JSON-RPC result without a content type |
 * | sse-as-json      | an SSE stream labelled `application/json` |
 * | huge             | a result of more than 20 MB as one JSON document, the person at its very end |
 * | huge-sse         | the same in one SSE event |
 * | junk-sse         | SSE with comments, unknown fields, broken JSON, lone CRs, split data lines and cuts inside UTF-8 characters around a proper result |
 * | unfinished-sse   | SSE whose last event lacks its blank line, then the end |
 * | duplicate-keys   | a result with two `content` members: harmless first, personal last |
 * | wrong-id         | a proper result for an id that nobody asked for, then the real one (SSE) |
 * | lone-surrogate   | half a surrogate pair inside a string |
 * | invalid-utf8     | bytes inside a string that are not UTF-8 |
 * | utf16            | a proper JSON-RPC result in UTF-16LE, labelled so |
 * | deep             | 20,000 nested arrays |
 * | endless          | NDJSON under `application/json` that never ends (as the reference server does for `subscriptions/listen`) |
 * | cut              | half a result, then the connection is torn |
 * | silent           | headers, then nothing |
 * | redirect         | 307 to another server, which gets the same call |
 */
import { Buffer } from "node:buffer";
import type { ServerResponse } from "node:http";

/** Made up; stands in every answer below. */
export const PERSON = "Ines Kettering <ines.kettering@example.org>, IBAN GB82 WEST 1234 5698 7654 32";

type Id = string | number | null;
type Fault = (id: Id, response: ServerResponse) => void;

const MEGABYTE = 1024 * 1024;

const result = (id: Id, text: string = PERSON): string => JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text }] } });
const progress = (step: number): string => JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: `${step}: ${PERSON}` } });

function send(response: ServerResponse, type: string | null, body: string | Buffer): void {
  if (type !== null) response.setHeader("content-type", type);
  response.end(body);
}

function hugeResult(id: Id): string {
  const line = "row 0000000, nothing personal in this one, padding padding padding padding\n";
  return result(id, line.repeat(Math.ceil((20 * MEGABYTE) / line.length)) + PERSON);
}

function junkStream(id: Id, response: ServerResponse): void {
  const event = result(id, `Grüße, ${PERSON} ✓`);
  const half = event.indexOf(",") + 1;
  const stream = Buffer.from(
    [
      "\uFEFF: a comment behind a byte order mark\n\n",
      "bogus line without a colon\n",
      "x-unknown: field\nretry: soon\nid\n\n",
      "event: ping\ndata: {}\n\n",
      "event: message\rdata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":\"after lone CRs\"}}\r\r",
      "data: {\"jsonrpc\": \"2.0\", broken\n\n",
      "data: \n\n",
      `event: message\r\nid: 7\r\ndata: ${event.slice(0, half)}\r\ndata:${event.slice(half)}\r\n\r\n`,
    ].join(""),
  );
  response.setHeader("content-type", "text/event-stream");
  // Seven bytes at a time: cuts fall inside fields, line ends and two-byte characters.
  for (let at = 0; at < stream.length; at += 7) response.write(stream.subarray(at, at + 7));
  response.end();
}

function endless(_id: Id, response: ServerResponse): void {
  response.setHeader("content-type", "application/json");
  let step = 0;
  const say = (): void => void response.write(`${progress(++step)}\n`);
  say();
  const timer = setInterval(say, 50);
  response.once("close", () => clearInterval(timer));
}

export const FAULTS: Readonly<Record<string, Fault>> = {
  "broken-json": (id, response) => send(response, "application/json", result(id).slice(0, -12)),
  html: (id, response) => send(response, "text/html; charset=utf-8", result(id)),
  plain: (id, response) => send(response, "text/plain; charset=utf-8", result(id)),
  untyped: (id, response) => send(response, null, result(id)),
  "sse-as-json": (id, response) => send(response, "application/json", `event: message\ndata: ${result(id)}\n\n`),
  huge: (id, response) => send(response, "application/json", hugeResult(id)),
  "huge-sse": (id, response) => send(response, "text/event-stream", `event: message\ndata: ${hugeResult(id)}\n\n`),
  "junk-sse": junkStream,
  "unfinished-sse": (id, response) => send(response, "text/event-stream", `event: message\ndata: ${result(id)}\n`),
  "duplicate-keys": (id, response) => send(response, "application/json", `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[{"type":"text","text":"nothing to see"}],"content":[{"type":"text","text":${JSON.stringify(PERSON)}}]}}`),
  "wrong-id": (id, response) => send(response, "text/event-stream", `data: ${result(`not-${String(id)}`)}\n\ndata: ${result(id)}\n\n`),
  "lone-surrogate": (id, response) => send(response, "application/json", result(id).replace("Ines", "\\ud83dInes")),
  "invalid-utf8": (id, response) => {
    const [before, after] = result(id).split("Ines") as [string, string];
    send(response, "application/json", Buffer.concat([Buffer.from(before), Buffer.from([0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80]), Buffer.from(`Ines${after}`)]));
  },
  utf16: (id, response) => send(response, "application/json; charset=utf-16le", Buffer.from(result(id), "utf16le")),
  deep: (id, response) => send(response, "application/json", `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[{"type":"text","text":${JSON.stringify(PERSON)}}],"_meta":{"deep":${"[".repeat(20_000)}${"]".repeat(20_000)}}}}`),
  endless,
  cut: (id, response) => {
    const body = result(id);
    response.setHeader("content-type", "application/json");
    response.setHeader("content-length", Buffer.byteLength(body));
    response.write(body.slice(0, body.length / 2), () => response.destroy());
  },
  redirect: (_id, response) => {
    response.statusCode = 307;
    response.setHeader("location", "/rogue/mcp");
    response.end();
  },
  silent: (_id, response) => {
    response.setHeader("content-type", "text/event-stream");
    response.flushHeaders();
  },
};

/** Answers one POST of a bad server. Returns false for an unknown fault. */
export function serveBad(fault: string, body: Buffer, response: ServerResponse): boolean {
  const misbehave = Object.hasOwn(FAULTS, fault) ? FAULTS[fault] : undefined;
  if (!misbehave) return false;
  let message: { id?: Id; method?: string; params?: { protocolVersion?: string } };
  try {
    message = JSON.parse(body.toString("utf8")) as typeof message;
  } catch {
    response.statusCode = 400;
    send(response, "application/json", JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32700, message: "This is not JSON." } }));
    return true;
  }
  const id = message.id ?? null;
  const answer = (value: unknown): void => send(response, "application/json", JSON.stringify({ jsonrpc: "2.0", id, result: value }));
  if (message.method === "tools/call" || message.method === "subscriptions/listen") misbehave(id, response);
  else if (message.method === "initialize") answer({ protocolVersion: message.params?.protocolVersion ?? "2025-11-25", capabilities: { tools: {}, logging: {} }, serverInfo: { name: `bad-${fault}`, version: "0.0.1" } });
  else if (message.method === "tools/list") answer({ tools: [{ name: "misbehave", description: `Answers with: ${fault}`, inputSchema: { type: "object" } }] });
  else if (message.method === "ping" || message.method === "logging/setLevel") answer({});
  else if (message.id === undefined) {
    response.statusCode = 202;
    response.end();
  } else {
    response.statusCode = 404;
    send(response, "application/json", JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32601, message: "Method not found" } }));
  }
  return true;
}
