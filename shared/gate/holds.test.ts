/** Messages that wait for a person: what is asked, what an answer does, what cannot wait, and what is never opened by a grant. */
import { beforeEach, describe, expect, test } from "vitest";
import { isEventRecord } from "../events/guard.ts";
import type { ApprovalAnswered, ApprovalRequested, EventRecord, MessageRecord } from "../events/record.ts";
import type { Channel, Direction } from "../mcp/channel.ts";
import { remoteServer } from "../mcp/identity.ts";
import { compile, type CompiledPolicy } from "../policy/compile.ts";
import type { Policy, Rule } from "../policy/language.ts";
import type { Answer, Ask } from "./ask.ts";
import { createSession, type Effect, type Session } from "./session.ts";

const refund: Rule = { id: "refunds", title: "Refunds are looked at first", when: { tool: "refund" }, effect: "approve", message: "Is it the right customer?" };
const mail: Rule = { id: "mail", title: "Addresses leave", when: { direction: "to-server", data: { any: ["pii.email"] } }, effect: "coach" };
const keys: Rule = { id: "keys", title: "Keys stay here", when: { direction: "to-server", data: { any: ["secret.*"] } }, effect: "redact" };

const policyOf = (rules: Rule[], more: Partial<Policy> = {}): Policy => ({ version: 1, id: "p", revision: 1, mode: "enforce", admission: { default: "allow", servers: [] }, rules, ...more });

// Built at run time: no token-like literal stands in this file.
const TOKEN = `ghp_${"a1B2c3D4e5F6".repeat(3)}`;

let time: number;
let policy: Policy;
let session: Session;
let records: EventRecord[];

function open(next: Policy = policyOf([refund, mail, keys])): void {
  time = 1_750_000_000_000;
  records = [];
  policy = next;
  const channel: Channel = { id: "c1", point: "stdio", transport: "stdio", client: { id: "client:cursor", name: "Cursor" }, server: remoteServer("https://desk.example/mcp")! };
  session = createSession({ channel, by: "guard", policy: () => offering(policy), key: new Uint8Array(32), now: () => time, random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)) });
}

/** Whatever the rules themselves offer: here a yes may hold for the call, the session or an hour. */
function offering(written: Policy): CompiledPolicy {
  const compiled = compile(written, "local");
  return {
    ...compiled,
    decide(facts) {
      const decision = compiled.decide(facts);
      return decision.enforced === "approve" ? { ...decision, hold: { kind: "approve", offer: ["call", "session", 3_600_000], within: 45 } } : decision;
    },
  };
}

type Visible = Exclude<Effect, { kind: "record" }>;

function run(effects: readonly Effect[]): Visible[] {
  for (const effect of effects) if (effect.kind === "record") records.push(effect.record);
  return effects.filter((effect): effect is Visible => effect.kind !== "record");
}

const say = (direction: Direction, message: unknown, waits = true): Visible[] => run(session.step({ kind: "message", direction, text: JSON.stringify(message), waits }));
const call = (id: number, name: string, args: unknown = {}, meta?: object) => ({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args, ...(meta && { _meta: meta }) } });
const yes = (ask: Ask, more: Partial<Answer> = {}): Answer => ({ call: ask.call, say: "go", span: "call", reason: null, via: "popup", ...more });
const answer = (ask: Ask, given: Answer): Visible[] => run(session.step({ kind: "answer", ticket: ask.ticket, answer: given }));

function held(effects: Visible[]): Ask {
  expect(effects.map(({ kind }) => kind)).toEqual(["hold"]);
  return (effects[0] as Extract<Effect, { kind: "hold" }>).ask;
}

const refused = (effects: Visible[]): string => {
  expect(effects.map(({ kind }) => kind)).toEqual(["drop", "reply"]);
  return (effects[1] as Extract<Effect, { kind: "reply" }>).text;
};
const last = <K extends EventRecord["kind"]>(kind: K): Extract<EventRecord, { kind: K }> => records.findLast((record): record is Extract<EventRecord, { kind: K }> => record.kind === kind)!;

beforeEach(() => open());

