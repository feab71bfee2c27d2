/** Whatever is sent, answered, repeated, taken back or late, and in whatever order: a held message goes on at most once, only after its own yes, and whoever waits is told exactly once. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { localServer } from "../mcp/identity.ts";
import { compile } from "../policy/compile.ts";
import type { Policy } from "../policy/language.ts";
import type { Ask } from "./ask.ts";
import { createSession, type Effect } from "./session.ts";

const POLICY: Policy = { version: 1, id: "p", revision: 1, mode: "enforce", admission: { default: "allow", servers: [] }, rules: [{ id: "pay", title: "Pay", when: { tool: "pay" }, effect: "approve" }] };

const act = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("send" as const), id: fc.nat(5), amount: fc.nat(2), waits: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("answer" as const), which: fc.nat(20), say: fc.constantFrom("go" as const, "deny" as const), borrowed: fc.nat(3) }) },
  fc.record({ kind: fc.constant("expire" as const), which: fc.nat(20) }),
  fc.record({ kind: fc.constant("leave" as const), which: fc.nat(20) }),
  fc.record({ kind: fc.constant("cancel" as const), id: fc.nat(5) }),
  fc.record({ kind: fc.constant("reply" as const), id: fc.nat(5) }),
);

// threat: approval-replayed
test("a held message has one fate, and it is the one that a person chose", () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
      let time = 1_750_000_000_000;
      let draw = 0;
      const session = createSession({
        channel: { id: "c", point: "stdio", transport: "stdio", client: { id: "client:x", name: "x" }, server: localServer("node", ["desk.js"]) },
        by: "guard",
        policy: () => compile(POLICY, "local"),
        key: new Uint8Array(32),
        now: () => ++time,
        random: (bytes) => Uint8Array.from({ length: bytes }, () => (draw = (draw * 31 + 7) & 255)),
      });
      const asks: Ask[] = [];
      const ended = new Map<string, string>();
      const step = (input: Parameters<typeof session.step>[0]): Exclude<Effect, { kind: "record" }>[] => session.step(input).filter((effect) => effect.kind !== "record");

      for (const each of acts) {
        switch (each.kind) {
          case "send": {
            const text = JSON.stringify({ jsonrpc: "2.0", id: each.id, method: "tools/call", params: { name: "pay", arguments: { amount: each.amount } } });
            const effects = step({ kind: "message", direction: "to-server", text, waits: each.waits });
            // Never on its way at once: it waits, or it is refused and its sender told.
            if (effects[0]?.kind === "hold") asks.push(effects[0].ask);
            else expect(effects.map(({ kind }) => kind)).toEqual(["drop", "reply"]);
            break;
          }
          case "answer": {
            const ask = asks[each.which % Math.max(1, asks.length)];
            if (!ask) break;
            const other = asks[(each.which + each.borrowed) % asks.length]!;
            const effects = step({ kind: "answer", ticket: ask.ticket, answer: { call: other.call, say: each.say, span: "call", reason: null, via: "cli" } });
            if (ended.has(ask.ticket) || other.call !== ask.call) expect(effects).toEqual([]);
            else {
              expect(effects.map(({ kind }) => kind)).toEqual(each.say === "go" ? ["forward"] : ["drop", "reply"]);
              ended.set(ask.ticket, each.say);
            }
            break;
          }
          case "expire":
          case "leave": {
            const ask = asks[each.which % Math.max(1, asks.length)];
            if (!ask) break;
            const effects = step({ kind: each.kind, ticket: ask.ticket });
            if (ended.has(ask.ticket)) expect(effects).toEqual([]);
            else expect(effects.map(({ kind }) => kind)).toEqual(each.kind === "expire" ? ["drop", "reply"] : ["release"]);
            ended.set(ask.ticket, each.kind);
            break;
          }
          case "cancel": {
            const [first] = step({ kind: "message", direction: "to-server", text: JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: each.id } }) });
            if (first?.kind === "release") {
              expect(ended.has(first.ticket)).toBe(false);
              ended.set(first.ticket, "cancelled");
            }
            break;
          }
          case "reply":
            // Whatever a server says meanwhile, it opens nothing.
            step({ kind: "message", direction: "to-client", text: JSON.stringify({ jsonrpc: "2.0", id: each.id, result: { content: [] } }), waits: true });
            break;
        }
      }
      const left = step({ kind: "close", reason: "over" });
      const open = asks.filter(({ ticket }) => !ended.has(ticket)).map(({ ticket }) => ticket);
      expect(left.map((effect) => (effect.kind === "release" ? effect.ticket : effect.kind)).toSorted()).toEqual(open.toSorted());
    }),
  );
});
