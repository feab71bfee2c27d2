import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { call, handshaking, INITIALIZE, INITIALIZED, json, MODERN, openBench, resultOf, type Bench, type BenchOptions } from "./remote.fixture.ts";

const CARD = ["4242", "4242", "4242", "4242"].join(" ");
const open: Bench[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((bench) => bench.close()));
});

async function bench(listener: Parameters<typeof openBench>[0], options?: BenchOptions): Promise<Bench> {
  const made = await openBench(listener, options);
  open.push(made);
  return made;
}

/** A session that stands. */
async function shaken(serve: Parameters<typeof handshaking>[0], options?: BenchOptions): Promise<Bench> {
  const made = await bench(handshaking(serve), options);
  await made.send(INITIALIZE);
  await made.next();
  return made;
}

const stream = (response: ServerResponse): ServerResponse => response.writeHead(200, { "content-type": "text/event-stream" });
const event = (value: unknown, id?: string): string => `${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(value)}\n\n`;

async function errorOf(made: Bench): Promise<{ id: unknown; error: { code: number; message: string } }> {
  return JSON.parse(await made.next()) as { id: unknown; error: { code: number; message: string } };
}

describe("what is allowed comes as the server wrote it", () => {
  const odd = '{"result" :{"content":[{"text":"caf\\u00e9 1.0 \\/","type":"text"}], "n":12345678901234567890.10},"x":null, "id":7,"jsonrpc":"2.0"}';

  test.each([
    ["a document", "application/json", odd, odd],
    ["an event", "text/event-stream; charset=utf-8", `event: message\nid: 4\ndata: ${odd}\n\n`, odd],
    ["an event over several lines", "text/event-stream", `data: {"jsonrpc":"2.0",\r\ndata: "id":7,"result":{}}\r\n\r\n`, '{"jsonrpc":"2.0", "id":7,"result":{}}'],
    ["a document over several lines", "application/json", `\n{\n  "jsonrpc": "2.0",\r\n  "id": 7,\n  "result": { "a": "b\\nc" }\n}\n`, '{   "jsonrpc": "2.0",    "id": 7,   "result": { "a": "b\\nc" } }'],
  ])("%s", async (_, type, sent, got) => {
    const made = await shaken((_message, _request, response) => void response.writeHead(200, { "content-type": type }).end(sent));
    await made.send(call(7));
    expect(await made.next()).toBe(got);
  });

  test("compressed against our wish: decoded, and no byte changed", async () => {
    const made = await shaken((_message, _request, response) => void response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end(gzipSync(odd)));
    await made.send(call(7));
    expect(await made.next()).toBe(odd);
  });

  test("a request of the server's and progress arrive before the answer, whose stream is still open", async () => {
    const { promise: release, resolve } = Promise.withResolvers<void>();
    const made = await shaken((message, _request, response) => {
      if (message.method !== "tools/call") return void response.writeHead(202).end();
      stream(response).write(event({ jsonrpc: "2.0", id: "s1", method: "roots/list" }));
      void release.then(() => response.end(event(resultOf(message, {}))));
    });
    await made.send(call(7));
    expect(JSON.parse(await made.next())).toMatchObject({ id: "s1", method: "roots/list" });
    await made.send({ jsonrpc: "2.0", id: "s1", result: { roots: [] } });
    resolve();
    expect(JSON.parse(await made.next())).toMatchObject({ id: 7, result: {} });
  });
});

