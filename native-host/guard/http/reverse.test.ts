import { once } from "node:events";
import { NOBODY } from "../../approvals/nobody.fixture.ts";
import { request as ask, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EventRecord } from "../../../shared/events/record.ts";
import { createSession } from "../../../shared/gate/session.ts";
import { compile } from "../../../shared/policy/compile.ts";
import type { Gatekeeper } from "../gatekeeper.ts";
import { gatePool, type GatePool } from "./gate-pool.ts";
import { bodyOf, call, INITIALIZE, json, POLICY, resultOf, type Told } from "./remote.fixture.ts";
import { inTurn } from "./in-turn.ts";
import { startOnLoopback } from "./reverse.fixture.ts";
import { passOn } from "./reverse.ts";
import { readTarget } from "./target.ts";
import { openWire, type Wire } from "./wire.ts";

const CARD = ["4242", "4242", "4242", "4242"].join(" ");

let serve: RequestListener;
const closing: (() => Promise<unknown>)[] = [];
let upstream = "";
let front = "";
let said: string[] = [];
let gaps: string[] = [];
let records: EventRecord[] = [];
let pool: GatePool;
let wire: Wire;

const start = (listener: RequestListener): Promise<string> => startOnLoopback(listener, closing);

function keeper(): Gatekeeper {
  const compiled = compile(POLICY, "local");
  return {
    admit(channel) {
      const session = createSession({ channel, by: "guard", policy: () => compiled, key: new Uint8Array(32), now: Date.now, random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)) });
      const record = (each: EventRecord): void => void records.push(each);
      return { session, record, passed: () => session.records().forEach(record), note: (effects) => effects.forEach((effect) => effect.kind === "record" && record(effect.record)), close: (reason) => void session.step({ kind: "close", reason }).forEach((effect) => effect.kind === "record" && record(effect.record)), desk: NOBODY, whenRefused: () => {} };
    },
    say: (text) => void said.push(text),
    sayOnce: (text) => void said.push(text),
    gap: (text) => void gaps.push(text),
    close: () => Promise.resolve(),
  };
}

beforeEach(async () => {
  said = [];
  gaps = [];
  records = [];
  upstream = await start((request, response) => serve(request, response));
  const target = readTarget(`${upstream}/mcp`, [], {});
  if (!target.ok) throw new Error("no target");
  pool = gatePool(keeper(), { id: "client:x", name: "x" }, target.value.server);
  wire = openWire();
  front = await start(inTurn((request, response) => passOn({ target: target.value, wire, pool, say: (text) => void said.push(text), gap: (text) => void gaps.push(text) }, request, response)));
});
afterEach(async () => {
  wire.close();
  for (const close of closing.splice(0)) await close();
});

const post = (body: unknown, headers: Record<string, string> = {}, path = "/mcp"): Promise<Response> =>
  fetch(front + path, { method: "POST", headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers }, body: typeof body === "string" ? body : JSON.stringify(body) });

/** A request with headers that `fetch` does not let anybody set. */
function raw(headers: Record<string, string>, path = "/mcp"): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => ask(front + path, { method: "POST", headers: { "content-type": "application/json", ...headers } }, resolve).on("error", reject).end(JSON.stringify(INITIALIZE)));
}

const answers = (value: unknown = {}): RequestListener => (request, response) => void bodyOf(request).then((body) => json(response, resultOf(body === "" ? { jsonrpc: "2.0" } : (JSON.parse(body) as Told), value)));

