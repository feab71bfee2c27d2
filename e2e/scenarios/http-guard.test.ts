/** The guard for remote servers, as the programs meet it: real clients of both SDK lines, real servers, and a real process in between. */
import { Buffer } from "node:buffer";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { legacyDesk } from "../servers/customer-desk/legacy.ts";
import { CUSTOMER_DESK } from "../servers/customer-desk/name.ts";
import { deskTools } from "../servers/customer-desk/tools.ts";
import { startWorkbench, type Workbench } from "../workbench/server.ts";
import { requestText, responseBytes } from "../workbench/witness.ts";
import { bodyOf, callLine, connect, INITIALIZE, INITIALIZED, makeHome, startGuard, startServer, type Caller, type Home, type Line, type RawGuard } from "./http-guard.rig.ts";

const POLICY = `version: 1
id: http-guard
revision: 1
mode: enforce
admission:
  default: block
  servers:
    - { id: desk, match: { url: "http://127.0.0.1:*/desk/mcp" }, effect: allow }
    - { id: everything, match: { url: "http://127.0.0.1:*/everything/mcp" }, effect: allow }
    - { id: bad, match: { url: "http://127.0.0.1:*/bad/*" }, effect: allow }
rules:
  - { id: cards, title: Card numbers stay there, when: { direction: to-client, data: { any: [pci.*] } }, effect: redact }
  - { id: keys, title: Keys stay here, when: { direction: to-server, data: { any: [secret.*] } }, effect: redact }
  - { id: no-delete, title: Nobody deletes customers, when: { tool: delete_customer }, effect: block }
`;
const TOKEN = `ghp_${"Zx9Yw8Vu7Ts6".repeat(3)}`;

let workbench: Workbench;
let home: Home;
let gate: ((part: number) => Promise<void>) | undefined;
const open: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  workbench = await startWorkbench({ beforePart: async (part) => gate?.(part) });
  home = makeHome(POLICY);
});
afterAll(async () => {
  await workbench?.close();
  home?.remove();
});
afterEach(async () => {
  gate = undefined;
  await Promise.all(open.splice(0).map((each) => each.close()));
  workbench.clearWitness();
});

const keep = <T extends { close(): Promise<unknown> }>(each: T): T => {
  open.push(each);
  return each;
};

/** A local address for a server, as `--listen` gives it. */
async function listening(url: string): Promise<{ url: string; guard: RawGuard }> {
  const guard = startGuard(["--listen", "127.0.0.1:0", "--url", url], home);
  keep({ close: async () => (guard.kill("SIGTERM"), guard.exited) });
  return { url: (await guard.said(/listening on (\S+)/))[1]!, guard };
}

const WAYS = ["--url", "--listen"] as const;
type Way = (typeof WAYS)[number];

async function through(way: Way, line: Line, url: string): Promise<Caller> {
  return keep(await connect(line, way === "--url" ? { guard: ["--client", "test", "--url", url], home } : { url: (await listening(url)).url }));
}

const CASES = WAYS.flatMap((way) => (["v1", "v2 legacy", "v2 auto"] as const).map((line) => ({ way, line })));

describe.each(CASES)("$way, SDK $line", ({ way, line }) => {
  test("the desk: lists, calls, redacts in both directions and refuses", async () => {
    const client = await through(way, line, workbench.deskUrl);
    if (line === "v2 auto") expect(client.version()).toBe("2026-07-28");
    expect(await client.tools()).toContain("get_customer");
    const customer = await client.call("get_customer", { id: "c-1001" });
    expect(customer.content[0]?.text).toContain("Ada");
    expect(customer.content[0]?.text).toMatch(/Card number: (?!\d{4})/);
    await client.call("add_note", { id: "c-1002", text: `rotate ${TOKEN} – grüße ✓` });
    const note = workbench.desk.notes.at(-1)?.text;
    expect(note).toContain("– grüße ✓");
    expect(workbench.witness().map(requestText).join("")).not.toContain(TOKEN);
    expect(await client.call("delete_customer", { id: "c-1003" })).toMatchObject({ isError: true, content: [{ text: expect.stringContaining("Blocked by Sluice") as string }] });
    expect(workbench.desk.customers.has("c-1003")).toBe(true);
  });

  test("the reference server answers", async () => {
    const client = await through(way, line, workbench.everythingUrl);
    expect((await client.call("echo", { message: "hello over there" })).content[0]?.text).toContain("hello over there");
  });

  test("a part of a stream is at the client before the server goes on", async () => {
    let arrived = 0;
    let seen = (): void => undefined;
    // The server holds each part until the one before it has been seen at the client.
    gate = async (part) => {
      while (arrived < part - 1) await new Promise<void>((resolve) => (seen = resolve));
    };
    const client = await through(way, line, workbench.deskUrl);
    const report = await client.call("export_report", { partSize: 2 }, () => {
      arrived++;
      seen();
    });
    expect(arrived).toBe(4);
    expect(report.content[0]?.text).toContain("8 customers exported.");
  });

  test("a server that is not on the list is refused with words, and receives nothing", async () => {
    const words = await through(way, line, workbench.rogueUrl).then(() => "connected", (error: unknown) => String(error));
    expect(words).toContain("Blocked by Sluice");
    expect(workbench.witness().filter((each) => each.mount === "rogue" && each.method === "POST")).toEqual([]);
  });
});