describe("headers", () => {
  test("session and version go along after the handshake, the person's own headers always", async () => {
    const seen: Record<string, unknown>[] = [];
    const made = await shaken((message, request, response) => {
      seen.push(request.headers);
      json(response, resultOf(message, {}));
    }, { headers: ["Authorization: Bearer ${T}"], env: { T: "not-a-real-token" } });
    await made.send(call(1));
    await made.next();
    expect(seen[0]).toMatchObject({ "mcp-session-id": "s-1", "mcp-protocol-version": "2025-11-25", authorization: "Bearer not-a-real-token", accept: "application/json, text/event-stream", "accept-encoding": "identity" });
  });

  test("in the modern era headers mirror the body as it leaves: a redaction reaches them", async () => {
    const token = `ghp_${"a1B2c3D4e5F6".repeat(3)}`;
    const seen: { headers: Record<string, unknown>; args: Record<string, unknown> }[] = [];
    const made = await bench((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
      request.on("end", () => {
        const message = JSON.parse(body) as { id: number; method: string; params: { arguments: Record<string, unknown> } };
        seen.push({ headers: request.headers, args: message.params.arguments });
        json(response, resultOf({ ...message, jsonrpc: "2.0" }, { tools: [{ name: "get", inputSchema: { type: "object", properties: { note: { type: "string", "x-mcp-header": "Note" } } } }] }));
      });
    });
    await made.send({ jsonrpc: "2.0", id: 1, method: "tools/list", params: MODERN });
    await made.next();
    await made.send(call(2, { note: `rotate ${token}` }, MODERN));
    await made.next();
    expect(seen[1]!.headers).toMatchObject({ "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "get" });
    expect(JSON.stringify(seen)).not.toContain(token);
    const header = String(seen[1]!.headers["mcp-param-note"]);
    const mirrored = /^=\?base64\?(.*)\?=$/.exec(header);
    expect(mirrored ? Buffer.from(mirrored[1]!, "base64").toString("utf8") : header).toBe(seen[1]!.args["note"]);
  });
});

describe("streams that end early", () => {
  test("are taken up again where they ended, after the time that the server asked for", async () => {
    const asked: (string | undefined)[] = [];
    const made = await shaken((message, request, response) => {
      if (request.method === "GET") {
        asked.push(request.headers["last-event-id"] as string | undefined);
        if (asked.length === 1) return void stream(response).end(event({ jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: 1, progress: 1 } }, "e2"));
        return void stream(response).end(event({ jsonrpc: "2.0", id: 7, result: { late: true } }, "e3"));
      }
      // Closed by the server on purpose: an id to go on from, and no answer yet; the last event is cut in its middle.
      stream(response).end(`id: e1\nretry: 1\ndata: \n\ndata: {"jsonrpc":"2.0","me`);
      void message;
    });
    await made.send(call(7));
    expect(JSON.parse(await made.next())).toMatchObject({ method: "notifications/progress" });
    expect(JSON.parse(await made.next())).toMatchObject({ id: 7, result: { late: true } });
    expect(asked).toEqual(["e1", "e2"]);
    expect(made.records.some((record) => record.kind === "malformed")).toBe(false);
  });

  test("without an id to go on from: the request is told", async () => {
    const made = await shaken((_message, _request, response) => void stream(response).end(": nothing\n\n"));
    await made.send(call(7));
    expect(await errorOf(made)).toMatchObject({ id: 7, error: { message: expect.stringContaining("without a reply") as string } });
  });

  test("that cannot be taken up: told after a few attempts, never hanging", async () => {
    let gets = 0;
    const made = await shaken((_message, request, response) => {
      if (request.method === "GET") return void (gets++, response.writeHead(503).end());
      stream(response).end("id: e1\nretry: 1\ndata: \n\n");
    }, { patience: { attempts: 3 } });
    await made.send(call(7));
    expect((await errorOf(made)).id).toBe(7);
    expect(gets).toBe(3);
  });

  test("torn in the middle: told with words", async () => {
    const made = await shaken((_message, _request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
      response.write('{"jsonrpc":"2.0","id":7,"res', () => response.destroy());
    });
    await made.send(call(7));
    expect((await errorOf(made)).error.message).toMatch(/^The connection to 127\.0\.0\.1:\d+ broke/);
  });

  test("silent for too long: told with words", async () => {
    const made = await shaken((_message, _request, response) => stream(response).flushHeaders(), { patience: { silenceMs: 40 } });
    await made.send(call(7));
    expect((await errorOf(made)).error.message).toContain("did not answer within 0.04 seconds");
  });
});

describe("the listening stream", () => {
  test("brings what the server says by itself, and goes on after it was closed", async () => {
    const asked: (string | undefined)[] = [];
    const note = (data: string) => ({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data } });
    const made = await shaken((_message, request, response) => {
      if (request.method !== "GET") return void response.writeHead(405).end();
      asked.push(request.headers["last-event-id"] as string | undefined);
      stream(response).write(event(note(`part ${asked.length}`), `n${asked.length}`));
      if (asked.length === 1) response.end();
    });
    await made.send(INITIALIZED);
    expect(await made.next()).toContain("part 1");
    expect(await made.next()).toContain("part 2");
    expect(asked).toEqual([undefined, "n1"]);
  });

  test("is asked for before anything that follows the handshake: what servers say on it before that is lost", async () => {
    const came: { readonly what: string; readonly socket: unknown }[] = [];
    const made = await bench((request, response) => {
      request.on("data", (chunk: Buffer) => came.push({ what: (JSON.parse(chunk.toString("utf8")) as { method: string }).method, socket: request.socket }));
      if (request.method === "GET") came.push({ what: "GET", socket: request.socket });
      const answer = { initialize: resultOf({ jsonrpc: "2.0", id: 0 }, { protocolVersion: "2025-11-25" }), "tools/call": resultOf({ jsonrpc: "2.0", id: 1 }, {}) };
      // As the SDK's servers do: the stream is open, and says nothing until there is something to say.
      request.once("end", () => {
        const what = came.at(-1)!.what;
        if (what === "initialize" || what === "tools/call") json(response, answer[what]);
        else if (what !== "GET") response.writeHead(202).end();
      });
    });
    await made.send({ jsonrpc: "2.0", id: 0, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } } });
    await made.next();
    await made.send(INITIALIZED);
    await made.send(call(1));
    await made.next();
    expect(came.map(({ what }) => what)).toEqual(["initialize", "notifications/initialized", "GET", "tools/call"]);
    // On the connection that the server reads already; the call comes over a new one.
    expect(came[2]!.socket).toBe(came[1]!.socket);
    expect(came[3]!.socket).not.toBe(came[2]!.socket);
  });

  test("is not missed where there is none", async () => {
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    const made = await shaken((message, request, response) => {
      if (request.method === "GET") return void (response.writeHead(405).end(), resolve());
      json(response, resultOf(message, {}));
    });
    await made.send(INITIALIZED);
    await asked;
    await made.send(call(1));
    expect(JSON.parse(await made.next())).toMatchObject({ id: 1 });
    expect(made.said).toEqual([]);
  });

  test("the session is ended when the client goes", async () => {
    const { promise: ended, resolve } = Promise.withResolvers<unknown>();
    const made = await shaken((_message, request, response) => {
      if (request.method === "DELETE") resolve(request.headers["mcp-session-id"]);
      response.writeHead(200).end();
    });
    await made.remote.close();
    expect(await ended).toBe("s-1");
  });
});

