import { once } from "node:events";
import { createServer, request as ask, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EventRecord } from "../../../shared/events/record.ts";
import { createSession } from "../../../shared/gate/session.ts";
import { compile } from "../../../shared/policy/compile.ts";
import type { Gatekeeper } from "../gatekeeper.ts";
import { gatePool, type GatePool } from "./gate-pool.ts";
import { bodyOf, call, INITIALIZE, json, POLICY, resultOf, type Told } from "./remote.fixture.ts";
import { passOn } from "./reverse.ts";
import { readTarget } from "./target.ts";
import { openWire, type Wire } from "./wire.ts";

const CARD = ["4242", "4242", "4242", "4242"].join(" ");

let serve: RequestListener;
const closing: (() => Promise<unknown>)[] = [];
let upstream = "";
let front = "";
let said: string[] = [];
let records: EventRecord[] = [];
let pool: GatePool;
let wire: Wire;

async function start(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function keeper(): Gatekeeper {
  const compiled = compile(POLICY, "local");
  return {
    admit(channel) {
      const session = createSession({ channel, by: "guard", policy: () => compiled, key: new Uint8Array(32), now: Date.now, random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)) });
      const record = (each: EventRecord): void => void records.push(each);
      return { session, record, note: (effects) => effects.forEach((effect) => effect.kind === "record" && record(effect.record)), close: (reason) => void session.step({ kind: "close", reason }).forEach((effect) => effect.kind === "record" && record(effect.record)), whenRefused: () => {} };
    },
    say: (text) => void said.push(text),
    sayOnce: (text) => void said.push(text),
    close: () => Promise.resolve(),
  };
}

beforeEach(async () => {
  said = [];
  records = [];
  upstream = await start((request, response) => serve(request, response));
  const target = readTarget(`${upstream}/mcp`, [], {});
  if (!target.ok) throw new Error("no target");
  pool = gatePool(keeper(), { id: "client:x", name: "x" }, target.value.server);
  wire = openWire();
  front = await start((request, response) => void passOn({ target: target.value, wire, pool, say: (text) => void said.push(text) }, request, response));
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
    expect(JSON.stringify(await (await post(call(2, { note: "x".repeat(20 << 20) }))).json())).toContain("16 MiB");
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