describe("a call that a person must approve", () => {
  test("waits, and the question says exactly what would be sent, to whom and why", () => {
    const ask = held(say("to-server", call(1, "refund", { customer: "c-1", amount: 40 }, { progressToken: 7 })));
    expect(ask).toMatchObject({ effect: "approve", method: "tools/call", subject: "refund", title: refund.title, message: refund.message, rules: ["refunds"], direction: "to-server", server: { url: "https://desk.example/mcp" }, until: time + 45_000 });
    expect(JSON.parse(ask.shown)).toEqual({ customer: "c-1", amount: 40 });
    expect(last("approval.requested")).toMatchObject({ id: ask.ticket, tool: "refund", asks: "approve", rules: ["refunds"] } satisfies Partial<ApprovalRequested>);
    expect(JSON.stringify(records)).not.toContain("c-1");
  });

  test("goes on as it came after a yes, its answer comes back unasked, and all of it is on record", () => {
    const ask = held(say("to-server", call(1, "refund")));
    time += 3000;
    expect(answer(ask, yes(ask, { reason: "ticket 12" }))).toEqual([{ kind: "forward" }]);
    expect(last("approval.answered")).toMatchObject({ request: ask.ticket, answer: "allowed", via: "popup", span: "call", reason: "ticket 12", waitedMs: 3000 } satisfies Partial<ApprovalAnswered>);
    expect(last("request")).toMatchObject({ answer: "allowed", asked: ask.ticket, decision: { effect: "approve", enforced: "allow" } } satisfies Partial<MessageRecord> | object);
    time += 20;
    expect(say("to-client", { jsonrpc: "2.0", id: 1, result: { content: [] } })).toEqual([{ kind: "forward" }]);
    // The person's time is not the server's.
    expect(last("response")).toMatchObject({ ms: 20, tool: "refund" });
    for (const record of records) expect(record).toSatisfy(isEventRecord);
  });

  test("is refused after a no, in words for the model", () => {
    const ask = held(say("to-server", call(1, "refund")));
    expect(refused(answer(ask, yes(ask, { say: "deny", via: "cli" })))).toMatch(/A person was asked and did not allow this\. .*Refunds are looked at first/);
    expect(last("request")).toMatchObject({ answer: "denied", decision: { effect: "approve", enforced: "block" } });
    // Its id is free again, and nobody's answer fits it.
    expect(say("to-client", { jsonrpc: "2.0", id: 1, result: {} }).map(({ kind }) => kind)).toEqual(["replace"]);
  });

  test("is refused when time is over, and says where to answer", () => {
    const ask = held(say("to-server", call(1, "refund")));
    time = ask.until;
    expect(refused(run(session.step({ kind: "expire", ticket: ask.ticket })))).toMatch(/Nobody answered within 45 seconds.*sluice approvals/);
    expect(last("approval.answered")).toMatchObject({ answer: "expired", via: "timeout" });
    const unasked = held(say("to-server", call(2, "refund")));
    expect(refused(run(session.step({ kind: "expire", ticket: unasked.ticket })))).toContain("nobody could be asked");
    expect(answer(ask, yes(ask))).toEqual([]);
  });

  // threat: approval-replayed
  test("is opened by its own answer only: another call's, a made-up one's and a second one's do nothing", () => {
    const first = held(say("to-server", call(1, "refund", { amount: 1 })));
    const second = held(say("to-server", call(2, "refund", { amount: 99_999 })));
    expect(second.call).not.toBe(first.call);
    expect(answer(second, yes(first))).toEqual([]);
    expect(run(session.step({ kind: "answer", ticket: "00000000-0000-7000-8000-000000000000", answer: yes(first) }))).toEqual([]);
    expect(answer(first, yes(first))).toEqual([{ kind: "forward" }]);
    expect(answer(first, yes(first))).toEqual([]);
    expect(answer(second, yes(second, { say: "deny" })).map(({ kind }) => kind)).toEqual(["drop", "reply"]);
  });

  test("taken back by its sender is gone: nobody hears of it, and a late yes opens nothing", () => {
    const ask = held(say("to-server", call(1, "refund")));
    expect(say("to-server", { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 2 } })).toEqual([{ kind: "forward" }]);
    expect(say("to-server", { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } })).toEqual([{ kind: "release", ticket: ask.ticket }, { kind: "drop" }]);
    expect(answer(ask, yes(ask))).toEqual([]);
    expect(last("approval.answered")).toMatchObject({ answer: "cancelled", via: "client" });
  });

  test("does not hold up what comes after it", () => {
    held(say("to-server", call(1, "refund")));
    expect(say("to-server", call(2, "lookup"))).toEqual([{ kind: "forward" }]);
    expect(say("to-client", { jsonrpc: "2.0", id: 2, result: {} })).toEqual([{ kind: "forward" }]);
  });

  test("that cannot wait is refused at once, in a batch too", () => {
    expect(refused(say("to-server", call(1, "refund"), false))).toContain("cannot wait");
    const [kept, reply] = say("to-server", [call(2, "lookup"), call(3, "refund")]) as [Extract<Effect, { kind: "replace" }>, Extract<Effect, { kind: "reply" }>];
    expect(kept.text).toContain("lookup");
    expect(kept.text).not.toContain("refund");
    expect(reply.text).toContain("cannot wait");
    // A notification has nobody who could be told, and is not asked about.
    open(policyOf([{ ...refund, when: { method: "notifications/*" } }]));
    expect(say("to-server", { jsonrpc: "2.0", method: "notifications/initialized" })).toEqual([{ kind: "drop" }]);
  });

  test("when the connection closes, what waits ends with it", () => {
    const ask = held(say("to-server", call(1, "refund")));
    expect(run(session.step({ kind: "close", reason: "client closed" }))).toEqual([{ kind: "release", ticket: ask.ticket }]);
    expect(answer(ask, yes(ask))).toEqual([]);
  });
});

