/** Playbooks: what a server tells of itself in both eras becomes records, and nothing that it should not tell. */
import { beforeEach, describe, expect, test } from "vitest";
import { isEventRecord } from "../events/guard.ts";
import type { EventKind, EventRecord } from "../events/record.ts";
import type { Channel } from "../mcp/channel.ts";
import { remoteServer } from "../mcp/identity.ts";
import { compile } from "../policy/compile.ts";
import type { Policy } from "../policy/language.ts";
import { createSession, type Session } from "./session.ts";

const TOKEN = `ghp_${"a1B2c3D4e5F6".repeat(3)}`;
const OPEN: Policy = { version: 1, id: "open", revision: 1, mode: "enforce", admission: { default: "allow", servers: [] }, rules: [] };

let session: Session;
let records: EventRecord[];
let time = 0;

function open(policy: Policy = OPEN): void {
  records = [];
  const channel: Channel = { id: "c", point: "stdio", transport: "stdio", client: { id: "client:x", name: "x" }, server: remoteServer("https://desk.example/mcp")! };
  session = createSession({ channel, by: "guard", policy: () => compile(policy, "local"), key: new Uint8Array(32), now: () => ++time, random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)) });
}

beforeEach(() => open());

/** A request and its answer. */
function exchange(method: string, result: unknown): void {
  const messages = [{ direction: "to-server", message: { jsonrpc: "2.0", id: 1, method, params: {} } }, { direction: "to-client", message: { jsonrpc: "2.0", id: 1, result } }] as const;
  for (const { direction, message } of messages) for (const effect of session.step({ kind: "message", direction, text: JSON.stringify(message) })) if (effect.kind === "record") records.push(effect.record);
  for (const record of records) expect(record).toSatisfy(isEventRecord);
}

const last = <K extends EventKind>(kind: K) => records.findLast((record): record is Extract<EventRecord, { kind: K }> => record.kind === kind);

describe.each([
  ["initialize", { protocolVersion: "2025-11-25", serverInfo: { name: "Desk", version: "1" } }],
  ["server/discover", { supportedVersions: ["2026-07-28"], _meta: { "io.modelcontextprotocol/serverInfo": { name: "Desk", version: "1" } } }],
])("the answer to %s", (method, base) => {
  const capabilities = { tools: {}, extensions: { "io.modelcontextprotocol/ui": {}, "io.modelcontextprotocol/skills": {} } };

  test("tells of extensions and instructions", () => {
    exchange(method, { ...base, capabilities, instructions: "Always be polite." });
    expect(last("initialized")).toMatchObject({ capabilities: ["tools", "extensions"], extensions: ["io.modelcontextprotocol/ui", "io.modelcontextprotocol/skills"], instructions: { length: 17, opening: "Always be polite." } });
  });

  // threat: refusal-leaks
  test("whose instructions hold a secret is kept without them; the rest of it counts", () => {
    exchange(method, { ...base, capabilities, instructions: `Use ${TOKEN}` });
    expect(last("initialized")).toMatchObject({ serverInfo: { name: "Desk" }, instructions: { length: 44, opening: expect.stringMatching(/^\[withheld: secret\./) as string } });
    expect(JSON.stringify(records)).not.toContain(TOKEN);
  });

  test("that gives none tells of none", () => {
    exchange(method, { ...base, capabilities: { tools: {} } });
    expect(last("initialized")).not.toHaveProperty("instructions");
    expect(last("initialized")).not.toHaveProperty("extensions");
  });
});

test("new instructions are news", () => {
  exchange("server/discover", { instructions: "a", capabilities: {}, _meta: { "io.modelcontextprotocol/serverInfo": { name: "Desk" } } });
  exchange("server/discover", { instructions: "a", capabilities: {}, _meta: { "io.modelcontextprotocol/serverInfo": { name: "Desk" } } });
  exchange("server/discover", { instructions: "b", capabilities: {}, _meta: { "io.modelcontextprotocol/serverInfo": { name: "Desk" } } });
  expect(records.filter(({ kind }) => kind === "initialized")).toHaveLength(2);
});

describe("lists", () => {
  test("of prompts, resources and templates are recorded, and what is found in an entry is withheld from it alone", () => {
    exchange("prompts/list", { prompts: [{ name: "greet", description: "Greets" }, { name: "leak", description: `x ${TOKEN}` }, { name: TOKEN }, 5] });
    expect(last("prompts.listed")?.prompts).toMatchObject([{ name: "greet", description: "Greets" }, { name: "leak", description: expect.stringContaining("withheld") as string }, { name: expect.stringContaining("withheld") as string }]);
    exchange("resources/list", { resources: [{ uri: "file:///a?key=1", name: "A", mimeType: "text/plain", size: 3 }, { uri: `x://${TOKEN}/b`, name: "B" }, { uri: "x://c", name: "C", mimeType: TOKEN }] });
    expect(last("resources.listed")?.resources).toMatchObject([{ uri: "file:///a", mimeType: "text/plain", bytes: 3, template: false }, { uri: expect.stringContaining("withheld") as string }, { uri: "x://c", mimeType: "[withheld]" }]);
    exchange("resources/templates/list", { resourceTemplates: [{ uriTemplate: "file:///{path}{?v}", name: "Any" }] });
    expect(last("resources.listed")?.resources).toEqual([{ name: "Any", uri: "file:///{path}", template: true }]);
    expect(JSON.stringify(records)).not.toContain(TOKEN);
  });

  test("of tools say how many bring an app", () => {
    exchange("tools/list", { tools: [{ name: "a", _meta: { ui: { resourceUri: "ui://a" } } }, { name: "b" }] });
    expect(last("tools.listed")).toMatchObject({ apps: 1, tools: [{ name: "a" }, { name: "b" }] });
  });

  test("that are no lists, and those that may not pass, are not recorded", () => {
    exchange("prompts/list", { prompts: "greet" });
    open({ ...OPEN, rules: [{ id: "no", title: "No lists", when: { method: "resources/list", direction: "to-client" }, effect: "block" }] });
    exchange("resources/list", { resources: [{ uri: "file:///a" }] });
    expect(records.some(({ kind }) => kind.endsWith(".listed"))).toBe(false);
  });

  // threat: parser-bomb
  test("with very many findings in one are summed up at once", () => {
    const resources = Array.from({ length: 500 }, (_, i) => ({ uri: `x://${i}`, name: "n", annotations: Array.from({ length: 20 }, (__, j) => `person${i}.${j}@example.com`) }));
    exchange("resources/list", { resources });
    expect(last("resources.listed")?.resources).toHaveLength(500);
  });
});