test("method, path, query and headers arrive; hop-by-hop headers and the host's name do not", async () => {
  let seen: IncomingMessage | undefined;
  serve = (request, response) => {
    seen = request;
    answers()(request, response);
  };
  const socket = connect(Number(new URL(front).port), "127.0.0.1");
  const body = JSON.stringify(call(1));
  socket.end(`POST /mcp/deep?x=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nX-Stays: 2\r\nAccept-Encoding: gzip\r\nTE: trailers\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  socket.resume();
  await once(socket, "close");
  expect(seen).toMatchObject({ method: "POST", url: "/mcp/deep?x=1" });
  expect(seen?.headers).toMatchObject({ host: new URL(upstream).host, "x-stays": "2", "accept-encoding": "identity" });
  expect(seen?.headers).not.toHaveProperty("x-hop");
  expect(seen?.headers).not.toHaveProperty("te");
});

test("an allowed answer is the same to the byte, headers of the server's included", async () => {
  const odd = '\n {"result" :{"n":12345678901234567890.10, "t":"caf\\u00e9 ✓"}, "id":1,"jsonrpc":"2.0"}\n\n';
  serve = (_request, response) => void response.writeHead(200, { "content-type": "application/json", "mcp-session-id": "s-9", "x-own": "1", "content-encoding": "gzip" }).end(gzipSync(odd));
  const response = await post(call(1));
  expect(await response.text()).toBe(odd);
  expect([response.headers.get("mcp-session-id"), response.headers.get("x-own"), response.headers.get("content-encoding")]).toEqual(["s-9", "1", null]);
});

test("what the policy takes out is taken out, in events too, and the events around it stay", async () => {
  serve = (_request, response) => void response.writeHead(200, { "content-type": "text/event-stream" }).end(`: hi\n\nid: 1\ndata: ${JSON.stringify(resultOf({ jsonrpc: "2.0", id: 1 }, { content: [{ type: "text", text: CARD }] }))}\n\n`);
  const text = await (await post(call(1))).text();
  expect(text).toMatch(/^: hi\n\nid: 1\ndata: \{/);
  expect(text).not.toContain("4242 4242");
});

describe("compressed requests", () => {
  const packed = (body: Buffer, encoding: string): Promise<Response> => fetch(`${front}/mcp`, { method: "POST", headers: { "content-type": "application/json", "content-encoding": encoding }, body: new Uint8Array(body) });
  let arrived: Buffer | undefined;
  let seen: IncomingMessage | undefined;
  beforeEach(() => {
    arrived = undefined;
    serve = (request, response) => {
      seen = request;
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => void chunks.push(chunk));
      request.on("end", () => {
        arrived = Buffer.concat(chunks);
        json(response, resultOf({ jsonrpc: "2.0", id: 1 }, {}));
      });
    };
  });

  test.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
  ])("%s: judged, and what is allowed arrives compressed as it was, to the byte", async (encoding, compress) => {
    const body = compress(Buffer.from(JSON.stringify(call(1, { text: "grüße" }))));
    expect((await packed(body, encoding)).status).toBe(200);
    expect(arrived?.equals(body)).toBe(true);
    expect(seen?.headers["content-encoding"]).toBe(encoding);
    expect(records.find((record) => record.kind === "request")).toMatchObject({ method: "tools/call", tool: "get" });
  });

  // threat: encoded-secret
  test("a secret in one is taken out, and what arrives is plain", async () => {
    const secret = `ghp_${"Zx9Yw8Vu7Ts6".repeat(3)}`;
    await packed(gzipSync(JSON.stringify(call(1, { text: secret, other: "stays" }))), "gzip");
    expect(seen?.headers).not.toHaveProperty("content-encoding");
    expect(arrived?.toString()).toContain("stays");
    expect(arrived?.toString()).not.toContain(secret);
  });

  // threat: oversized-message
  test("a bomb is refused before it unfolds", async () => {
    const bomb = gzipSync(Buffer.concat([Buffer.from('{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"get","arguments":{"a":"'), Buffer.alloc(400 << 20, "x")]));
    expect(await (await packed(bomb, "gzip")).json()).toMatchObject({ id: 7, error: { message: expect.stringContaining("16 MiB") as string } });
    expect(arrived).toBeUndefined();
  });

  test.each(["compress", "gzip, br", "aes128gcm"])("%s is refused, with what is understood", async (encoding) => {
    const response = await packed(gzipSync("{}"), encoding);
    expect([response.status, response.headers.get("accept-encoding")]).toEqual([415, "gzip, deflate, br, zstd"]);
    expect(await response.json()).toMatchObject({ id: null, error: { message: expect.stringContaining("Content-Encoding") as string } });
    expect(arrived).toBeUndefined();
    expect(records.find((record) => record.kind === "malformed")).toMatchObject({ fault: "encoding", outcome: "refused" });
  });

  test("one that is broken is refused", async () => {
    expect(await (await packed(Buffer.from("no gzip at all"), "gzip")).json()).toMatchObject({ error: { message: expect.stringContaining("not readable") as string } });
    expect(arrived).toBeUndefined();
  });
});

test("headers that disagree with the body are refused, and never reach the server", async () => {
  serve = () => {
    throw new Error("reached");
  };
  const response = await post(call(1), { "mcp-method": "tools/list" });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ id: 1, error: { code: -32020 } });
});

test("a request of the server's that is refused is answered to the server, in the client's session", async () => {
  const { promise: told, resolve } = Promise.withResolvers<{ body: unknown; headers: IncomingMessage["headers"] }>();
  const held = pool.take("s-1", null, false);
  const step = held.gate.session.step.bind(held.gate.session);
  held.gate.session.step = (input) => (input.kind === "message" && input.direction === "to-client" && input.text.includes("sampling") ? [{ kind: "drop" }, { kind: "reply", text: '{"jsonrpc":"2.0","id":"s","error":{"code":4030,"message":"no"}}' }] : step(input));
  serve = (request, response) => void bodyOf(request).then((body) => {
    const message = JSON.parse(body) as Told & { error?: unknown };
    if (message.error) {
      resolve({ body: message, headers: request.headers });
      return void response.writeHead(202).end();
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`data: ${JSON.stringify({ jsonrpc: "2.0", id: "s", method: "sampling/createMessage", params: {} })}\n\n`);
    void told.then(() => response.end(`data: ${JSON.stringify(resultOf(message, {}))}\n\n`));
  });
  const text = await (await post(call(1), { "mcp-session-id": "s-1", "mcp-protocol-version": "2025-11-25", authorization: "Bearer t" })).text();
  const { body, headers } = await told;
  expect(body).toMatchObject({ id: "s", error: { code: 4030 } });
  expect(headers).toMatchObject({ "mcp-session-id": "s-1", "mcp-protocol-version": "2025-11-25", authorization: "Bearer t", "content-type": "application/json" });
  expect(text).not.toContain("sampling");
});

test("what one connection sends at once arrives in its order", async () => {
  const order: unknown[] = [];
  serve = (request, response) => void bodyOf(request).then((body) => {
    const message = JSON.parse(body) as Told;
    order.push(`${String(message.id)} arrives`);
    setImmediate(() => {
      order.push(`${String(message.id)} answered`);
      json(response, resultOf(message, {}));
    });
  });
  const socket = connect(Number(new URL(front).port), "127.0.0.1");
  const one = (id: number, more = ""): string => {
    const body = JSON.stringify(call(id));
    return `POST /mcp HTTP/1.1\r\nHost: localhost\r\n${more}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  };
  socket.write(one(1) + one(2) + one(3, "Connection: close\r\n"));
  socket.resume();
  await once(socket, "close");
  expect(order).toEqual([1, 2, 3].flatMap((id) => [`${id} arrives`, `${id} answered`]));
});