describe("what is asked, and how often", () => {
  // threat: approval-flood
  test("a flood of calls is bounded: beyond it they are refused", () => {
    const kinds = Array.from({ length: 40 }, (_, i) => say("to-server", call(i, "refund", { i })).map(({ kind }) => kind).join());
    expect(kinds.filter((kind) => kind === "hold")).toHaveLength(16);
    expect(kinds.filter((kind) => kind === "drop,reply")).toHaveLength(24);
  });

  // threat: approval-unreadable
  test("a call too long for a person to read is not asked about", () => {
    expect(refused(say("to-server", call(1, "refund", { text: "x".repeat(70_000) })))).toContain("too long for a person to read");
  });

  // threat: approval-unreadable
  test("what would hide or turn text on the screen is shown as an escape, exactly", () => {
    const tricky = "a\u202eb\u200bc\u{e0041}d\u2028e";
    const { shown } = held(say("to-server", call(1, "refund", { text: tricky, key: "\u0007" })));
    expect(shown).not.toMatch(/[\p{Cf}\p{Zl}]/u);
    expect(JSON.parse(shown)).toEqual({ text: tricky, key: "\u0007" });
  });

  // threat: approval-unreadable
  test.each<[string, object]>([
    ["what stands beside the arguments", { params: { name: "refund", arguments: { a: 1 }, _meta: { progressToken: 3, also: "pay twice" } } }],
    ["what stands beside the params", { params: { name: "refund", arguments: { a: 1 } }, also: "pay twice" }],
    ["a result in a request", { params: { name: "refund", arguments: { a: 1 } }, result: "pay twice" }],
  ])("is shown as well: %s", (_, message) => {
    expect(held(say("to-server", { jsonrpc: "2.0", id: 1, method: "tools/call", ...message })).shown).toContain("pay twice");
  });

  // threat: approval-unreadable
  test("a number that no double holds is shown as it is sent", () => {
    const effects = run(session.step({ kind: "message", direction: "to-server", waits: true, text: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"refund","arguments":{"account":9007199254740993,"amount":1.10,"small":3}}}' }));
    const { shown } = held(effects);
    expect(shown).toContain('"account": 9007199254740993');
    expect(shown).toContain('"amount": 1.10');
    expect(shown).toContain('"small": 3');
  });

  test("a name is left out of what is shown only where the question says it", () => {
    open(policyOf([{ ...refund, when: { method: "desk/run" } }]));
    expect(held(say("to-server", { jsonrpc: "2.0", id: 1, method: "desk/run", params: { name: "delete everything", arguments: {} } })).shown).toContain("delete everything");
  });

  test("secrets in the arguments are masked in the question, wherever they stand again", () => {
    open(policyOf([refund]));
    const ask = held(say("to-server", call(1, "refund", { token: TOKEN, [TOKEN]: "key", nested: JSON.stringify({ again: TOKEN }), other: `x${TOKEN}x` })));
    expect(ask.shown).not.toContain(TOKEN);
    expect(ask.masked).toBeGreaterThan(2);
    expect(Object.keys(JSON.parse(ask.shown) as object)).toHaveLength(4);
  });

  test("a message that would be blocked anyway is not asked about", () => {
    open(policyOf([refund, { ...keys, effect: "block" }]));
    expect(refused(say("to-server", call(1, "refund", { token: TOKEN })))).not.toContain("person");
    // Nor one whose secret stands where nothing can be redacted.
    open();
    expect(refused(say("to-server", call(1, "refund", { amount: 1 }, { requestState: TOKEN })))).toContain("cannot be rewritten");
    expect(records.some(({ kind }) => kind === "approval.requested")).toBe(false);
  });

  test("redactions still apply after a yes", () => {
    const ask = held(say("to-server", call(1, "refund", { note: `key ${TOKEN} for anna@firm.example` })));
    expect(ask.rules).toEqual(["refunds", "mail"]);
    const [effect] = answer(ask, yes(ask)) as [Extract<Effect, { kind: "replace" }>];
    expect(effect.kind).toBe("replace");
    expect(effect.text).toContain("anna@firm.example");
    expect(effect.text).not.toContain(TOKEN);
    expect(last("request")).toMatchObject({ redacted: 1, decision: { enforced: "redact" } });
  });

  test("a reason that carries a secret is not kept", () => {
    const ask = held(say("to-server", call(1, "refund")));
    answer(ask, yes(ask, { reason: `because ${TOKEN}` }));
    expect(last("approval.answered").reason).toBe("[withheld: secret.github-token]");
  });
});

describe("what a yes is good for", () => {
  test("once: the same call again is asked again", () => {
    const ask = held(say("to-server", call(1, "refund")));
    answer(ask, yes(ask));
    held(say("to-server", call(2, "refund")));
  });

  test("for the session: this tool and rule, nothing else, until policy blocks it", () => {
    const ask = held(say("to-server", call(1, "refund")));
    answer(ask, yes(ask, { span: "session" }));
    time += 24 * 3_600_000;
    expect(say("to-server", call(2, "refund", { amount: 5 }))).toEqual([{ kind: "forward" }]);
    expect(last("request")).toMatchObject({ answer: "granted", decision: { effect: "approve", enforced: "allow" } });
    policy = policyOf([refund, { ...refund, id: "other", when: { tool: "ref*" } }]);
    expect(held(say("to-server", call(3, "refund"))).rules).toEqual(["other"]);
    policy = policyOf([refund, { ...refund, id: "no", effect: "block" }]);
    expect(refused(say("to-server", call(4, "refund")))).toContain("Blocked by Sluice");
  });

  test("for the session: a prompt's yes is not a tool's of the same name", () => {
    open(policyOf([{ ...refund, when: { direction: "to-server" } }]));
    const ask = held(say("to-server", { jsonrpc: "2.0", id: 1, method: "prompts/get", params: { name: "refund" } }));
    answer(ask, yes(ask, { span: "session" }));
    expect(say("to-server", { jsonrpc: "2.0", id: 2, method: "prompts/get", params: { name: "refund" } })).toEqual([{ kind: "forward" }]);
    held(say("to-server", call(3, "refund")));
    const ping = held(say("to-server", { jsonrpc: "2.0", id: 4, method: "ping" }));
    answer(ping, yes(ping, { span: "session" }));
    held(say("to-server", { jsonrpc: "2.0", id: 5, method: "tools/call", params: { name: 5 } }));
  });

  test("for an hour: not a minute longer", () => {
    const ask = held(say("to-server", call(1, "refund")));
    answer(ask, yes(ask, { span: 3_600_000 }));
    time += 3_599_999;
    expect(say("to-server", call(2, "refund"))).toEqual([{ kind: "forward" }]);
    time += 1;
    held(say("to-server", call(3, "refund")));
  });

  test("given earlier, to another page: its hour began then, and the record says so", () => {
    const ask = held(say("to-server", call(1, "refund")));
    expect(answer(ask, yes(ask, { span: 3_600_000, via: "granted", given: time - 3_599_000 }))).toEqual([{ kind: "forward" }]);
    expect(last("request")).toMatchObject({ answer: "granted", asked: ask.ticket });
    expect(last("approval.answered")).toMatchObject({ answer: "allowed", via: "granted" });
    expect(isEventRecord(last("approval.answered"))).toBe(true);
    time += 999;
    expect(say("to-server", call(2, "refund"))).toEqual([{ kind: "forward" }]);
    time += 1;
    held(say("to-server", call(3, "refund")));
  });

  // threat: approval-replayed
  test("a policy that has become stricter while the call waited counts", () => {
    const ask = held(say("to-server", call(1, "refund")));
    policy = policyOf([{ ...refund, effect: "block", message: "Not any more." }]);
    expect(refused(answer(ask, yes(ask)))).toContain("Not any more.");
    const next = (open(), held(say("to-server", call(1, "refund"))));
    policy = policyOf([refund, { ...refund, id: "second", title: "And this" }]);
    expect(refused(answer(next, yes(next)))).toContain("policy changed");
  });

  test("a no stays a no, even if the policy would not ask any more", () => {
    const ask = held(say("to-server", call(1, "refund")));
    policy = policyOf([]);
    expect(refused(answer(ask, yes(ask, { say: "deny" })))).toContain("did not allow this");
  });

  test("a server that must be approved is asked about once, as a whole", () => {
    open(policyOf([], { admission: { default: "approve", servers: [] } }));
    expect(run(session.step({ kind: "knock", what: "http/GET" })).map(({ kind }) => kind)).toEqual(["drop", "reply"]);
    const ask = held(say("to-server", { jsonrpc: "2.0", id: 0, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } } }));
    expect(ask.spans).toEqual(["session", 3_600_000]);
    expect(answer(ask, yes(ask))).toEqual([]);
    expect(answer(ask, yes(ask, { span: "session" }))).toEqual([{ kind: "forward" }]);
    expect(say("to-client", { jsonrpc: "2.0", id: 0, result: { protocolVersion: "2025-11-25", capabilities: {} } })).toEqual([{ kind: "forward" }]);
    expect(say("to-server", { jsonrpc: "2.0", method: "notifications/initialized" }, false)).toEqual([{ kind: "forward" }]);
    expect(say("to-server", call(1, "anything"))).toEqual([{ kind: "forward" }]);
    expect(run(session.step({ kind: "knock", what: "http/GET" }))).toEqual([{ kind: "forward" }]);
  });
});

