import { beforeEach, describe, expect, test } from "vitest";
import type { EventRecord, MessageRecord } from "../events/record.ts";
import type { Channel, Direction } from "../mcp/channel.ts";
import { localServer, remoteServer } from "../mcp/identity.ts";
import { compile } from "../policy/compile.ts";
import type { Policy } from "../policy/language.ts";
import { createSession, type Effect, type Session } from "./session.ts";

const POLICY: Policy = {
  version: 1,
  id: "playbook",
  revision: 4,
  mode: "enforce",
  support: { url: "https://help.example/ai" },
  admission: {
    default: "block",
    servers: [{ id: "desk", match: { url: "https://desk.example/*" }, effect: "allow", sanctioned: true, tools: [{ name: "delete_*", effect: "block", message: "Deleting needs a ticket." }] }],
  },
  rules: [
    { id: "keys-out", title: "Keys stay here", when: { direction: "to-server", data: { any: ["secret.*"] } }, effect: "redact" },
    { id: "cards-in", title: "No card numbers", when: { direction: "to-client", data: { any: ["pci.*"] } }, effect: "redact" },
    { id: "mail-watch", title: "Addresses are counted", when: { data: { any: ["pii.email"] } }, effect: "block", mode: "monitor" },
  ],
};

// Built at run time: no token-like literal stands in this file.
const TOKEN = `ghp_${"a1B2c3D4e5F6".repeat(3)}`;
const CARD = ["4242", "4242", "4242", "4242"].join("");

let time = 0;
let session: Session;
let records: EventRecord[];

function open(url = "https://desk.example/mcp", policy = POLICY): void {
  time = 1_750_000_000_000;
  records = [];
  const server = remoteServer(url) ?? localServer("none", []);
  const channel: Channel = { id: "c1", point: "page", transport: "streamable-http", client: { id: "app:https://chat.example", name: "chat.example" }, server };
  session = createSession({ channel, by: "extension", policy: () => compile(policy, "local"), key: new Uint8Array(32), now: () => ++time, random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)) });
}

/** Sends one message and keeps its records. */
function say(direction: Direction, message: unknown): Exclude<Effect, { kind: "record" }>[] {
  const effects = session.step({ kind: "message", direction, text: typeof message === "string" ? message : JSON.stringify(message) });
  for (const effect of effects) if (effect.kind === "record") records.push(effect.record);
  return effects.filter((effect) => effect.kind !== "record");
}

const call = (id: unknown, name: string, args: unknown = {}) => ({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } });
const lastMessage = () => records.findLast((record): record is MessageRecord => record.kind === "request" || record.kind === "response" || record.kind === "notification")!;

beforeEach(() => open());

describe("an allowed call", () => {
  test("goes on as it is, and its reply too, with timing and both ends linked", () => {
    expect(say("to-server", call(1, "find"))).toEqual([{ kind: "forward" }]);
    const request = lastMessage();
    expect(say("to-client", { jsonrpc: "2.0", id: 1, result: { content: [] } })).toEqual([{ kind: "forward" }]);
    const response = lastMessage();
    expect(response).toMatchObject({ kind: "response", method: "tools/call", tool: "find", failed: false, exchange: request.exchange });
    expect(response.ms).toBeGreaterThan(0);
  });

  test("ids beyond 2^53 still find their reply", () => {
    say("to-server", '{"jsonrpc":"2.0","id":9007199254740993,"method":"tools/call","params":{"name":"find"}}');
    say("to-client", '{"jsonrpc":"2.0","id":9007199254740992,"result":{}}');
    expect(lastMessage().tool).toBeUndefined();
    say("to-client", '{"jsonrpc":"2.0","id":9007199254740993,"result":{}}');
    expect(lastMessage().tool).toBe("find");
  });

  test("both sides may use the same id", () => {
    say("to-server", call(5, "find"));
    say("to-client", { jsonrpc: "2.0", id: 5, method: "sampling/createMessage", params: {} });
    say("to-server", { jsonrpc: "2.0", id: 5, result: { role: "assistant" } });
    expect(lastMessage()).toMatchObject({ kind: "response", method: "sampling/createMessage" });
    say("to-client", { jsonrpc: "2.0", id: 5, result: {} });
    expect(lastMessage()).toMatchObject({ method: "tools/call", tool: "find" });
  });

  test("unknown methods and members pass", () => {
    expect(say("to-server", { jsonrpc: "2.0", id: 1, method: "vendor/new", extra: [1] })).toEqual([{ kind: "forward" }]);
  });
});

