/** The local reverse proxy asks a person: the connection waits, others go on, and a client that leaves takes its question along. */
import type { RequestListener } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EventRecord } from "../../../shared/events/record.ts";
import type { Ask } from "../../../shared/gate/ask.ts";
import { createSession } from "../../../shared/gate/session.ts";
import { compile } from "../../../shared/policy/compile.ts";
import type { Desk } from "../../approvals/desk.ts";
import { NOBODY } from "../../approvals/nobody.fixture.ts";
import type { Gate, Gatekeeper } from "../gatekeeper.ts";
import { gatePool } from "./gate-pool.ts";
import { bodyOf, call, json, POLICY, resultOf, type Told } from "./remote.fixture.ts";
import { startOnLoopback } from "./reverse.fixture.ts";
import { passOn } from "./reverse.ts";
import { readTarget } from "./target.ts";
import { openWire, type Wire } from "./wire.ts";

let serve: RequestListener;
let desk: Desk;
let front = "";
let records: EventRecord[];
let wire: Wire;
const closing: (() => Promise<unknown>)[] = [];

const start = (listener: RequestListener): Promise<string> => startOnLoopback(listener, closing);

const compiled = compile({ ...POLICY, rules: [{ id: "pay", title: "Pay", when: { tool: "pay" }, effect: "approve" }] }, "local");

beforeEach(async () => {
  desk = NOBODY;
  records = [];
  wire = openWire();
  const upstream = await start((request, response) => serve(request, response));
  const target = readTarget(`${upstream}/mcp`, [], {});
  if (!target.ok) throw new Error("no target");
  const admit: Gatekeeper["admit"] = (channel) => {
    const session = createSession({ channel, by: "guard", policy: () => compiled, key: new Uint8Array(32), now: Date.now, random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)) });
    const record: Gate["record"] = (each) => void records.push(each);
    const note: Gate["note"] = (effects) => effects.forEach((effect) => effect.kind === "record" && record(effect.record));
    const asking: Desk = { ask: (question) => desk.ask(question), withdraw: (ticket) => desk.withdraw(ticket), close: () => undefined };
    return { session, record, note, desk: asking, passed: () => session.records().forEach(record), close: () => undefined, whenRefused: () => undefined };
  };
  const keeper: Gatekeeper = { admit, say: () => undefined, sayOnce: () => undefined, gap: () => undefined, close: () => Promise.resolve() };
  const pool = gatePool(keeper, { id: "client:x", name: "x" }, target.value.server);
  front = await start((request, response) => void passOn({ target: target.value, wire, pool, say: () => undefined, gap: () => undefined }, request, response));
});
afterEach(async () => {
  wire.close();
  for (const close of closing.splice(0)) await close();
});

const post = (body: unknown): Promise<Response> => fetch(`${front}/mcp`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

describe("a call that a person must approve", () => {
  const pay = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "pay", arguments: { amount: 40 } } };

  /** A desk at which a test sits. */
  function sit(): { asked: Promise<Ask>; say(word: "go" | "deny"): void; withdrawn: Promise<string> } {
    const asked = Promise.withResolvers<Ask>();
    const words = Promise.withResolvers<Awaited<ReturnType<Desk["ask"]>>>();
    const withdrawn = Promise.withResolvers<string>();
    desk = {
      ask(question) {
        asked.resolve(question);
        return words.promise;
      },
      withdraw(ticket) {
        withdrawn.resolve(ticket);
        words.resolve(undefined);
      },
      close: () => undefined,
    };
    return {
      asked: asked.promise,
      withdrawn: withdrawn.promise,
      say: (word) => void asked.promise.then(({ ticket, call: hash }) => words.resolve({ kind: "answer", ticket, answer: { call: hash, say: word, span: "call", reason: null, via: "cli" } })),
    };
  }

  test("waits with its connection open, and is sent after a yes", async () => {
    const bodies: string[] = [];
    serve = (request, response) => void bodyOf(request).then((body) => (bodies.push(body), json(response, resultOf(JSON.parse(body) as Told, {}))));
    const { asked, say } = sit();
    const answered = post(pay);
    expect(JSON.parse((await asked).shown)).toEqual({ amount: 40 });
    // Another call of the same client goes through meanwhile.
    expect((await post(call(2))).status).toBe(200);
    expect(bodies).toHaveLength(1);
    say("go");
    expect((await answered).status).toBe(200);
    expect(JSON.parse(bodies[1]!)).toEqual(pay);
  });

  test("is answered by us after a no; the server hears nothing", async () => {
    let heard = 0;
    serve = (_request, response) => (heard++, void response.end());
    const { say } = sit();
    say("deny");
    expect(await (await post(pay)).text()).toContain("did not allow this");
    expect(heard).toBe(0);
  });

  test("goes with its client: the question is withdrawn, and nothing is sent", async () => {
    let heard = 0;
    serve = (_request, response) => (heard++, void response.end());
    const { asked, withdrawn } = sit();
    const leave = new AbortController();
    const gone = fetch(`${front}/mcp`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(pay), signal: leave.signal }).catch((error: Error) => error.name);
    const { ticket } = await asked;
    leave.abort();
    expect(await withdrawn).toBe(ticket);
    expect(await gone).toBe("AbortError");
    expect((await post(call(2))).status).toBe(200);
    expect(heard).toBe(1);
    expect(records.find(({ kind }) => kind === "approval.answered")).toMatchObject({ answer: "cancelled" });
  });
});
