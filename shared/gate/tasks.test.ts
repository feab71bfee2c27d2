/** Playbooks: tasks of both forms and calls in rounds are judged with the tool that they began with, and their records hang together. */
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { EventRecord, MessageRecord } from "../events/record.ts";
import type { Channel, Direction } from "../mcp/channel.ts";
import { remoteServer } from "../mcp/identity.ts";
import { compile } from "../policy/compile.ts";
import type { Policy } from "../policy/language.ts";
import { createSession, type Effect, type Session } from "./session.ts";
import { Tasks, type Begun } from "./tasks.ts";

const CARD = ["4242", "4242", "4242", "4242"].join("");
const POLICY: Policy = {
  version: 1,
  id: "tasks",
  revision: 1,
  mode: "enforce",
  admission: { default: "allow", servers: [{ id: "desk", match: { url: "https://desk.example/*" }, effect: "allow", tools: [{ name: "closed_*", effect: "block" }] }] },
  rules: [
    { id: "ledger", title: "Cards stay in the ledger", when: { tool: "ledger", data: { any: ["pci.*"] } }, effect: "block" },
    { id: "calls", title: "No cards in prompts", when: { method: "prompts/get", data: { any: ["pci.*"] } }, effect: "block" },
    { id: "models", title: "No cards from the model", when: { method: "sampling/*", direction: "to-server", data: { any: ["pci.*"] } }, effect: "block" },
  ],
};

let session: Session;
let policy: Policy;
let records: MessageRecord[];
let time = 0;

beforeEach(() => {
  policy = POLICY;
  records = [];
  const channel: Channel = { id: "c", point: "stdio", transport: "stdio", client: { id: "client:x", name: "x" }, server: remoteServer("https://desk.example/mcp")! };
  session = createSession({ channel, by: "guard", policy: () => compile(policy, "local"), key: new Uint8Array(32), now: () => ++time, random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)) });
});

const isMessage = (record: EventRecord): record is MessageRecord => record.kind === "request" || record.kind === "response" || record.kind === "notification";

/** One message; gives back what became of it, and keeps its record as the last one. */
function say(direction: Direction, message: Record<string, unknown>): Exclude<Effect, { kind: "record" }>[] {
  const effects = session.step({ kind: "message", direction, text: JSON.stringify({ jsonrpc: "2.0", ...message }) });
  records.push(...effects.flatMap((effect) => (effect.kind === "record" && isMessage(effect.record) ? [effect.record] : [])));
  return effects.filter((effect) => effect.kind !== "record");
}

const last = (): MessageRecord => records.at(-1)!;
const paid = { content: [{ type: "text", text: `paid with ${CARD}` }] };
const isBlocked = (effects: readonly { kind: string }[]): boolean => effects[0]?.kind !== "forward";

/** A call that becomes a task; `form` is how the answer names it. */
function begin(tool: string, taskId: string, form: "legacy" | "modern" = "legacy", id = `begin ${taskId}`): MessageRecord {
  say("to-server", { id, method: "tools/call", params: { name: tool, arguments: {}, task: { ttl: 1000 } } });
  const request = last();
  const state = { taskId, status: "working" };
  say("to-client", { id, result: form === "legacy" ? { task: state } : { resultType: "task", ...state } });
  return request;
}

// threat: fetched-later
describe.each(["legacy", "modern"] as const)("a task of the %s form", (form) => {
  const collect = form === "legacy" ? "tasks/result" : "tasks/get";
  const result = form === "legacy" ? paid : { resultType: "complete", taskId: "t1", status: "completed", result: paid };

  test("brings what its tool may not bring: it is stopped, and the record names the tool and hangs on the call", () => {
    const call = begin("ledger", "t1", form);
    expect(say("to-server", { id: 2, method: collect, params: { taskId: "t1" } })).toEqual([{ kind: "forward" }]);
    expect(last()).toMatchObject({ kind: "request", method: collect, tool: "ledger", chain: call.exchange });
    expect(isBlocked(say("to-client", { id: 2, result }))).toBe(true);
    expect(last()).toMatchObject({ kind: "response", method: collect, tool: "ledger", chain: call.exchange, decision: { decidedBy: "ledger", enforced: "block" } });
  });

  test("brings the same for a tool that may: it passes", () => {
    begin("shop", "t1", form);
    say("to-server", { id: 2, method: collect, params: { taskId: "t1" } });
    expect(say("to-client", { id: 2, result })).toEqual([{ kind: "forward" }]);
    expect(last()).toMatchObject({ tool: "shop", decision: { enforced: "allow" } });
  });

  test("tells of its state by itself, and is judged alike", () => {
    const method = form === "legacy" ? "notifications/tasks/status" : "notifications/tasks";
    const call = begin("ledger", "t1", form);
    begin("shop", "t2", form);
    expect(say("to-client", { method, params: { taskId: "t2", status: "working", statusMessage: CARD } })).toEqual([{ kind: "forward" }]);
    expect(say("to-client", { method, params: { taskId: "t1", status: "working", statusMessage: CARD } })).toEqual([{ kind: "drop" }]);
    expect(last()).toMatchObject({ kind: "notification", tool: "ledger", chain: call.exchange });
  });

  test("that nobody saw begin may be any tool's", () => {
    say("to-server", { id: 2, method: collect, params: { taskId: "t1" } });
    expect(isBlocked(say("to-client", { id: 2, result }))).toBe(true);
    expect(last().tool).toBeUndefined();
  });

  test("whose id was given to two tools may be either's", () => {
    begin("shop", "t1", form);
    begin("ledger", "t1", form);
    begin("shop", "t1", form);
    say("to-server", { id: 2, method: collect, params: { taskId: "t1" } });
    expect(isBlocked(say("to-client", { id: 2, result }))).toBe(true);
  });

  test("whose tool was closed meanwhile can be stopped, but brings nothing", () => {
    begin("shop", "t1", form);
    policy = { ...POLICY, revision: 2, admission: { ...POLICY.admission, servers: [{ ...POLICY.admission.servers[0]!, tools: [{ name: "shop", effect: "block" }] }] } };
    expect(isBlocked(say("to-server", { id: 2, method: collect, params: { taskId: "t1" } }))).toBe(true);
    expect(say("to-server", { id: 3, method: "tasks/cancel", params: { taskId: "t1" } })).toEqual([{ kind: "forward" }]);
  });
});