describe("a refusal", () => {
  test("of a tool is a result with isError that says why and what next, and never hangs", () => {
    const [drop, reply] = say("to-server", call("x", "delete_customer"));
    expect(drop).toEqual({ kind: "drop" });
    const answer = JSON.parse(reply?.kind === "reply" ? reply.text : "") as { id: string; result: { isError: boolean; resultType?: string; content: { text: string }[] } };
    expect(answer.id).toBe("x");
    expect(answer.result.isError).toBe(true);
    expect(answer.result.resultType).toBeUndefined();
    expect(answer.result.content[0]!.text).toContain("Deleting needs a ticket.");
    expect(answer.result.content[0]!.text).toContain("https://help.example/ai");
    expect(lastMessage().decision).toMatchObject({ effect: "block", enforced: "block" });
  });

  test("speaks the era of the request", () => {
    const meta = { "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {} };
    const [, reply] = say("to-server", { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "delete_x", _meta: meta } });
    expect(JSON.parse(reply?.kind === "reply" ? reply.text : "")).toMatchObject({ result: { isError: true, resultType: "complete" } });
  });

  // threat: late-reply
  test("of a server that no entry admits is an error outside the reserved codes, for its replies too", () => {
    open("https://rogue.example/mcp");
    const [, reply] = say("to-server", { jsonrpc: "2.0", id: 0, method: "initialize", params: {} });
    const answer = JSON.parse(reply?.kind === "reply" ? reply.text : "") as { id: number; error: { code: number; message: string } };
    expect(answer.id).toBe(0);
    expect(answer.error.code < -32768 || answer.error.code > -32000).toBe(true);
    const [late] = say("to-client", { jsonrpc: "2.0", id: 0, result: { secretly: "here" } });
    expect(late).toMatchObject({ kind: "replace" });
    expect(late?.kind === "replace" && late.text).not.toContain("secretly");
    expect(say("to-client", { jsonrpc: "2.0", method: "notifications/message", params: { data: "x" } })).toEqual([{ kind: "drop" }]);
  });

  // threat: refusal-leaks
  test("does not repeat what it refuses", () => {
    open("https://rogue.example/mcp");
    const [, reply] = say("to-server", call(1, "find", { q: TOKEN }));
    expect(reply?.kind === "reply" && reply.text).not.toContain(TOKEN);
    expect(JSON.stringify(records)).not.toContain(TOKEN);
  });
});

describe("redaction", () => {
  test("replaces the secret, keeps every other character, and records classes only", () => {
    const text = `{"jsonrpc":"2.0", "id":1,"method":"tools/call","params":{"name":"add_note","arguments":{"text":"deploy with ${TOKEN} today","n":1.0}}}`;
    const [effect] = say("to-server", text);
    expect(effect?.kind).toBe("replace");
    const out = effect?.kind === "replace" ? effect.text : "";
    expect(out).not.toContain(TOKEN);
    const at = text.indexOf(TOKEN);
    expect(out.startsWith(text.slice(0, at))).toBe(true);
    expect(out.endsWith(text.slice(at + TOKEN.length))).toBe(true);
    expect(JSON.stringify(records)).not.toContain(TOKEN);
    expect(lastMessage()).toMatchObject({ redacted: 1, decision: { enforced: "redact" } });
    expect(lastMessage().findings.map((finding) => finding.class)).toContain("secret.github-token");
  });

  // threat: copy-in-structured-content
  test("covers the copy in structuredContent", () => {
    say("to-server", call(2, "get"));
    const [effect] = say("to-client", { jsonrpc: "2.0", id: 2, result: { content: [{ type: "text", text: `card ${CARD}` }], structuredContent: { card: CARD } } });
    expect(effect?.kind === "replace" && effect.text).not.toContain(CARD);
  });

  // threat: handle-smuggling
  test("turns into a block where nothing may be rewritten", () => {
    const [drop, reply] = say("to-server", { jsonrpc: "2.0", id: 3, method: "tools/call", params: { name: "find", arguments: {}, requestState: TOKEN } });
    expect(drop).toEqual({ kind: "drop" });
    expect(reply?.kind === "reply" && reply.text).not.toContain(TOKEN);
    expect(lastMessage().decision).toMatchObject({ effect: "block", enforced: "block" });
  });
});

