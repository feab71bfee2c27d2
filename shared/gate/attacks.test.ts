/** Attacks on the gate: messages that mean one thing to it and another to a peer, and values that try to reach a record. */
import { beforeEach, describe, expect, test } from "vitest";
import { isEventRecord } from "../events/guard.ts";
import type { EventRecord } from "../events/record.ts";
import type { Channel, Direction } from "../mcp/channel.ts";
import { remoteServer } from "../mcp/identity.ts";
import { compile } from "../policy/compile.ts";
import type { Policy } from "../policy/language.ts";
import { looksLikeMcp, openExchange, type HttpRequest } from "./http.ts";
import { createSession, type Session } from "./session.ts";

const POLICY: Policy = {
  version: 1,
  id: "attacks",
  revision: 1,
  mode: "enforce",
  admission: { default: "block", servers: [{ id: "desk", match: { url: "https://desk.example/*" }, effect: "allow", tools: [{ name: "delete_*", effect: "block" }] }] },
  rules: [
    { id: "no-export", title: "Exports carry no addresses", when: { tool: "export", direction: "to-client", data: { any: ["pii.email"] } }, effect: "redact" },
    { id: "keys-out", title: "Keys stay here", when: { direction: "to-server", data: { any: ["secret.*"] } }, effect: "redact" },
  ],
};
const EMAIL = "erika.mustermann@example.com";
const TOKEN = `ghp_${"a1B2c3D4e5F6".repeat(3)}`;

let session: Session;
let records: EventRecord[];

beforeEach(() => open("https://desk.example/mcp"));

function open(url: string): void {
  let time = 1_750_000_000_000;
  records = [];
  const channel: Channel = { id: "c1", point: "page", transport: "streamable-http", client: { id: "app:https://chat.example", name: "chat.example" }, server: remoteServer(url)! };
  session = createSession({ channel, by: "extension", policy: () => compile(POLICY, "local"), key: new Uint8Array(32), now: () => ++time, random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)) });
}

/** What the receiver gets: the message itself, another, or nothing. */
function passes(direction: Direction, message: unknown): string | null {
  const text = typeof message === "string" ? message : JSON.stringify(message);
  const effects = session.step({ kind: "message", direction, text });
  for (const effect of effects) if (effect.kind === "record") records.push(effect.record);
  const carried = effects.find((effect) => effect.kind === "replace" || effect.kind === "forward");
  return carried === undefined ? null : carried.kind === "replace" ? carried.text : text;
}

const call = (id: unknown, name: string, args: unknown = {}) => ({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } });
const result = (id: unknown) => `{"jsonrpc":"2.0","id":${String(id)},"result":{"content":[{"type":"text","text":"${EMAIL}"}]}}`;

describe("an answer cannot slip away from the rule on its tool", () => {
  // The TypeScript SDK takes `Number(response.id)`, and every JSON parser reads 1.0 as 1.
  test.each(['"1"', "1.0", "1e0", "10e-1", '"\\u0031"', '"01"'])("by an id written as %s", (id) => {
    passes("to-server", call(1, "export"));
    expect(passes("to-client", result(id))).not.toContain(EMAIL);
  });

  test("by an id with escapes", () => {
    passes("to-server", call("a", "export"));
    expect(passes("to-client", result('"\\u0061"'))).not.toContain(EMAIL);
  });

  test("by an id that nobody asked with", () => {
    expect(passes("to-client", result(77))).not.toContain(EMAIL);
    passes("to-server", call(1, "export"));
    passes("to-client", '{"jsonrpc":"2.0","id":1,"result":{}}');
    expect(passes("to-client", result(1))).not.toContain(EMAIL);
  });

  test("by a second request under the same id", () => {
    passes("to-server", call(1, "export"));
    passes("to-server", { jsonrpc: "2.0", id: 1, method: "ping" });
    expect(passes("to-client", result(1))).not.toContain(EMAIL);
  });

  test("and other answers are left alone, also those that nobody asked for", () => {
    passes("to-server", call(1, "find"));
    expect(passes("to-client", result(1))).toContain(EMAIL);
    passes("to-server", call(2, "find"));
    passes("to-server", call(2, "find"));
    expect(passes("to-client", result(2))).toContain(EMAIL);
    const error = '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}';
    expect(passes("to-client", error)).toBe(error);
  });
});