describe("cancelling", () => {
  test("in the modern era closes the answer, and nothing is sent", async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const methods: string[] = [];
    const made = await bench((request, response) => {
      methods.push(String(request.headers["mcp-method"]));
      response.once("close", resolve);
      stream(response).flushHeaders();
      begin();
    });
    await made.send(call(7, {}, MODERN));
    await begun;
    await made.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7, reason: "enough" } });
    await closed;
    await made.remote.quiet();
    expect(methods).toEqual(["tools/call"]);
    expect(made.lines).toEqual([]);
  });

  test("in the legacy era is a message, and the end of the stream is no news any more", async () => {
    const { promise: told, resolve: tell } = Promise.withResolvers<void>();
    const made = await shaken((message, _request, response) => {
      if (message.method === "tools/call") {
        stream(response).flushHeaders();
        return void told.then(() => response.end());
      }
      response.writeHead(202).end();
      if (message.method === "notifications/cancelled") tell();
    });
    await made.send(call(7));
    await made.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7 } });
    await told;
    await made.remote.quiet();
    expect(made.lines).toEqual([]);
  });
});

describe("servers that do not serve", () => {
  test("OAuth: said what it is, why it cannot be carried and what to do", async () => {
    const made = await bench((_request, response) => void response.writeHead(401, { "www-authenticate": 'Bearer resource_metadata="https://x.example/.well-known/oauth-protected-resource"' }).end());
    await made.send(INITIALIZE);
    const { id, error } = await errorOf(made);
    expect(id).toBe(0);
    expect(error.message).toMatch(/asks for OAuth sign-in.*cannot carry.*bound to the server's own address.*connect to it by itself.*--header/);
    expect(made.said).toEqual([error.message]);
  });

  test("a token that is refused is not repeated, not even where the server repeats it", async () => {
    const token = `tok-${"x9Y8".repeat(5)}`;
    const made = await bench((request, response) => void response.writeHead(request.headers["mcp-session-id"] ? 200 : 400, { "content-type": "text/plain" }).end(`bad token ${request.headers.authorization}`), { headers: ["Authorization: Bearer ${T}"], env: { T: token } });
    await made.send(INITIALIZE);
    const { error } = await errorOf(made);
    expect(error.message).toContain("bad token Bearer •••");
    expect(error.message + made.said.join("")).not.toContain(token);
  });

  test("nothing listens there", async () => {
    const gone = createServer().listen(0, "127.0.0.1");
    await once(gone, "listening");
    const { port } = gone.address() as AddressInfo;
    gone.close();
    await once(gone, "close");
    const made = await bench(() => {}, { url: `http://127.0.0.1:${port}/mcp` });
    await made.send(INITIALIZE);
    expect((await errorOf(made)).error.message).toContain("the connection was refused");
  });

  test("no TLS where TLS is expected", async () => {
    const made = await bench((_request, response) => void response.end());
    const secure = await bench(() => {}, { url: `${made.origin.replace("http:", "https:")}/mcp` });
    await secure.send(INITIALIZE);
    expect((await errorOf(secure)).error.message).toContain("does not speak TLS");
  });

  test("nobody answers the request", async () => {
    const made = await bench(() => {}, { wire: { answerMs: 40 } });
    await made.send(INITIALIZE);
    expect((await errorOf(made)).error.message).toContain("did not answer within 0.04 seconds");
  });

  test("a redirect to another place is not followed, one at the same place is", async () => {
    let reached = 0;
    const other = await bench((_request, response) => void (reached++, response.end()));
    const away = await bench((_request, response) => void response.writeHead(307, { location: `${other.origin}/mcp?token=abc` }).end());
    await away.send(INITIALIZE);
    const { error } = await errorOf(away);
    expect(error.message).toContain(`redirects to ${other.origin}.`);
    expect(error.message).not.toContain("token=abc");
    expect(reached).toBe(0);
    const near = await bench((request, response) => {
      if (request.url === "/mcp") return void response.writeHead(308, { location: "/v2/mcp" }).end();
      json(response, { jsonrpc: "2.0", id: 0, result: { protocolVersion: "2025-11-25" } });
    });
    await near.send(INITIALIZE);
    expect(JSON.parse(await near.next())).toMatchObject({ id: 0, result: {} });
  });

  test("a session that has ended", async () => {
    const made = await shaken((_message, _request, response) => void response.writeHead(404, { "content-type": "application/json" }).end('{"error":"gone"}'));
    await made.send(call(7));
    expect((await errorOf(made)).error.message).toContain("no longer knows this session");
  });

  test("an error without an id, or in the server's own form, reaches whoever asked", async () => {
    const made = await shaken((message, _request, response) => {
      response.writeHead(400, { "content-type": "application/json" });
      response.end(message.id === 1 ? '{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"No session"}}' : `{"detail":"card ${CARD} is not wanted"}`);
    });
    await made.send(call(1));
    expect(JSON.parse(await made.next())).toEqual({ jsonrpc: "2.0", id: 1, error: { code: -32000, message: "No session" } });
    await made.send(call(2));
    const { error } = await errorOf(made);
    expect(error.message).toMatch(/HTTP 400: the server refused the request\. It says: \{"detail":"card /);
    expect(error.message).not.toContain("4242 4242");
  });

  test("twenty megabytes are refused with words, under the request's id", async () => {
    const made = await shaken((message, _request, response) => json(response, resultOf(message, { content: [{ type: "text", text: "x".repeat(20 << 20) }] })));
    await made.send(call(7));
    expect(JSON.parse(await made.next())).toMatchObject({ id: 7, result: { isError: true, content: [{ text: expect.stringContaining("16 MiB") as string }] } });
    await made.remote.quiet();
    expect(made.lines).toEqual([]);
  });
});

test("a client that does not read holds the server up, instead of filling our memory", async () => {
  const all = 250;
  let written = 0;
  const note = event({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "x".repeat(64 * 1024) } });
  const made = await shaken((message, _request, response) => {
    stream(response);
    const more = (): void => {
      while (written < all) {
        written++;
        if (!response.write(note)) return void response.once("drain", more);
      }
      response.end(event(resultOf(message, {})));
    };
    more();
  });
  const release = made.hold();
  await made.send(call(7));
  await made.next();
  // The sockets between us take some; when they are full the server stands still.
  for (let before = -1; written !== before; ) {
    before = written;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(written).toBeLessThan(all);
  expect(made.lines).toEqual([]);
  release();
  await made.remote.quiet();
  expect(made.lines).toHaveLength(all);
});

describe("the old transport (HTTP+SSE)", () => {
  function oldServer(endpoint: string) {
    let down: ServerResponse | undefined;
    return {
      end: () => down?.end(),
      listener: (request: Parameters<Parameters<typeof openBench>[0]>[0], response: ServerResponse) => {
        if (request.method === "GET" && request.url === "/mcp") {
          down = stream(response);
          down.write(`event: endpoint\ndata: ${endpoint}\n\n`);
          return;
        }
        if (request.url !== "/messages?s=1") return void response.writeHead(405).end();
        let body = "";
        request.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
        request.on("end", () => {
          const message = JSON.parse(body) as { id?: number; method: string };
          response.writeHead(202).end("Accepted");
          if (message.method === "tools/call") down?.write(event({ jsonrpc: "2.0", id: message.id, result: { content: [{ type: "text", text: `card ${CARD}` }] } }));
          else if (message.id !== undefined) down?.write(event({ jsonrpc: "2.0", id: message.id, result: { protocolVersion: "2024-11-05", capabilities: {}, serverInfo: { name: "old", version: "0" } } }));
        });
      },
    };
  }

  test("is found when a server takes no POST, and judged like any other", async () => {
    const server = oldServer("/messages?s=1");
    const made = await bench(server.listener);
    await made.send(INITIALIZE);
    expect(JSON.parse(await made.next())).toMatchObject({ id: 0, result: { protocolVersion: "2024-11-05" } });
    expect(made.remote.transport).toBe("sse");
    await made.send(INITIALIZED);
    await made.send(call(1));
    const line = await made.next();
    expect(line).toContain("card ");
    expect(line).not.toContain("4242 4242");
    server.end();
    await made.send(call(2)).catch(() => undefined);
    expect((await errorOf(made)).error.message).toContain("closed the connection");
  });

  test("an address at another place is not used", async () => {
    const made = await bench(oldServer("https://elsewhere.example/messages").listener);
    await made.send(INITIALIZE);
    expect((await errorOf(made)).error.message).toContain("HTTP 405");
  });
});