test("a monitoring rule says what it would have done and holds nothing back", () => {
  expect(say("to-server", call(1, "find", { q: "ada@example.com" }))).toEqual([{ kind: "forward" }]);
  expect(lastMessage().decision).toMatchObject({ effect: "block", enforced: "monitor" });
});

// threat: ambiguous-json
describe("what cannot be judged", () => {
  test.each([
    ["broken JSON", '{"jsonrpc":"2.0","id":4,"method":"tools/call",', "syntax"],
    ["two keys of one name", '{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"a","name":"b"}}', "duplicate-key"],
    ["half a surrogate", '{"jsonrpc":"2.0","id":4,"method":"x","params":{"a":"\\ud800"}}', "lone-surrogate"],
  ])("%s to the server is answered with its id and not sent", (_, text, fault) => {
    const [drop, reply] = say("to-server", text);
    expect(drop).toEqual({ kind: "drop" });
    expect(JSON.parse(reply?.kind === "reply" ? reply.text : "")).toMatchObject({ id: 4, error: {} });
    expect(records.at(-1)).toMatchObject({ kind: "malformed", fault, outcome: "refused" });
  });

  test("a broken reply becomes an error for whoever waits", () => {
    say("to-server", call(8, "find"));
    const [effect] = say("to-client", '{"jsonrpc":"2.0","id":8,"result":{"content":[');
    expect(JSON.parse(effect?.kind === "replace" ? effect.text : "")).toMatchObject({ id: 8, result: { isError: true } });
  });
});

describe("a batch", () => {
  const good = { jsonrpc: "2.0", id: 1, method: "ping" };
  test("passes as one when all may pass", () => {
    expect(say("to-server", [good, call(2, "find")])).toEqual([{ kind: "forward" }]);
    expect(records.filter((record) => record.kind === "request")).toHaveLength(2);
  });

  test("loses only what may not pass", () => {
    const [replace, reply] = say("to-server", [good, call(2, "delete_all")]);
    expect(JSON.parse(replace?.kind === "replace" ? replace.text : "")).toEqual([good]);
    expect(JSON.parse(reply?.kind === "reply" ? reply.text : "")).toMatchObject([{ id: 2, result: { isError: true } }]);
  });
});

test("the handshake tells of both peers once, in the words of the answer", () => {
  say("to-server", { jsonrpc: "2.0", id: 0, method: "initialize", params: { protocolVersion: "2025-11-25", clientInfo: { name: "Chat", version: "1" } } });
  say("to-client", { jsonrpc: "2.0", id: 0, result: { protocolVersion: "2025-06-18", serverInfo: { name: "Desk", version: "2" }, capabilities: { tools: {} } } });
  say("to-server", call(1, "find"));
  say("to-client", { jsonrpc: "2.0", id: 1, result: { content: [] } });
  const told = records.filter((record) => record.kind === "initialized");
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject({ protocolVersion: "2025-06-18", era: "legacy", serverInfo: { name: "Desk" }, clientInfo: { name: "Chat" }, capabilities: ["tools"] });
});

// threat: late-reply
test("a new policy counts for the next message, a reply on its way included", () => {
  let policy = POLICY;
  const server = remoteServer("https://desk.example/mcp")!;
  session = createSession({
    channel: { id: "c", point: "page", transport: "streamable-http", client: { id: "app:x", name: "x" }, server },
    by: "extension",
    policy: () => compile(policy, "local"),
    key: new Uint8Array(32),
    now: () => ++time,
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
  });
  expect(say("to-server", call(1, "find"))).toEqual([{ kind: "forward" }]);
  policy = { ...POLICY, revision: 5, admission: { default: "block", servers: [] } };
  expect(say("to-client", { jsonrpc: "2.0", id: 1, result: { content: [] } })[0]).toMatchObject({ kind: "replace" });
});