describe("keys that a lenient parser takes for others", () => {
  // Go's encoding/json matches keys whatever their case, also by Unicode folding, and takes the last of several.
  test.each([
    '{"jsonrpc":"2.0","id":1,"Method":"tools/call","params":{"name":"delete_all"}}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","METHOD":"tools/call","params":{"name":"delete_all"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"find"},"Params":{"name":"delete_all"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"find","Name":"delete_all"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","param\u017f":{"name":"delete_all"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"find"},"param\\u017f":{"name":"delete_all"}}',
    '[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"find","NAME":"delete_all"}}]',
    '[[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_all"}}]]',
    '{"jsonrpc":"2.0","id":1,"method":["tools/call"],"params":{"name":"delete_all"}}',
  ])("%s does not reach the server", (text) => {
    expect(passes("to-server", text)).toBeNull();
  });

  test("arguments may be called what they like", () => {
    const message = call(1, "find", { Name: "x", METHOD: "y" });
    expect(passes("to-server", message)).toBe(JSON.stringify(message));
  });
});

test("an empty batch does not reach a server that is not listed", () => {
  open("https://rogue.example/mcp");
  expect(passes("to-server", "[]")).toBeNull();
});

describe("nothing that was found in a message stands in its records", () => {
  const stored = (): string => JSON.stringify(records);

  test("not as the name of a key", () => {
    passes("to-client", { jsonrpc: "2.0", id: 1, result: { structuredContent: { [EMAIL]: { phone: "+49 30 901820" }, list: [{ [EMAIL]: EMAIL }] } } });
    passes("to-server", call(2, "find", { [TOKEN]: 1, [`a/${TOKEN}`]: TOKEN }));
    expect(stored()).not.toContain(EMAIL);
    expect(stored()).not.toContain(TOKEN);
    expect(stored()).toContain("pii.email");
  });

  test("not in the words of a refusal", () => {
    const effects = session.step({ kind: "message", direction: "to-server", text: JSON.stringify(call(2, "find", { [TOKEN]: 1 })) });
    const reply = effects.find((effect) => effect.kind === "reply");
    expect(reply?.text).toContain("cannot be rewritten");
    expect(reply?.text).not.toContain(TOKEN);
  });

  test.each([
    ["tools/call", { name: EMAIL, arguments: {} }],
    ["prompts/get", { name: EMAIL }],
    ["resources/read", { uri: `crm://customers/${EMAIL}` }],
  ])("not as the name that an answer repeats from its request: %s", (method, params) => {
    passes("to-server", { jsonrpc: "2.0", id: 1, method, params });
    passes("to-client", '{"jsonrpc":"2.0","id":1,"result":{}}');
    expect(records.map(({ kind }) => kind)).toEqual(["request", "response"]);
    expect(stored()).not.toContain(EMAIL);
    expect(stored().match(/withheld: pii\.email/g)).toHaveLength(2);
  });

  test("not as a method", () => {
    passes("to-server", { jsonrpc: "2.0", id: 1, method: `ask/${EMAIL}` });
    passes("to-client", '{"jsonrpc":"2.0","id":1,"result":{}}');
    expect(stored()).not.toContain(EMAIL);
  });

  test("not as a tool or a capability", () => {
    passes("to-server", { jsonrpc: "2.0", id: 1, method: "tools/list" });
    passes("to-client", { jsonrpc: "2.0", id: 1, result: { tools: [{ name: EMAIL, description: "harmless", inputSchema: {} }] } });
    passes("to-server", { jsonrpc: "2.0", id: 2, method: "initialize", params: { protocolVersion: "2025-11-25" } });
    passes("to-client", { jsonrpc: "2.0", id: 2, result: { protocolVersion: "2025-11-25", serverInfo: { name: "x", version: "1" }, capabilities: { [EMAIL]: {} } } });
    expect(records.some(({ kind }) => kind === "tools.listed")).toBe(true);
    expect(records.some(({ kind }) => kind === "initialized")).toBe(true);
    expect(stored()).not.toContain(EMAIL);
  });
});

