import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { EventRecord } from "../events/record.ts";
import { remoteServer } from "../mcp/identity.ts";
import { compile } from "../policy/compile.ts";
import type { Policy } from "../policy/language.ts";
import { looksLikeMcp, openExchange, openReply, type HttpExchange, type HttpRequest } from "./http.ts";
import { createSession, type Session } from "./session.ts";

const POLICY: Policy = {
  version: 1,
  id: "http",
  revision: 1,
  mode: "enforce",
  admission: { default: "block", servers: [{ id: "desk", match: { url: "https://desk.example/*" }, effect: "allow" }] },
  rules: [
    { id: "cards-in", title: "No card numbers", when: { direction: "to-client", data: { any: ["pci.*"] } }, effect: "redact" },
    { id: "keys-out", title: "Keys stay here", when: { direction: "to-server", data: { any: ["secret.*"] } }, effect: "redact" },
  ],
};
const CARD = ["4242", "4242", "4242", "4242"].join(" ");

let session: Session;
let records: EventRecord[];

function open(url = "https://desk.example/mcp"): void {
  records = [];
  session = createSession({
    channel: { id: "c", point: "page", transport: "streamable-http", client: { id: "app:x", name: "x" }, server: remoteServer(url)! },
    by: "extension",
    policy: () => compile(POLICY, "local"),
    key: new Uint8Array(32),
    now: () => 1_750_000_000_000,
    random: (bytes) => new Uint8Array(bytes),
  });
}

const post = (body: unknown, headers: Record<string, string> = {}): HttpRequest => ({
  method: "POST",
  headers: { accept: "application/json, text/event-stream", "content-type": "application/json", ...headers },
  body: typeof body === "string" ? body : JSON.stringify(body),
  unreadable: null,
});
const call = (args: unknown = {}) => ({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "get", arguments: args } });
const send = (request: HttpRequest): HttpExchange => openExchange(session, request, (record) => records.push(record));

/** Feeds a reply in pieces and joins what comes out. */
function reply(exchange: HttpExchange, type: string, text: string, places: readonly number[] = [], status = 200): string {
  expect(exchange.head(status, type).kind).toBe("tap");
  const at = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  let out = "";
  let from = 0;
  for (const end of [...at, text.length]) {
    if (end > from) out += exchange.chunk(text.slice(from, end));
    from = end;
  }
  return out + exchange.end();
}

const anywhere = fc.array(fc.nat(5000), { maxLength: 60 });

beforeEach(() => open());

describe("replies, cut anywhere", () => {
  const clean = `event: message\nid: 1\ndata: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}\n\n: ping\n\ndata: {"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"grüße 😀"}]}}\r\n\r\n`;

  test("an allowed stream is the same to the character", () => {
    fc.assert(fc.property(anywhere, (places) => void expect(reply(send(post(call())), "text/event-stream", clean, places)).toBe(clean)));
  });

  // threat: split-in-chunks
  test("a stream with a card number loses that number and nothing else", () => {
    const dirty = clean.replace("grüße", CARD);
    fc.assert(
      fc.property(anywhere, (places) => {
        const out = reply(send(post(call())), "text/event-stream; charset=utf-8", dirty, places);
        const [before, after] = dirty.split(CARD) as [string, string];
        expect(out).not.toContain("4242 4242");
        expect(out.startsWith(before.slice(0, before.lastIndexOf("data:")))).toBe(true);
        expect(out).toContain(after.trimEnd().slice(0, 10));
      }),
    );
  });

  test("a JSON document is held until it is whole, then passes to the character", () => {
    const text = ' {"jsonrpc": "2.0", "id":1 ,"result":{"content":[ ]}}\n';
    const exchange = send(post(call()));
    exchange.head(200, "application/json");
    expect(exchange.chunk(text.slice(0, 20))).toBe("");
    expect(exchange.chunk(text.slice(20)) + exchange.end()).toBe(text);
  });

  test("documents that follow each other flow one by one, and the stream is never assumed to end", () => {
    const exchange = send(post(call()));
    exchange.head(200, "application/json");
    const note = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n';
    expect(exchange.chunk(note)).toBe(note.trimEnd());
    expect(exchange.chunk(note)).toBe(`\n${note.trimEnd()}`);
  });
});

