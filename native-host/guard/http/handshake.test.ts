/** Sessions that a server forgets, what the server is told in the client's name, and the order in which all this arrives. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { bodyOf, call, INITIALIZE, INITIALIZED, json, openBench, POLICY, resultOf, type Bench, type BenchOptions, type Told } from "./remote.fixture.ts";

const open: Bench[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((bench) => bench.close()));
});

async function bench(listener: RequestListener, options?: BenchOptions): Promise<Bench> {
  const made = await openBench(listener, options);
  open.push(made);
  return made;
}

type Serve = (message: Told, request: IncomingMessage, response: ServerResponse) => void;

/** A server with sessions that can lose its memory; `seen` is all that came, in order. */
function forgetful(serve: Serve = (message, _request, response) => json(response, resultOf(message, { content: [] })), version = (session: number): string => (session > 0 ? "2025-11-25" : "")) {
  let session = 0;
  let known = true;
  const seen: string[] = [];
  const listener: RequestListener = (request, response) =>
    void bodyOf(request).then((body) => {
      const message = (body === "" ? { jsonrpc: "2.0" } : JSON.parse(body)) as Told;
      const named = request.headers["mcp-session-id"];
      seen.push(`${message.method ?? request.method} ${named ?? "-"}`);
      if (message.method === "initialize") {
        session++;
        known = true;
        return json(response, resultOf(message, { protocolVersion: version(session), capabilities: {}, serverInfo: { name: "forgetful", version: "0" } }), { "mcp-session-id": `s-${session}` });
      }
      if (!known || named !== `s-${session}`) return void response.writeHead(404).end();
      if (message.method === "notifications/initialized") return void response.writeHead(202).end();
      if (request.method === "GET") return void response.writeHead(200, { "content-type": "text/event-stream" }).write(`data: ${JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: `hello from ${named}` } })}\n\n`);
      serve(message, request, response);
    });
  return { listener, seen, forget: () => void (known = false) };
}

async function shaken(listener: RequestListener, options?: BenchOptions): Promise<Bench> {
  const made = await bench(listener, options);
  await made.send(INITIALIZE);
  await made.next();
  await made.send(INITIALIZED);
  return made;
}

const parsed = async (made: Bench): Promise<{ id?: unknown; result?: unknown; error?: { message: string }; params?: unknown }> => JSON.parse(await made.next()) as Awaited<ReturnType<typeof parsed>>;

describe("a session that the server has forgotten", () => {
  test("is begun anew with the client's own handshake, which hears nothing of it; the listening stream comes along", async () => {
    const server = forgetful();
    const made = await shaken(server.listener);
    expect(await parsed(made)).toMatchObject({ params: { data: "hello from s-1" } });
    server.seen.length = 0;
    server.forget();
    await made.send(call(7));
    const lines = [await parsed(made), await parsed(made)];
    expect(lines.find((line) => line.id === 7)).toMatchObject({ result: { content: [] } });
    // The open stream of the old session may go on or not: this one is of the new session only when it was asked for anew.
    expect(server.seen.slice(0, 3)).toEqual(["tools/call s-1", "initialize -", "notifications/initialized s-2"]);
    expect(server.seen).toContain("tools/call s-2");
    expect(made.said).toEqual([expect.stringContaining("a new one was begun")]);
    expect(made.records.filter((record) => record.kind === "request" && record.method === "initialize")).toHaveLength(2);
    await made.remote.quiet();
  });

  test("by many requests at once: one handshake, and each has its answer", async () => {
    const server = forgetful();
    const made = await shaken(server.listener);
    await made.next();
    server.forget();
    await Promise.all([1, 2, 3, 4, 5].map((id) => made.send(call(id))));
    await made.remote.quiet();
    expect(made.lines.map((line) => (JSON.parse(line) as { id?: number }).id).filter((id) => id !== undefined).sort()).toEqual([1, 2, 3, 4, 5]);
    expect(server.seen.filter((each) => each.startsWith("initialize"))).toHaveLength(2);
  });

  test.each<[string, (server: ReturnType<typeof forgetful>) => void, BenchOptions["policy"]?, ((session: number) => string)?]>([
    ["the server now speaks another version", (server) => server.forget(), undefined, (session) => (session === 1 ? "2025-11-25" : "2025-06-18")],
    ["the server does not know the new one either", (server) => server.forget(), undefined, undefined],
  ])("%s: the client is told to begin anew", async (name, forget, policy, version) => {
    const always = name.includes("either");
    const server = forgetful(always ? (_message, _request, response) => void response.writeHead(404).end() : undefined, version);
    const made = await shaken(server.listener, policy ? { policy } : {});
    await made.next();
    forget(server);
    await made.send(call(7));
    await made.remote.quiet();
    const errors = made.lines.map((line) => JSON.parse(line) as { id?: number; error?: { message: string } }).filter((line) => line.id === 7);
    expect(errors).toMatchObject([{ error: { message: expect.stringContaining("no longer knows this session") as string } }]);
    expect(server.seen.filter((each) => each.startsWith("initialize"))).toHaveLength(2);
    expect(server.seen.filter((each) => each.startsWith("tools/call")).length).toBeLessThanOrEqual(2);
  });
});