describe("who may ask", () => {
  test.each([
    ["a page of the web", { origin: "https://evil.example" }, 403],
    ["a page without an origin of its own", { origin: "null" }, 403],
    ["a name that was rebound to us", { host: "evil.example" }, 403],
    ["a name that begins like ours", { host: "localhost.evil.example:80" }, 403],
    ["a page of this machine", { origin: "http://localhost:5173" }, 200],
    ["a program", {}, 200],
  ])("%s: %#", async (_, headers, status) => {
    let reached = 0;
    serve = (request, response) => {
      reached++;
      answers()(request, response);
    };
    const response = await raw(headers);
    response.resume();
    expect(response.statusCode).toBe(status);
    expect(reached).toBe(status === 200 ? 1 : 0);
  });

  test("paths beside the server's are not served", async () => {
    serve = () => {
      throw new Error("reached");
    };
    expect((await post(call(1), {}, "/admin")).status).toBe(404);
    expect((await post(call(1), {}, "/mcpx")).status).toBe(404);
    expect((await post(call(1), {}, "/mcp/../admin")).status).toBe(404);
  });
});

describe("OAuth", () => {
  test("a server that asks for it: said to the app and to the person, and the app is not sent on a search that must fail", async () => {
    serve = (_request, response) => void response.writeHead(401, { "www-authenticate": "Bearer" }).end();
    const response = await post(call(1));
    expect(response.headers.has("www-authenticate")).toBe(false);
    expect(await response.json()).toMatchObject({ id: 1, error: { message: expect.stringContaining("asks for OAuth sign-in") as string } });
    expect(said).toHaveLength(1);
    expect(gaps).toEqual(said);
  });

  test("its documents are not handed on", async () => {
    serve = () => {
      throw new Error("reached");
    };
    expect((await fetch(`${front}/.well-known/oauth-protected-resource/mcp`)).status).toBe(404);
  });
});