describe("what cannot be judged becomes an answer for whoever waits", () => {
  test.each([
    ["broken JSON", '{"jsonrpc":"2.0","id":1,"result":{"content":['],
    ["no JSON at all", "<html>"],
  ])("%s", (_, text) => {
    const out = reply(send(post(call())), "application/json", text);
    expect(JSON.parse(out)).toMatchObject({ id: 1, result: { isError: true } });
    expect(records.some((record) => record.kind === "malformed")).toBe(true);
  });

  // threat: wrong-content-type
  test("a success of the wrong type is replaced, an error page passes, for what it says", () => {
    const wrong = send(post(call())).head(200, "text/html");
    expect(wrong.kind).toBe("answer");
    expect(wrong.kind === "answer" && JSON.parse(wrong.body)).toMatchObject({ id: 1, result: { isError: true } });
    expect(reply(send(post(call())), "text/html", "<h1>Not found</h1>", [], 404)).toBe("<h1>Not found</h1>");
    expect(send(post({ jsonrpc: "2.0", method: "notifications/initialized" })).head(202, "")).toEqual({ kind: "pass" });
  });

  test("a card number in an error page is taken out: clients show such pages to the model", () => {
    const page = `Bad request: "${CARD}"\n\tgrüße`;
    expect(reply(send(post(call())), "text/plain", page, [5, 20], 400)).toMatch(/^Bad request: "[^\d]+"\n\tgrüße$/);
    expect(reply(send(post(call())), "", page, [], 500)).not.toContain("4242 4242");
  });

  test("bytes that are no UTF-8 end an event stream with an event", () => {
    const exchange = send(post(call()));
    exchange.head(200, "text/event-stream");
    expect(exchange.chunk(": hello\n\n")).toBe(": hello\n\n");
    expect(exchange.undecodable()).toMatch(/^event: message\ndata: \{.*UTF-8.*\}\n\n$/);
    expect(exchange.over).toBe(true);
  });

  test("a stream whose broken event was the answer says so at its end; one that was answered stays as it is", () => {
    const broken = 'data: {"jsonrpc": "2.0", broken\n\n';
    const answer = 'data: {"jsonrpc":"2.0","id":1,"result":{"content":[]}}\n\n';
    const out = reply(send(post(call())), "text/event-stream", broken);
    expect(JSON.parse(out.replace(/^event: message\ndata: /, ""))).toMatchObject({ id: 1, result: { isError: true } });
    expect(out).toContain(records.find((record) => record.kind === "malformed")!.id);
    expect(reply(send(post(call())), "text/event-stream", broken + answer)).toBe(answer);
  });

  test("an ambiguous document without a readable id is answered under the request's id", () => {
    const out = reply(send(post(call())), "application/json", '{"jsonrpc":"2.0","result":{"a":1,"a":2}}');
    expect(JSON.parse(out)).toMatchObject({ id: 1, result: { isError: true } });
  });

  test("an event called endpoint carries an address and no message past us", () => {
    const message = `event: endpoint\ndata: {"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"${CARD}"}]}}\n\n`;
    expect(reply(send(post(call())), "text/event-stream", message)).not.toContain("4242 4242");
    expect(reply(send(post(call())), "text/event-stream", "event: endpoint\ndata: /messages?s=1\n\n")).toBe("event: endpoint\ndata: /messages?s=1\n\n");
  });

  // threat: oversized-message
  test("twenty megabytes are refused with a word, and the rest of them swallowed", () => {
    const exchange = send(post(call()));
    exchange.head(200, "application/json");
    const piece = "x".repeat(1 << 20);
    let out = exchange.chunk('{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"');
    for (let i = 0; i < 20; i++) out += exchange.chunk(piece);
    out += exchange.chunk('"}]}}') + exchange.end();
    expect(JSON.parse(out)).toMatchObject({ id: 1, result: { isError: true } });
    expect(out).toContain("16 MiB");
    expect(exchange.over).toBe(true);
  });

  test("a body that is no text is refused", () => {
    const { verdict } = send({ ...post(""), body: null, unreadable: "encoding" });
    expect(verdict.kind).toBe("answer");
  });
});

test("a reply can be judged alone: its request, which was judged before, is not judged or recorded again", () => {
  const request = post(call());
  session.step({ kind: "message", direction: "to-server", text: request.body! });
  const exchange = openReply(session, request, (record) => records.push(record));
  expect(exchange.head(200, "application/json").kind).toBe("tap");
  expect(exchange.chunk(`{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"${CARD}"}]}}`) + exchange.end()).not.toContain("4242 4242");
  expect(records.map((record) => record.kind)).toEqual(["response"]);
  expect(records[0]).toMatchObject({ method: "tools/call" });
});

