/** Tokens through the gate: the model works with a stand-in, and the value comes back only where policy lets it, judged once more. */
import { beforeEach, expect, test } from "vitest";
import type { Channel, Direction } from "../mcp/channel.ts";
import { remoteServer } from "../mcp/identity.ts";
import { compile } from "../policy/compile.ts";
import type { Policy, Rule } from "../policy/language.ts";
import { createSession, newSubstitutes, type Effect, type Session } from "./session.ts";

const MAIL = ["anna.berg", "firm.example"].join("@");
const hide: Rule = { id: "hide", title: "Addresses stay hidden", when: { data: { any: ["pii.email"] } }, effect: "redact" };

let policy: Policy;
let desk: Session;
let other: Session;

function open(rules: Rule[] = [hide]): void {
  policy = {
    version: 1,
    id: "p",
    revision: 1,
    mode: "enforce",
    redaction: { "pii.email": { style: "token", restoreFor: { id: "desk" } } },
    admission: { default: "allow", servers: [{ id: "desk", match: { url: "https://desk.example/*" }, effect: "allow" }] },
    rules,
  };
  const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes));
  const key = new Uint8Array(32);
  const substitutes = newSubstitutes({ key, random });
  const session = (url: string): Session => {
    const channel: Channel = { id: url, point: "page", transport: "streamable-http", client: { id: "app:https://chat.example", name: "chat" }, server: remoteServer(url)! };
    return createSession({ channel, by: "extension", policy: () => compile(policy, "local"), key, now: () => 1, random, substitutes });
  };
  desk = session("https://desk.example/mcp");
  other = session("https://other.example/mcp");
}

beforeEach(() => open());

const say = (session: Session, direction: Direction, message: unknown): Exclude<Effect, { kind: "record" }>[] =>
  session.step({ kind: "message", direction, text: JSON.stringify(message) }).filter((effect) => effect.kind !== "record");
const textOf = (effects: readonly Effect[]): string => (effects[0] as Extract<Effect, { kind: "replace" }>).text;
const call = (id: number, args: unknown, meta?: object) => ({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "mail", arguments: args, ...(meta && { _meta: meta }) } });
const reply = (id: number, text: string) => ({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text }], structuredContent: { to: text } } });

/** The desk answers with an address; what the page sees of it. */
function tokenFromDesk(): string {
  say(desk, "to-server", call(1, {}));
  const seen = JSON.parse(textOf(say(desk, "to-client", reply(1, MAIL)))) as { result: { content: { text: string }[]; structuredContent: { to: string } } };
  const [{ text } = { text: "" }] = seen.result.content;
  expect(text).toMatch(/^\[\[sluice:pii\.email:[0-9a-f]{16}\]\]$/);
  expect(seen.result.structuredContent.to).toBe(text);
  return text;
}

test("the value comes back where policy lets it, and nowhere else", () => {
  const token = tokenFromDesk();
  expect(JSON.parse(textOf(say(desk, "to-server", call(2, { to: token, body: `Dear ${token},` }))))).toEqual(call(2, { to: MAIL, body: `Dear ${MAIL},` }));
  expect(say(other, "to-server", call(3, { to: token }))).toEqual([{ kind: "forward" }]);
  // Towards the client nothing is ever turned back.
  say(desk, "to-server", call(4, {}));
  expect(JSON.stringify(say(desk, "to-client", reply(4, `sent to ${token}`)))).not.toContain(MAIL);
});

test("inside arguments that are themselves JSON it stays JSON, and an unknown token stays as it is", () => {
  const token = tokenFromDesk();
  const { params } = JSON.parse(textOf(say(desk, "to-server", call(2, { raw: JSON.stringify({ to: token }), odd: "[[sluice:pii.email:0000000000000000]]" })))) as { params: { arguments: { raw: string; odd: string } } };
  expect(JSON.parse(params.arguments.raw)).toEqual({ to: MAIL });
  expect(params.arguments.odd).toBe("[[sluice:pii.email:0000000000000000]]");
});

test("what was turned back is judged again before it leaves", () => {
  open([hide, { id: "no-mail-out", title: "No addresses out", when: { direction: "to-server", data: { any: ["pii.email"] } }, effect: "block" }]);
  const token = tokenFromDesk();
  expect(say(desk, "to-server", call(2, { to: token })).map(({ kind }) => kind)).toEqual(["drop", "reply"]);
  expect(JSON.stringify(say(desk, "to-server", call(3, { to: token })))).not.toContain(MAIL);
});

test("a value that was never turned back is redacted on its way there as anywhere", () => {
  tokenFromDesk();
  expect(textOf(say(desk, "to-server", call(2, { to: "bert@firm.example" })))).toContain("[[sluice:pii.email:");
});

test("nothing is turned back in handles", () => {
  const token = tokenFromDesk();
  expect(say(desk, "to-server", call(2, {}, { requestState: token, progressToken: token }))).toEqual([{ kind: "forward" }]);
});

test("a held call goes out turned back after a yes", () => {
  open([hide, { id: "ask", title: "Ask", when: { tool: "send", direction: "to-server" }, effect: "approve" }]);
  const token = tokenFromDesk();
  const send = { ...call(2, { to: token }), params: { name: "send", arguments: { to: token } } };
  const [hold] = desk.step({ kind: "message", direction: "to-server", text: JSON.stringify(send), waits: true }).filter((effect) => effect.kind === "hold");
  // The person sees a masked value where the server would get one.
  expect(JSON.parse(hold!.ask.shown)).toEqual({ to: expect.stringMatching(/^••••/) });
  const effects = desk.step({ kind: "answer", ticket: hold!.ticket, answer: { call: hold!.ask.call, say: "go", span: "call", reason: null, via: "popup" } }).filter(({ kind }) => kind !== "record");
  expect(JSON.parse(textOf(effects))).toEqual({ ...send, params: { name: "send", arguments: { to: MAIL } } });
});

test("a value turned back for a server that loses it while a person is asked does not go there", () => {
  open([hide, { id: "look", title: "Look first", when: { tool: "mail", direction: "to-server" }, effect: "approve" }]);
  const seen = JSON.parse(textOf(say(desk, "to-client", { jsonrpc: "2.0", method: "notifications/message", params: { text: MAIL } }))) as { params: { text: string } };
  const wait = (id: number): Extract<Effect, { kind: "hold" }> =>
    desk.step({ kind: "message", direction: "to-server", text: JSON.stringify(call(id, { to: seen.params.text })), waits: true }).find((effect) => effect.kind === "hold")!;
  const go = ({ ticket, ask }: Extract<Effect, { kind: "hold" }>): Effect[] => desk.step({ kind: "answer", ticket, answer: { call: ask.call, say: "go", span: "call", reason: null, via: "popup" } }).filter(({ kind }) => kind !== "record");
  expect(textOf(go(wait(2)))).toContain(MAIL);
  const held = wait(3);
  policy = { ...policy, revision: 2, redaction: { "pii.email": "token" } };
  const effects = go(held);
  expect(JSON.stringify(effects)).not.toContain(MAIL);
  expect(JSON.stringify(effects)).toContain("policy changed");
});
