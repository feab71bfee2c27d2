/** What a yes for a while covers, where it is kept, and what ends it. */
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { remoteServer } from "../mcp/identity.ts";
import { anAsk } from "../messages/ask.fixture.ts";
import type { Answer, Ask } from "./ask.ts";
import { misfit } from "./ask.ts";
import { answerFrom, Grants, grantsOf, keepInMemory, type Grantable, type KeptGrant } from "./grants.ts";

const HOUR = 3_600_000;
const DIGEST = "a".repeat(64);
const OTHER = "b".repeat(64);
const server = remoteServer("https://desk.example/mcp")!;
const refund: Grantable = { matched: { kind: "rule", id: "refunds", clauses: [] }, client: { id: "client:cursor", name: "Cursor" }, server, thing: "tool refund", direction: "to-server" };
const now = 1_750_000_000_000;

describe("kept outside the session", () => {
  let shelf: Map<string, KeptGrant>;
  let policy: string;
  /** As another process with the same shelf. */
  const another = (): Grants => new Grants({ policy: () => policy, find: (id) => shelf.get(id), keep: (grant) => shelf.set(grant.id, grant).size > 0 });
  beforeEach(() => {
    shelf = new Map();
    policy = DIGEST;
  });

  test("a yes for an hour holds in the next process, an hour after it was given and no longer", () => {
    another().add(refund, HOUR, now);
    expect(another().covers(refund, ["call", HOUR], now + HOUR - 1)).toBe(true);
    expect(another().covers(refund, ["call", HOUR], now + HOUR)).toBe(false);
    expect(another().covers(refund, ["call", HOUR], now - 1)).toBe(false);
    expect(another().covers(refund, ["call", HOUR / 2], now + HOUR / 2)).toBe(false);
    expect(another().covers(refund, ["call", "session"], now)).toBe(false);
  });

  // threat: approval-replayed
  test.each<[string, Partial<Grantable>]>([
    ["rule", { matched: { ...refund.matched, id: "other" } }],
    ["client", { client: { id: "client:other", name: "Cursor" } }],
    ["server", { server: remoteServer("https://desk.example/other")! }],
    ["tool", { thing: "tool refund_all" }],
    ["kind of thing", { thing: "prompt refund" }],
    ["thing", { thing: null }],
    ["direction", { direction: "to-client" }],
  ])("not for another %s", (_, change) => {
    another().add(refund, HOUR, now);
    expect(another().covers({ ...refund, ...change }, [HOUR], now)).toBe(false);
  });

  // threat: approval-replayed
  test("not under another policy", () => {
    another().add(refund, HOUR, now);
    policy = OTHER;
    expect(another().covers(refund, [HOUR], now)).toBe(false);
  });

  // threat: approval-replayed
  test("in a page's memory neither", () => {
    const grants = new Grants(keepInMemory(() => policy));
    grants.add(refund, HOUR, now);
    expect(grants.covers(refund, [HOUR], now)).toBe(true);
    policy = OTHER;
    expect(grants.covers(refund, [HOUR], now)).toBe(false);
  });

  test("a yes for the session stays with the session", () => {
    const grants = another();
    grants.add(refund, "session", now);
    expect(shelf.size).toBe(0);
    expect(grants.covers(refund, ["session"], now + 24 * HOUR)).toBe(true);
    expect(another().covers(refund, ["session"], now)).toBe(false);
  });

  test("taken back from the shelf it is taken back for whoever was told, too", () => {
    const grants = another();
    grants.add(refund, HOUR, now);
    shelf.clear();
    expect(grants.covers(refund, [HOUR], now)).toBe(false);
  });

  test("where nothing can be kept it holds for as long as this process lives", () => {
    const grants = new Grants({ policy: () => policy, find: () => undefined, keep: () => false });
    grants.add(refund, HOUR, now);
    expect(grants.covers(refund, [HOUR], now)).toBe(true);
  });

  test("of an address only its path is kept, and of a secret nothing; both still count whole", () => {
    const secret = `ghp_${"a1B2c3D4e5F6".repeat(3)}`;
    for (const thing of [`resource https://files.example/list?key=${secret}`, `tool ${secret}`]) {
      another().add({ ...refund, thing }, HOUR, now);
      expect(another().covers({ ...refund, thing }, [HOUR], now)).toBe(true);
    }
    expect(another().covers({ ...refund, thing: "resource https://files.example/list" }, [HOUR], now)).toBe(false);
    expect(JSON.stringify([...shelf.values()])).not.toContain(secret);
  });

  test("who admits a server admits all of it", () => {
    const whole: Grantable = { ...refund, matched: { kind: "admission", id: "desk", clauses: [] }, thing: null };
    another().add(whole, HOUR, now);
    expect(another().covers({ ...whole, thing: "tool refund", direction: "to-client" }, [HOUR], now)).toBe(true);
  });
});