test("a server that is not admitted gets neither message nor listener", () => {
  open("https://rogue.example/mcp");
  expect(send(post(call())).verdict.kind).toBe("answer");
  expect(send({ method: "GET", headers: { accept: "text/event-stream" }, body: null, unreadable: null }).verdict.kind).toBe("answer");
});

// threat: redirected-elsewhere
test("a reply from another server than was asked counts only if that server may be used", () => {
  const asked = send(post(call()));
  const other = (url: string): Session =>
    createSession({
      channel: { id: "d", point: "page", transport: "streamable-http", client: { id: "app:x", name: "x" }, server: remoteServer(url)! },
      by: "extension",
      policy: () => compile(POLICY, "local"),
      key: new Uint8Array(32),
      now: () => 1_750_000_000_000,
      random: (bytes) => new Uint8Array(bytes),
    });
  expect(asked.head(200, "application/json", other("https://desk.example/v2/mcp"))).toEqual({ kind: "tap" });
  const refused = send(post(call())).head(200, "application/json", other("https://rogue.example/mcp"));
  expect(refused.kind === "answer" && JSON.parse(refused.body)).toMatchObject({ id: 1, result: { isError: true } });
  expect(records.some((record) => record.kind === "malformed" && record.fault === "redirect")).toBe(true);
});

// threat: copy-in-structured-content
test("a redacted argument takes its mirrored header along", () => {
  const token = `ghp_${"a1B2c3D4e5F6".repeat(3)}`;
  const { verdict } = send(post(call({ note: token, other: "x" }), { "mcp-method": "tools/call", "mcp-name": "get", "mcp-param-note": token, "mcp-param-other": "x" }));
  expect(verdict.kind).toBe("replace");
  if (verdict.kind !== "replace") return;
  const sent = (JSON.parse(verdict.body) as { params: { arguments: { note: string } } }).params.arguments.note;
  expect(verdict.headers).toEqual({ "mcp-param-note": sent });
  expect(sent).not.toContain(token);
});

test("a redacted name takes Mcp-Name along", () => {
  const token = `ghp_${"a1B2c3D4e5F6".repeat(3)}`;
  const body = { jsonrpc: "2.0", id: 1, method: "prompts/get", params: { name: `key ${token}` } };
  const { verdict } = send(post(body, { "mcp-method": "prompts/get", "mcp-name": `key ${token}` }));
  // A name that cannot be rewritten is stopped; one that can takes its header along. Either way the token stays here.
  expect(JSON.stringify(verdict)).not.toContain(token);
  if (verdict.kind === "replace") expect(verdict.headers["mcp-name"]).toBe((JSON.parse(verdict.body) as { params: { name: string } }).params.name);
});

describe("headers and body that disagree", () => {
  const get = call({ region: "eu", limit: 5, exact: true, note: "grüße" });
  const mirror = (more: Record<string, string> = {}): Record<string, string> => ({ "mcp-method": "tools/call", "mcp-name": "get", ...more });

  // threat: header-mismatch
  test.each<[string, unknown, Record<string, string>]>([
    ["another method", get, mirror({ "mcp-method": "tools/list" })],
    ["another tool", get, mirror({ "mcp-name": "harmless" })],
    ["another tool, encoded", get, mirror({ "mcp-name": `=?base64?${btoa("harmless")}?=` })],
    ["another resource", { jsonrpc: "2.0", id: 1, method: "resources/read", params: { uri: "file:///a" } }, { "mcp-name": "file:///b" }],
    ["a name where the body has none", { jsonrpc: "2.0", id: 1, method: "prompts/get", params: {} }, { "mcp-name": "x" }],
    ["an argument with another value", get, mirror({ "mcp-param-region": "us" })],
    ["an argument that is not there", get, mirror({ "mcp-param-note": "something else" })],
    ["two values of one header", get, mirror({ "mcp-name": "get, get" })],
    ["one message for a batch", [get], mirror()],
    ["a method for an answer", { jsonrpc: "2.0", id: 1, result: {} }, { "mcp-method": "tools/call" }],
  ])("%s: refused in MCP's own words, on record, and the session knows nothing of it", (_, body, headers) => {
    const { verdict } = send(post(body, headers));
    expect(verdict).toMatchObject({ kind: "answer", status: 400 });
    expect(verdict.kind === "answer" && JSON.parse(verdict.body)).toMatchObject({ id: 1, error: { code: -32020 } });
    expect(records).toMatchObject([{ kind: "malformed", fault: "headers", outcome: "refused" }]);
  });

  test.each<[string, unknown, Record<string, string>]>([
    ["all of them", get, mirror({ "mcp-param-region": "eu", "mcp-param-limit": "5", "mcp-param-exact": "true", "mcp-param-note": "=?base64?Z3LDvMOfZQ==?=" })],
    ["none of them", get, {}],
    ["a number as the body writes it", JSON.stringify(get).replace(":5", ":5.0"), mirror({ "mcp-param-limit": "5.0" })],
    ["a notification", { jsonrpc: "2.0", method: "notifications/progress", params: {} }, { "mcp-method": "notifications/progress" }],
  ])("that agree pass: %s", (_, body, headers) => expect(send(post(body, headers)).verdict).toEqual({ kind: "pass" }));
});