describe("ends", () => {
  test("a client that goes closes the server's stream", async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    serve = (_request, response) => {
      response.once("close", resolve);
      response.writeHead(200, { "content-type": "text/event-stream" }).write(": here\n\n");
    };
    const gone = new AbortController();
    const response = await fetch(`${front}/mcp`, { headers: { accept: "text/event-stream" }, signal: gone.signal });
    await response.body?.getReader().read();
    gone.abort();
    await closed;
  });

  test("a server that dies in a stream ends the client's", async () => {
    serve = (_request, response) => void response.writeHead(200, { "content-type": "text/event-stream" }).write(": here\n\n", () => response.destroy());
    await expect(post(call(1)).then((response) => response.text())).rejects.toThrow();
  });

  test("a server that dies in a document leaves words", async () => {
    serve = (_request, response) => void response.writeHead(200, { "content-type": "application/json", "content-length": "99" }).write('{"jsonrpc":"2.0","id":1,"res', () => response.destroy());
    expect(await (await post(call(1))).json()).toMatchObject({ id: 1, error: { message: expect.stringContaining("broke before the answer was complete") as string } });
  });

  test("a server that is not there leaves words", async () => {
    serve = answers();
    await closing.shift()?.();
    expect(await (await post(call(1))).json()).toMatchObject({ id: 1, error: { message: expect.stringContaining("the connection was refused") as string } });
  });

  test("twenty megabytes are refused with words, in either direction", async () => {
    serve = answers({ content: [{ type: "text", text: "x".repeat(20 << 20) }] });
    expect(await (await post(call(1))).json()).toMatchObject({ id: 1, result: { isError: true, content: [{ text: expect.stringContaining("16 MiB") as string }] } });
    expect(await (await post(call(2, { note: "x".repeat(20 << 20) }))).json()).toMatchObject({ id: 2, error: { message: expect.stringContaining("16 MiB") as string } });
  });
});

test("where the gate itself fails nothing passes, and the app is told", async () => {
  serve = answers({ secret: "x" });
  const held = pool.take("s-1", null, false);
  held.gate.session.step = (input) => {
    if (input.kind === "message" && input.direction === "to-client") throw new TypeError("boom");
    return [{ kind: "forward" }];
  };
  expect(await (await post(call(1), { "mcp-session-id": "s-1" })).json()).toMatchObject({ id: 1, error: { message: expect.stringContaining("Sluice itself failed") as string } });
});

test("two clients that count alike are not mixed up", async () => {
  const { promise: both, resolve } = Promise.withResolvers<void>();
  const waiting: { message: Told; response: ServerResponse }[] = [];
  serve = (request, response) => void bodyOf(request).then((body) => {
    waiting.push({ message: JSON.parse(body) as Told, response });
    if (waiting.length === 2) resolve();
  });
  const replies = [post(call(1)), post({ jsonrpc: "2.0", id: 1, method: "resources/read", params: { uri: "file:///a" } })];
  await both;
  for (const { message, response } of waiting.reverse()) json(response, resultOf(message, {}));
  await Promise.all(replies.map(async (each) => (await each).text()));
  const answered = records.flatMap((record) => (record.kind === "response" ? [record.method] : []));
  expect(answered.sort()).toEqual(["resources/read", "tools/call"]);
  expect(new Set(records.flatMap((record) => (record.kind === "request" ? [record.channel] : []))).size).toBe(2);
});

test("the old transport: its address for messages leads to us, and its answers are judged as what they answer", async () => {
  let down: ServerResponse | undefined;
  serve = (request, response) => {
    if (request.method === "GET") {
      down = response.writeHead(200, { "content-type": "text/event-stream" });
      down.write(`event: endpoint\ndata: ${upstream}/messages?s=1\n\n`);
      return;
    }
    expect(request.url).toBe("/messages?s=1");
    void bodyOf(request).then((body) => {
      response.writeHead(202).end("Accepted");
      down?.write(`data: ${JSON.stringify(resultOf(JSON.parse(body) as Told, { content: [{ type: "text", text: CARD }] }))}\n\n`);
    });
  };
  const stream = await fetch(`${front}/mcp`, { headers: { accept: "text/event-stream" } });
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader.read()).value).toBe("event: endpoint\ndata: /messages?s=1\n\n");
  expect((await post(call(1), {}, "/messages?s=1")).status).toBe(202);
  const { value } = await reader.read();
  expect(value).toContain('"id":1');
  expect(value).not.toContain("4242 4242");
  expect(records.find((record) => record.kind === "response")).toMatchObject({ method: "tools/call", transport: "sse" });
  await reader.cancel();
});