test("whoever let the call go on is not asked again by its task; what came of it without a call is", () => {
  policy = { ...POLICY, rules: [{ id: "ask", title: "Ask", when: { tool: "slow" }, effect: "approve" }] };
  const text = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "slow", arguments: {} } });
  const [hold] = session.step({ kind: "message", direction: "to-server", text, waits: true }).filter(({ kind }) => kind === "hold");
  if (hold?.kind !== "hold") throw new Error("nobody was asked");
  const { ticket, ask } = hold;
  expect(session.step({ kind: "answer", ticket, answer: { say: "go", span: "call", via: "popup", call: ask.call, reason: "for the test" } }).map(({ kind }) => kind)).toContain("forward");
  say("to-client", { id: 1, result: { resultType: "task", taskId: "t1" } });
  expect(say("to-server", { id: 2, method: "tasks/get", params: { taskId: "t1" } })).toEqual([{ kind: "forward" }]);
  expect(say("to-client", { id: 2, result: { taskId: "t1", status: "completed", result: paid } })).toEqual([{ kind: "forward" }]);
  expect(say("to-client", { method: "notifications/tasks", params: { taskId: "t1", status: "working" } })).toEqual([{ kind: "forward" }]);
  expect(isBlocked(say("to-server", { id: 3, method: "tasks/get", params: { taskId: "other" } }))).toBe(true);
});

test("what is handed to a task goes to its tool", () => {
  begin("ledger", "t1", "modern");
  expect(isBlocked(say("to-server", { id: 2, method: "tasks/update", params: { taskId: "t1", inputResponses: { pin: { action: "accept", content: { card: CARD } } } } }))).toBe(true);
  expect(last()).toMatchObject({ tool: "ledger", findings: [{ parts: ["data"] }] });
  expect(isBlocked(say("to-server", { id: 3, method: "tasks/update", params: { taskId: "unknown", inputResponses: { pin: { card: CARD } } } }))).toBe(true);
  begin("shop", "t2", "modern");
  expect(say("to-server", { id: 4, method: "tasks/update", params: { taskId: "t2", inputResponses: { pin: { card: CARD } } } })).toEqual([{ kind: "forward" }]);
});

test("a refused result of a task looks like the result of its tool", () => {
  begin("ledger", "t1");
  say("to-server", { id: 2, method: "tasks/result", params: { taskId: "t1" } });
  const [effect] = say("to-client", { id: 2, result: paid });
  expect(JSON.parse(effect?.kind === "replace" ? effect.text : "")).toMatchObject({ id: 2, result: { isError: true } });
});

test("a rule on the method means what comes of it as a task, too", () => {
  say("to-server", { id: 1, method: "prompts/get", params: { name: "p" } });
  say("to-client", { id: 1, result: { resultType: "task", taskId: "t1", status: "working" } });
  say("to-server", { id: 2, method: "tasks/get", params: { taskId: "t1" } });
  expect(isBlocked(say("to-client", { id: 2, result: { taskId: "t1", status: "completed", result: { messages: [{ role: "user", content: CARD }] } } }))).toBe(true);
  expect(last().decision.decidedBy).toBe("calls");
});