test("records name the point, the transport and the server, and nothing that is protected", async () => {
  const records = await home.journal();
  expect(records.find((record) => record.kind === "session.started")).toMatchObject({ point: "http", transport: "streamable-http", by: "guard", server: { kind: "remote", url: expect.stringContaining("/desk/mcp") as string } });
  expect(records.some((record) => record.kind === "tools.listed")).toBe(true);
  expect(JSON.stringify(records)).not.toContain(TOKEN);
});

/** Everything that a raw guard says until it has answered this id. */
async function answerTo(guard: RawGuard, id: number | string): Promise<string> {
  for (;;) {
    const line = await guard.next();
    if (!("method" in (JSON.parse(line) as object)) && line.includes(`"id":${JSON.stringify(id)}`)) return line;
  }
}

test("what is allowed arrives as the server wrote it: the witness has the same text", async () => {
  const guard = startGuard(["--url", workbench.everythingUrl], home);
  guard.send(INITIALIZE);
  const first = await answerTo(guard, 0);
  guard.send(INITIALIZED);
  guard.send('{"jsonrpc":"2.0","id":"a\\u002f1", "method":"tools/call","params":{"name":"echo","arguments":{"message":"caf\\u00e9 1.0"}}}');
  const echoed = await answerTo(guard, "a/1");
  expect(await guard.end()).toBe(0);
  const posts = workbench.witness().filter((each) => each.method === "POST");
  const sent = posts.map((each) => responseBytes(each).toString("utf8")).join("\n");
  expect(sent).toContain(`data: ${first}\n`);
  expect(sent).toContain(`data: ${echoed}\n`);
  expect(posts.map(requestText)).toContain('{"jsonrpc":"2.0","id":"a\\u002f1", "method":"tools/call","params":{"name":"echo","arguments":{"message":"caf\\u00e9 1.0"}}}');
  expect(workbench.witness().at(-1)).toMatchObject({ method: "DELETE" });
});

test.each(["huge", "huge-sse", "broken-json", "html", "cut", "duplicate-keys", "invalid-utf8", "deep", "unfinished-sse"])("a server that answers with %s: the call is answered, and nothing that could not be judged gets through", async (fault) => {
  const guard = startGuard(["--url", workbench.badUrl(fault)], home);
  guard.send(INITIALIZE);
  await answerTo(guard, 0);
  guard.send(INITIALIZED);
  guard.send(callLine(7, "misbehave"));
  const line = await answerTo(guard, 7);
  if (fault !== "unfinished-sse") {
    expect(line).not.toContain("ines.kettering");
    expect(line).toMatch(/Sluice did not pass|broke before the answer/);
  }
  guard.send('{"jsonrpc":"2.0","id":8,"method":"ping"}');
  expect(JSON.parse(await answerTo(guard, 8))).toMatchObject({ id: 8, result: {} });
  expect(await guard.end()).toBe(0);
});

test("a tool's marked argument goes into its header, redacted like the body: a real v2 server accepts it", async () => {
  const received: string[] = [];
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: "marked", version: "1.0.0" });
    server.registerTool("store", { description: "Stores a note", inputSchema: z.object({ note: z.string().meta({ "x-mcp-header": "Note" }) }) }, ({ note }) => {
      received.push(note);
      return { content: [{ type: "text", text: "stored" }] };
    });
    return server;
  });
  const headers: (string | undefined)[] = [];
  const server = await startServer((request, response) => {
    headers.push(request.headers["mcp-param-note"] as string | undefined);
    void bodyOf(request).then(async (body) => {
      const answer = await handler.fetch(new Request(`http://127.0.0.1${request.url}`, { method: request.method ?? "GET", headers: request.headers as Record<string, string>, ...(body === "" ? {} : { body }) }));
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
    });
  });
  keep({ close: async () => (await server.close(), await handler.close()) });
  const own = makeHome(POLICY.replace("default: block", "default: allow"));
  keep({ close: async () => own.remove() });
  const client = keep(await connect("v2 auto", { guard: ["--url", server.url], home: own }));
  expect(client.version()).toBe("2026-07-28");
  await client.tools();
  expect((await client.call("store", { note: `plain – ${TOKEN}` })).content[0]?.text).toBe("stored");
  expect(received[0]).toMatch(/^plain – /);
  expect(received[0]).not.toContain(TOKEN);
  const header = headers.find((each) => each !== undefined);
  expect(Buffer.from(/^=\?base64\?(.*)\?=$/.exec(header ?? "")?.[1] ?? "", "base64").toString("utf8")).toBe(received[0]);
});