const post = (body: unknown, headers: Record<string, string> = {}): HttpRequest => ({ method: "POST", headers: { accept: "*/*", "content-type": "application/json", ...headers }, body: typeof body === "string" ? body : JSON.stringify(body), unreadable: null });

test("a batch of which something is refused over HTTP leaves nobody waiting", () => {
  const exchange = openExchange(session, post([call(1, "find"), call("b", "delete_all"), { jsonrpc: "2.0", method: "notifications/initialized" }]), () => {});
  const { verdict } = exchange;
  const answers = JSON.parse(verdict.kind === "answer" ? verdict.body : "null") as { id: unknown }[];
  expect(answers.map(({ id }) => id).sort()).toEqual([1, "b"]);
  // Nothing of it was sent, so a late answer belongs to nobody.
  expect(passes("to-client", result(1))).not.toContain(EMAIL);
});

test("a batch of which something is refused answers an id however it is written", () => {
  const { verdict } = openExchange(session, post(`[{"jsonrpc":"2.0","id":1e300,"method":"ping"},${JSON.stringify(call("b", "delete_all"))}]`), () => {});
  expect(verdict.kind === "answer" && verdict.body).toContain('"id":1e300,');
});

test("a record of what was found behind an endless key is one that the journal takes", () => {
  const key = "\u{10400}".repeat(9000);
  passes("to-server", call(1, "find", { [key]: { [TOKEN]: 1 } }));
  expect(records).toHaveLength(1);
  expect(records[0]).toSatisfy(isEventRecord);
  expect(JSON.stringify(records)).not.toMatch(/\\ud8/);
});

describe("a call that does not look like MCP at first sight is looked at all the same", () => {
  const written = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"find"}}';
  test.each([
    ["a slash escaped, as PHP does", written.replace("tools/call", "tools\\/call")],
    ["a method with escapes", written.replace("tools/call", "\\u0074ools/call")],
    ["a key with escapes", written.replace("jsonrpc", "\\u006asonrpc")],
    ["a version with escapes", written.replace("2.0", "2\\u002e0")],
    ["another method key", written.replace("method", "\\u006dethod")],
    ["keys in capitals", written.replace("jsonrpc", "JSONRPC").replace("method", "Method")],
    ["no version at all", written.replace('"jsonrpc":"2.0",', "")],
    ["a long way to the method", written.replace('"method"', `"params0":"${"x".repeat(200_000)}","method"`)],
    ["a batch", `[${written}]`],
    ["a byte order mark", `\ufeff${written}`],
    ["a broken end", written.slice(0, -1)],
  ])("%s", (_name, body) => {
    expect(looksLikeMcp(post(body), false)).toBe(true);
    expect(looksLikeMcp(post(body, { "content-type": "text/plain" }), false)).toBe(true);
  });

  test("a body in another encoding than UTF-8", () => {
    const bytes = (type: string): HttpRequest => ({ ...post(""), headers: { accept: "*/*", "content-type": type }, body: null, unreadable: "encoding" });
    expect(looksLikeMcp(bytes('application/json; charset="utf-16le"'), false)).toBe(true);
    expect(looksLikeMcp(bytes("application/json; charset=utf-8"), false)).toBe(false);
    expect(looksLikeMcp(bytes("application/octet-stream"), false)).toBe(false);
  });

  test.each([
    '{"method":"eth_call","jsonrpc":"2.0","id":1}',
    '{"method":"GET","url":"/x"}',
    '{"query":"{ me { method } }"}',
    '{"text":"tools/call"}',
    '{"event":"x","params":{"method":"tools/call"}}',
    '[{"a":1}]',
    '"jsonrpc"',
    "method=tools/call",
  ])("%s stays the page's own", (body) => {
    expect(looksLikeMcp(post(body), false)).toBe(false);
  });
});

test("what a GET brings under another content type is judged as text", () => {
  const exchange = openExchange(session, { method: "GET", headers: { accept: "text/event-stream" }, body: null, unreadable: null }, () => {});
  expect(exchange.head(200, "text/plain")).toEqual({ kind: "tap" });
  expect(exchange.chunk(`hello ${EMAIL}`) + exchange.end()).not.toContain(EMAIL);
});