describe("a request of the server's that is refused", () => {
  const ask = { jsonrpc: "2.0", id: "s-1", method: "sampling/createMessage", params: { messages: [] } };
  const refusing = compile({ ...POLICY, rules: [{ id: "no-sampling", title: "No sampling", when: { method: "sampling/createMessage" }, effect: "block" }] }, "local");
  const listening: HttpRequest = { method: "GET", headers: {}, body: null, unreadable: null };

  test.each<[string, HttpRequest, string, string]>([
    ["in the answer to a call", post(call()), "text/event-stream", `data: ${JSON.stringify(ask)}\n\n`],
    ["on the listening stream", listening, "text/event-stream", `data: ${JSON.stringify(ask)}\n\n`],
    ["in a document", post(call()), "application/json", JSON.stringify(ask)],
  ])("%s: is not handed on, and its asker is told", (_, request, type, text) => {
    const made = createSession({ channel: session.channel, by: "guard", policy: () => refusing, key: new Uint8Array(32), now: () => 0, random: (bytes) => new Uint8Array(bytes) });
    const told: string[] = [];
    const exchange = openExchange(made, request, (record) => records.push(record), (answer) => told.push(answer));
    exchange.head(200, type);
    expect(exchange.chunk(text)).toBe("");
    expect(told.map((each) => JSON.parse(each) as unknown)).toMatchObject([{ id: "s-1", error: { code: 4030 } }]);
  });
});

test.each([
  ["an MCP call", post(call()), true],
  ["a wallet", { ...post({ jsonrpc: "2.0", id: 1, method: "eth_call" }), headers: { accept: "application/json" } }, false],
  ["a language server", { ...post({ jsonrpc: "2.0", id: 1, method: "textDocument/hover" }), headers: {} }, false],
  ["an unknown method over Streamable HTTP", post({ jsonrpc: "2.0", id: 1, method: "vendor/x" }), true],
  ["a form", { method: "POST", headers: {}, body: "a=b", unreadable: null }, false],
  ["an event stream without MCP", { method: "GET", headers: { accept: "text/event-stream" }, body: null, unreadable: null }, false],
  ["a large file for a server that streams", { ...post(""), body: null, unreadable: "oversize" as const }, true],
  ["a large JSON file", { method: "POST", headers: { "content-type": "application/json" }, body: null, unreadable: "oversize" as const }, false],
  ["a listener with a session", { method: "GET", headers: { "mcp-session-id": "1" }, body: null, unreadable: null }, true],
])("%s: MCP? %#", (_, request, expected) => {
  expect(looksLikeMcp(request, false)).toBe(expected);
});

test.each([
  ["broken JSON", { method: "POST", headers: {}, body: ' {"id":', unreadable: null }, true],
  ["bytes", { method: "POST", headers: {}, body: null, unreadable: "encoding" as const }, true],
  ["the listening GET", { method: "GET", headers: { accept: "text/event-stream" }, body: null, unreadable: null }, true],
  ["the DELETE", { method: "DELETE", headers: {}, body: null, unreadable: null }, true],
  ["a form", { method: "POST", headers: {}, body: "a=b", unreadable: null }, false],
  ["an ordinary GET", { method: "GET", headers: { accept: "text/html" }, body: null, unreadable: null }, false],
])("%s to an address that speaks MCP: MCP? %#", (_, request, expected) => {
  expect(looksLikeMcp(request, true)).toBe(expected);
});