describe("the answer that was given before", () => {
  const ask = (more: Partial<Ask> = {}): Ask => anAsk({ rules: ["refunds"], spans: ["call", HOUR], reason: "required", ...more });
  const yes = (to: Ask, more: Partial<Answer> = {}): Answer => ({ call: to.call, say: "go", span: HOUR, reason: "ticket 7", via: "popup", ...more });
  const kept = (to: Ask = ask(), more: Partial<Answer> = {}): KeptGrant[] => grantsOf(to, yes(to, more), DIGEST, now);

  test("fits the new question, and its while began when the person spoke", () => {
    const next = ask();
    const answer = answerFrom(kept(), next, DIGEST, now + 1000);
    expect(answer).toEqual({ call: next.call, say: "go", span: HOUR, reason: null, via: "granted", given: now });
    expect(misfit(next, answer!)).toBeNull();
  });

  test.each<[string, Partial<Answer>]>([
    ["a no", { say: "deny" }],
    ["a yes for once", { span: "call" }],
    ["a yes for the session", { span: "session" }],
  ])("%s is kept nowhere", (_, more) => expect(kept(ask(), more)).toEqual([]));

  // threat: approval-replayed
  test.each<[string, Ask, string, number]>([
    ["once its while is over", ask(), DIGEST, now + HOUR],
    ["before it was given", ask(), DIGEST, now - 1],
    ["under another policy", ask(), OTHER, now],
    ["when one more rule asks", ask({ rules: ["refunds", "second"] }), DIGEST, now],
    ["when no rule is named", ask({ rules: [] }), DIGEST, now],
    ["when that while is no longer offered", ask({ spans: ["call", HOUR / 2] }), DIGEST, now],
    ["for another tool", ask({ subject: "pay" }), DIGEST, now],
    ["for a prompt of that name", ask({ method: "prompts/get" }), DIGEST, now],
    ["for another app", ask({ client: { id: "app:https://other.example", name: "Cursor" } }), DIGEST, now],
    ["for another server", ask({ server: remoteServer("https://other.example/mcp")! }), DIGEST, now],
    ["the other way round", ask({ direction: "to-client" }), DIGEST, now],
  ])("does not count %s", (_, next, policy, time) => expect(answerFrom(kept(), next, policy, time)).toBeNull());

  test("of several yeses the one that ends first speaks, and it never outlasts any of them", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: HOUR }), fc.integer({ min: 0, max: HOUR }), fc.integer({ min: 0, max: 2 * HOUR }), (a, b, later) => {
        const first = grantsOf(ask(), yes(ask()), DIGEST, now - a);
        const second = grantsOf(ask({ rules: ["second"] }), yes(ask()), DIGEST, now - b);
        const answer = answerFrom([...first, ...second], ask({ rules: ["refunds", "second"] }), DIGEST, now - Math.min(a, b) + later);
        const time = now - Math.min(a, b) + later;
        expect(answer !== null).toBe(time < now - Math.max(a, b) + HOUR);
        if (answer) expect(answer.given).toBe(now - Math.max(a, b));
      }),
    );
  });
});