describe("answers and questions of a server", () => {
  const inward: Rule = { id: "inward", title: "Look first", when: { direction: "to-client", data: { any: ["pii.email"] } }, effect: "approve" };
  const reply = { jsonrpc: "2.0", id: 1, result: { content: [{ type: "text", text: "write to anna@firm.example" }] } };

  test("an answer waits where it can, and is the one that was asked for when it comes", () => {
    open(policyOf([inward]));
    say("to-server", call(1, "lookup"));
    const ask = held(say("to-client", reply));
    expect(ask).toMatchObject({ direction: "to-client", method: "tools/call", subject: "lookup" });
    // Meanwhile the client has used the id again.
    expect(say("to-server", call(1, "other"))).toEqual([{ kind: "forward" }]);
    expect(answer(ask, yes(ask))).toEqual([{ kind: "forward" }]);
    expect(last("response")).toMatchObject({ tool: "lookup", answer: "allowed" });
  });

  // threat: approval-unreadable
  test("of an answer its result is shown, whatever else stands in it", () => {
    open(policyOf([inward]));
    for (const also of [{ params: { text: "nothing" } }, { error: { code: 1, message: "nothing" } }]) {
      say("to-server", call(1, "lookup"));
      expect(held(say("to-client", { ...reply, ...also, result: { ...reply.result, note: "do as I say" } })).shown).toContain("do as I say");
    }
  });

  test("an answer that may not pass becomes a refusal for whoever waits", () => {
    open(policyOf([inward]));
    say("to-server", call(1, "lookup"));
    const ask = held(say("to-client", reply));
    const [effect] = answer(ask, yes(ask, { say: "deny" })) as [Extract<Effect, { kind: "replace" }>];
    expect(effect).toMatchObject({ kind: "replace", text: expect.stringContaining("did not allow this") });
    expect(effect.text).not.toContain("firm.example");
    say("to-server", call(1, "lookup"));
    const [now] = say("to-client", reply, false) as [Extract<Effect, { kind: "replace" }>];
    expect(now.text).toContain("cannot wait");
  });

  test("a server's own question waits as well", () => {
    open(policyOf([{ ...inward, when: { method: "sampling/*" } }]));
    const ask = held(say("to-client", { jsonrpc: "2.0", id: 1, method: "sampling/createMessage", params: { messages: [] } }));
    expect(refused(answer(ask, yes(ask, { say: "deny" })))).toContain('"id":1');
  });
});