test("clients run tasks as well, and both sides may use the same ids", () => {
  begin("shop", "t1");
  say("to-client", { id: 7, method: "sampling/createMessage", params: { messages: [], task: {} } });
  const asked = last();
  say("to-server", { id: 7, result: { task: { taskId: "t1", status: "working" } } });
  say("to-client", { id: 8, method: "tasks/result", params: { taskId: "t1" } });
  expect(isBlocked(say("to-server", { id: 8, result: { role: "assistant", content: { type: "text", text: CARD } } }))).toBe(true);
  expect(last()).toMatchObject({ decision: { decidedBy: "models" }, chain: asked.exchange });
  say("to-server", { id: 9, method: "tasks/result", params: { taskId: "t1" } });
  expect(say("to-client", { id: 9, result: paid })).toEqual([{ kind: "forward" }]);
  expect(last()).toMatchObject({ tool: "shop" });
});

describe("a list of tasks", () => {
  const list = (tasks: unknown): boolean => {
    say("to-server", { id: "list", method: "tasks/list" });
    return isBlocked(say("to-client", { id: "list", result: { tasks } }));
  };
  beforeEach(() => {
    begin("ledger", "t1");
    begin("shop", "t2");
  });
  test("without words is about nothing in particular", () => {
    expect(list([{ taskId: "t1", status: "working" }, { taskId: CARD }])).toBe(false);
  });
  test("with the words of one tool is about that tool", () => {
    expect(list([{ taskId: "t1" }, { taskId: "t2", statusMessage: CARD }])).toBe(false);
    expect(list([{ taskId: "t1", statusMessage: CARD }, { taskId: "t2" }])).toBe(true);
  });
  test("with the words of several, or of one unknown, may be about any", () => {
    expect(list([{ taskId: "t2", statusMessage: CARD }, { taskId: "t1", statusMessage: "fine" }])).toBe(true);
    expect(list([{ taskId: "t3", statusMessage: CARD }])).toBe(true);
  });
});

describe("a call in rounds", () => {
  const round = (id: number, tool: string, params: Record<string, unknown>, result: Record<string, unknown>): MessageRecord[] => {
    say("to-server", { id, method: "tools/call", params: { name: tool, arguments: { a: 1 }, ...params } });
    const request = last();
    say("to-client", { id, result });
    return [request, last()];
  };
  const ask = (state?: string) => ({ resultType: "input_required", inputRequests: { pin: { method: "elicitation/create", params: { message: "PIN?" } } }, ...(state === undefined ? {} : { requestState: state }) });
  const answer = { inputResponses: { pin: { action: "accept" } } };

  test.each([
    ["with states", "s1", "s2"],
    ["without", undefined, undefined],
  ])("%s is one chain, and each round an exchange of its own", (_, first, second) => {
    const state = (value: string | undefined) => (value === undefined ? {} : { requestState: value });
    const [begun] = round(1, "shop", {}, ask(first));
    const next = round(2, "shop", { ...answer, ...state(first) }, ask(second));
    const end = round(3, "shop", { ...answer, ...state(second) }, paid);
    expect(begun!.chain).toBeUndefined();
    for (const record of [...next, ...end]) expect(record.chain).toBe(begun!.exchange);
    expect(new Set([begun, ...next, ...end].map((record) => record!.exchange)).size).toBe(3);
    expect(round(4, "shop", {}, paid)[0]!.chain).toBeUndefined();
  });

  test("another tool, or a state that nobody gave out, goes on with nothing", () => {
    round(1, "shop", {}, ask("s1"));
    expect(round(2, "other", { ...answer, requestState: "s1" }, paid)[0]!.chain).toBeUndefined();
    expect(round(3, "shop", { ...answer, requestState: "made up" }, paid)[0]!.chain).toBeUndefined();
  });
});

// threat: parser-bomb
test("tasks without end take bounded room, and those forgotten are unknown", () => {
  const tasks = new Tasks();
  const request: Begun = { method: "tools/call", subject: { tool: "x", prompt: null, resource: null }, chain: "c", sure: true };
  for (let i = 0; i < 20_000; i++) tasks.learn("to-server", request, { task: { taskId: `t${i}` } });
  expect(tasks.find("to-server", "t0")).toBeNull();
  expect(tasks.find("to-server", "t19999")).toMatchObject({ sure: true });
  for (let i = 0; i < 10; i++) tasks.learn("to-server", request, { task: { taskId: `${i}`.repeat(1_000_000) } });
  expect(tasks.find("to-server", "t19999")).toBeNull();
  expect(tasks.find("to-server", "9".repeat(1_000_000))).not.toBeNull();
});

test("whatever an answer holds, only a text names a task", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (value, result) => {
      const tasks = new Tasks();
      tasks.learn("to-server", { method: "tools/call", subject: { tool: "x", prompt: null, resource: null }, chain: "c", sure: true }, result);
      tasks.learn("to-server", { method: "tools/call", subject: { tool: "x", prompt: null, resource: null }, chain: "c", sure: true }, { task: { taskId: value } });
      expect(tasks.find("to-server", value) !== null).toBe(typeof value === "string");
      expect(tasks.find("to-client", value)).toBeNull();
    }),
  );
});