test.each(["v1", "v2 auto"] as const)("a server of the old transport, SDK %s", async (line) => {
  const transports = new Map<string, SSEServerTransport>();
  const server = await startServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://local");
    if (request.method === "GET" && pathname === "/desk/mcp") {
      const transport = new SSEServerTransport("/messages", response);
      transports.set(transport.sessionId, transport);
      void legacyDesk(CUSTOMER_DESK, deskTools(workbench.desk)).connect(transport);
    } else if (request.method === "POST" && pathname === "/messages") void transports.get(searchParams.get("sessionId") ?? "")?.handlePostMessage(request, response);
    else response.writeHead(404, { "content-type": "text/plain" }).end("Cannot POST");
  });
  keep(server);
  const client = await through("--url", line, `${server.origin}/desk/mcp`);
  expect((await client.call("get_customer", { id: "c-1001" })).content[0]?.text).toMatch(/Card number: (?!\d{4})/);
  expect(await client.call("delete_customer", { id: "c-1004" })).toMatchObject({ isError: true });
});

test("a server that is down: the client hears why, and the guard still ends as it should", async () => {
  const server = await startServer(() => undefined);
  await server.close();
  const guard = startGuard(["--url", `${server.origin}/desk/mcp`], home);
  guard.send(INITIALIZE);
  expect(JSON.parse(await guard.next())).toMatchObject({ id: 0, error: { code: 4032, message: expect.stringContaining("refused") as string } });
  await guard.said(/sluice: Nothing answers at/);
  expect(await guard.end()).toBe(0);
});

test("a client that goes while the server answers nothing leaves no guard behind", async () => {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const server = keep(await startServer(() => resolve()));
  const guard = startGuard(["--url", `${server.origin}/desk/mcp`], home);
  guard.send(INITIALIZE);
  guard.send(INITIALIZED);
  await asked;
  expect(await guard.end()).toBe(0);
});

test("a token reaches the server and nothing else", async () => {
  const token = `tok-${"Zx9Yw8".repeat(5)}`;
  let authorization: string | undefined;
  const server = await startServer((request, response) => {
    authorization = request.headers.authorization;
    response.writeHead(401, { "www-authenticate": 'Bearer error="invalid_token"' }).end(`no: ${authorization}`);
  });
  keep(server);
  const guard = startGuard(["--header", "Authorization: Bearer ${DESK_TOKEN}", "--url", `${server.origin}/desk/mcp`], home, { DESK_TOKEN: token });
  guard.send(INITIALIZE);
  const line = await guard.next();
  expect(authorization).toBe(`Bearer ${token}`);
  expect(line).toContain("did not accept the sign-in");
  await guard.end();
  expect(line + guard.stderr() + JSON.stringify(await home.journal())).not.toContain(token);
});

test.each([
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const)("%s ends the guard at once, with leave taken of the server", async (signal, code) => {
  const guard = startGuard(["--url", workbench.deskUrl], home);
  guard.send(INITIALIZE);
  await answerTo(guard, 0);
  guard.kill(signal);
  expect(await guard.exited).toBe(code);
  expect(workbench.witness().at(-1)).toMatchObject({ method: "DELETE" });
});

test.each([
  [["--url", "http://127.0.0.1:1/x", "--", "node"], "one server"],
  [["--url", "nonsense"], "begins with https:// or http://"],
  [["--url", "http://127.0.0.1:1/x", "--header", "Authorization: Bearer ${NOT_SET_ANYWHERE}"], "NOT_SET_ANYWHERE"],
  [["--url", "http://127.0.0.1:1/x", "--listen", "0.0.0.0:1234"], "this machine only"],
  [["--listen", "127.0.0.1:0", "--", "node"], "belong to --url"],
])("wrong usage is said with a fix: %j", async (args, words) => {
  const guard = startGuard(args, home);
  expect(await guard.exited).toBe(2);
  expect(guard.stderr()).toContain(words);
  expect(guard.stderr()).toContain("fix:");
});

test("a port that is taken is said with a fix", async () => {
  const server = keep(await startServer(() => undefined));
  const guard = startGuard(["--listen", new URL(server.origin).host, "--url", workbench.deskUrl], home);
  expect(await guard.exited).toBe(3);
  expect(guard.stderr()).toMatch(/taken by another program\n\s+fix:/);
});