describe("a request of the server's that the policy refuses", () => {
  const policy = { ...POLICY, rules: [{ id: "no-sampling", title: "No sampling", when: { method: "sampling/createMessage" }, effect: "block" as const }] };
  const ask = `data: ${JSON.stringify({ jsonrpc: "2.0", id: "s-1", method: "sampling/createMessage", params: { messages: [], maxTokens: 1 } })}\n\n`;

  test.each(["the answer to a call", "the listening stream"])("on %s: the server is told in the client's session, and the client hears nothing", async (where) => {
    const { promise: told, resolve } = Promise.withResolvers<{ message: Told; headers: IncomingMessage["headers"] }>();
    const listener: RequestListener = (request, response) =>
      void bodyOf(request).then((body) => {
        const message = (body === "" ? { jsonrpc: "2.0" } : JSON.parse(body)) as Told & { error?: unknown };
        if (message.method === "initialize") return json(response, resultOf(message, { protocolVersion: "2025-11-25", capabilities: {}, serverInfo: { name: "asker", version: "0" } }), { "mcp-session-id": "one" });
        if (message.error !== undefined) resolve({ message, headers: request.headers });
        if (message.method === "tools/call" || request.method === "GET") {
          response.writeHead(200, { "content-type": "text/event-stream" });
          response.flushHeaders();
          if ((request.method === "GET") === where.includes("listening")) response.write(ask);
          if (message.method === "tools/call") void told.then(() => response.end(`data: ${JSON.stringify(resultOf(message, {}))}\n\n`));
          return;
        }
        response.writeHead(202).end();
      });
    const made = await shaken(listener, { policy });
    await made.send(call(7));
    const { message, headers } = await told;
    expect(message).toMatchObject({ id: "s-1", error: { code: 4030, message: expect.stringContaining("No sampling") as string } });
    expect(headers).toMatchObject({ "mcp-session-id": "one", "mcp-protocol-version": "2025-11-25" });
    expect(await parsed(made)).toMatchObject({ id: 7, result: {} });
    expect(made.lines).toEqual([]);
  });
});

test("nothing overtakes a notification that the server has not accepted yet", async () => {
  const seen: string[] = [];
  const { promise: accepted, resolve: accept } = Promise.withResolvers<void>();
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const listener: RequestListener = (request, response) =>
    void bodyOf(request).then(async (body) => {
      if (body === "") return void response.writeHead(405).end();
      const message = JSON.parse(body) as Told;
      seen.push(message.method ?? "");
      if (message.method === "initialize") return json(response, resultOf(message, { protocolVersion: "2025-11-25", capabilities: {} }));
      if (message.method === "notifications/roots/list_changed") {
        arrive();
        await accepted;
        seen.push("accepted");
      }
      if (message.id === undefined) return void response.writeHead(202).end();
      json(response, resultOf(message, {}));
    });
  const made = await shaken(listener);
  // As the pipe does: the next message is handed over when the one before may be followed.
  const first = made.send({ jsonrpc: "2.0", method: "notifications/roots/list_changed" });
  const second = first.then(() => made.send(call(1)));
  await arrived;
  expect(seen.at(-1)).toBe("notifications/roots/list_changed");
  accept();
  await second;
  await made.remote.quiet();
  expect(seen.slice(-3)).toEqual(["notifications/roots/list_changed", "accepted", "tools/call"]);
});

test("a server that cannot be reached, and one that asks for OAuth, are on record", async () => {
  const oauth = await bench((_request, response) => void response.writeHead(401, { "www-authenticate": "Bearer" }).end());
  await oauth.send(INITIALIZE);
  await oauth.next();
  expect(oauth.gaps).toEqual([expect.stringContaining("asks for OAuth sign-in")]);
  const nobody = await bench(() => {}, { url: "http://127.0.0.1:1/mcp" });
  await nobody.send(INITIALIZE);
  await nobody.next();
  expect(nobody.gaps).toEqual([expect.stringContaining("127.0.0.1:1")]);
  const wrong = await bench((_request, response) => void response.writeHead(500).end("no"));
  await wrong.send(INITIALIZE);
  await wrong.next();
  expect(wrong.gaps).toEqual([]);
});
