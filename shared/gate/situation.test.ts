/** What the gate tells the policy of a message beyond its names: arguments, size, addresses, what passed before. */
import { expect, test } from "vitest";
import type { Channel, Direction } from "../mcp/channel.ts";
import { remoteServer } from "../mcp/identity.ts";
import { compile } from "../policy/compile.ts";
import type { Policy, Rule } from "../policy/language.ts";
import { RateCounter } from "../policy/rate-counter.ts";
import { createSession, type SessionSetup } from "./session.ts";

function opened(rules: Omit<Rule, "title">[], changes: Partial<SessionSetup> = {}) {
  const policy: Policy = { version: 1, id: "p", revision: 1, mode: "enforce", networks: { office: ["10.0.0.0/8"] }, admission: { default: "allow", servers: [] }, rules: rules.map((rule) => ({ title: rule.id, ...rule })) };
  const compiled = compile(policy, "local");
  const channel: Channel = { id: "c1", point: "page", transport: "streamable-http", client: { id: "app:https://chat.example", name: "chat.example" }, server: remoteServer("https://desk.example/mcp")! };
  let now = 1_750_000_000_000;
  const session = createSession({ channel, by: "extension", policy: () => compiled, key: new Uint8Array(32), now: () => ++now, random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)), ...changes });
  return {
    wait: (ms: number) => void (now += ms),
    /** Does it pass as it is? */
    passes: (direction: Direction, message: object) => session.step({ kind: "message", direction, text: JSON.stringify(message) }).some(({ kind }) => kind === "forward"),
  };
}

const call = (id: number, name: string, args?: object) => ({ jsonrpc: "2.0", id, method: "tools/call", params: { name, ...(args && { arguments: args }) } });
const result = (id: number, text = "") => ({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text }] } });

test("rules see the arguments of a call, and only of a call", () => {
  const { passes } = opened([{ id: "etc", when: { arguments: [{ at: "/path", glob: "/etc/*" }] }, effect: "block" }]);
  expect(passes("to-server", call(1, "read", { path: "/home/x" }))).toBe(true);
  expect(passes("to-server", call(2, "read", { path: "/etc/passwd" }))).toBe(false);
  expect(passes("to-server", { jsonrpc: "2.0", id: 3, method: "tools/list", params: { path: "/etc/passwd" } })).toBe(true);
  expect(passes("to-client", result(1, "/etc/passwd"))).toBe(true);
});

test("a call without arguments has none of them", () => {
  const { passes } = opened([{ id: "named", when: { tool: "*", arguments: [{ at: "/reason", exists: false }] }, effect: "block" }]);
  expect(passes("to-server", call(1, "read"))).toBe(false);
  expect(passes("to-server", call(2, "read", { reason: "x" }))).toBe(true);
});

test("a rate stops the calls that exceed it, not the answers to the others, and what was stopped does not count", () => {
  const { passes, wait } = opened([{ id: "rate", when: { rate: { calls: { over: 2 }, per: "1m" } }, effect: "block" }]);
  expect([1, 2, 3, 4, 5].map((id) => passes("to-server", call(id, "x")))).toEqual([true, true, false, false, false]);
  expect(passes("to-client", result(1))).toBe(true);
  expect(passes("to-server", { jsonrpc: "2.0", id: 9, method: "ping" })).toBe(true);
  wait(70_000);
  expect(passes("to-server", call(6, "x"))).toBe(true);
});

test("bytes that came back are counted, this message included", () => {
  const { passes } = opened([{ id: "bulk", when: { direction: "to-client", rate: { bytes: { over: 1000 }, per: "1h", by: "server" } }, effect: "block" }]);
  for (const id of [1, 2, 3]) passes("to-server", call(id, "x"));
  expect(passes("to-client", result(1, "a".repeat(600)))).toBe(true);
  expect(passes("to-client", result(2, "a".repeat(600)))).toBe(false);
  expect(passes("to-client", result(3, "a".repeat(50)))).toBe(true);
});

test("connections that share a counter share a limit by server", () => {
  const rates = new RateCounter();
  const rules: Omit<Rule, "title">[] = [{ id: "rate", when: { rate: { calls: { over: 1 }, per: "1m", by: "server" } }, effect: "block" }];
  const [one, two] = [opened(rules, { rates }), opened(rules, { rates })];
  expect([one.passes("to-server", call(1, "x")), two.passes("to-server", call(1, "x"))]).toEqual([true, false]);
});

test("addresses come from the place; where nobody knows them, an exemption does not count", () => {
  const rules: Omit<Rule, "title">[] = [{ id: "office", when: { direction: "to-server" }, unless: { network: "office" }, effect: "block" }];
  expect([["10.1.2.3"], ["192.168.0.2"], undefined].map((addresses) => opened(rules, { addresses: () => addresses }).passes("to-server", call(1, "x")))).toEqual([true, false, false]);
});
