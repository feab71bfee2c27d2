/** What two readers may read in two ways, or no reader can hold, has one outcome each, in either direction (docs/wire.md). */
import { beforeEach, describe, expect, test } from "vitest";
import { JSON_LIMITS } from "../base/json.ts";
import type { EventRecord } from "../events/record.ts";
import type { Channel, Direction } from "../mcp/channel.ts";
import { remoteServer } from "../mcp/identity.ts";
import { lineFramer } from "../mcp/lines.ts";
import { compile } from "../policy/compile.ts";
import { MAX_MESSAGE_BYTES, openExchange } from "./http.ts";
import { createSession, type Effect, type Input, type Session } from "./session.ts";

let session: Session;
let records: EventRecord[];

beforeEach(() => {
  records = [];
  const channel: Channel = { id: "c", point: "stdio", transport: "stdio", client: { id: "client:x", name: "x" }, server: remoteServer("https://desk.example/mcp")! };
  const policy = compile({ version: 1, id: "open", revision: 1, mode: "enforce", admission: { default: "allow", servers: [] }, rules: [] }, "local");
  session = createSession({ channel, by: "guard", policy: () => policy, key: new Uint8Array(32), now: () => 1_750_000_000_000, random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)) });
});

function step(input: Input): Exclude<Effect, { kind: "record" }>[] {
  const effects = session.step(input);
  for (const effect of effects) if (effect.kind === "record") records.push(effect.record);
  return effects.filter((effect) => effect.kind !== "record");
}

const say = (direction: Direction, text: string) => step({ kind: "message", direction, text });
const call = (id: number, args = "{}"): string => `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"find","arguments":${args}}}`;
const answer = (id: number, value: string): string => `{"jsonrpc":"2.0","id":${id},"result":{"content":[],"structuredContent":${value}}}`;
const textOf = (effect: Effect | undefined): unknown => (effect && "text" in effect ? JSON.parse(effect.text) : undefined);

const REFUSED: readonly [name: string, value: string, fault: string][] = [
  ["two keys of one name", '{"a":1,"a":2}', "duplicate-key"],
  ["two keys of one name, one of them escaped", '{"a":1,"\\u0061":2}', "duplicate-key"],
  ["half a surrogate pair, escaped", '"\\ud83d"', "lone-surrogate"],
  ["half a surrogate pair, as it is", `"${String.fromCharCode(0xde00)}"`, "lone-surrogate"],
  ["half a surrogate pair in a key", '{"\\ud83d":1}', "lone-surrogate"],
  ["a number too large for a double", "1e309", "number-range"],
  ["a very long number too large for a double", `-${"9".repeat(400)}`, "number-range"],
  ["more depth than anybody needs", "[".repeat(JSON_LIMITS.maxDepth) + "]".repeat(JSON_LIMITS.maxDepth), "depth"],
  ["a tower that would break a recursive reader", "[".repeat(200_000) + "]".repeat(200_000), "depth"],
  ["more values than anybody needs", `[${"0,".repeat(JSON_LIMITS.maxNodes)}0]`, "nodes"],
];

// threat: ambiguous-json, parser-bomb
describe.each(REFUSED)("%s", (_, value, fault) => {
  test("in a call: the server never sees it, the client is told under its id", () => {
    const [drop, reply] = say("to-server", call(4, value));
    expect(drop).toEqual({ kind: "drop" });
    expect(textOf(reply)).toMatchObject({ id: 4, error: {} });
    expect(records.at(-1)).toMatchObject({ kind: "malformed", fault, outcome: "refused" });
    // Nothing is left open: the id can be used again.
    expect(say("to-server", call(4))).toEqual([{ kind: "forward" }]);
    expect(say("to-client", answer(4, "1"))).toEqual([{ kind: "forward" }]);
  });

  test("in an answer: the client gets a refusal in its place, in the form of the call", () => {
    say("to-server", call(4));
    const effects = say("to-client", answer(4, value));
    expect(effects.map(({ kind }) => kind)).toEqual(["replace"]);
    expect(textOf(effects[0])).toMatchObject({ id: 4, result: { isError: true } });
  });

  test("in a notification: it is dropped, and nobody is answered", () => {
    say("to-server", call(4));
    expect(say("to-client", `{"jsonrpc":"2.0","method":"notifications/message","params":{"data":${value}}}`)).toEqual([{ kind: "drop" }]);
    expect(say("to-client", answer(4, "1"))).toEqual([{ kind: "forward" }]);
  });
});

describe("numbers that doubles can hold pass as they were written, also where a reader would round them", () => {
  test.each(["9007199254740993", "0.1e-400", "-0", "1E400".replace("400", "300"), "1.0", "3.14159265358979323846264338327950288"])("%s", (value) => {
    expect(say("to-server", call(1, `{"n":${value}}`))).toEqual([{ kind: "forward" }]);
  });
});

describe("ids that both sides use", () => {
  const ask = '{"jsonrpc":"2.0","id":5,"method":"sampling/createMessage","params":{"messages":[]}}';
  const broken = ask.replace("[]", '[],"messages":[]');

  test("a server's unreadable question is answered to the server, and leaves the client's own request open", () => {
    say("to-server", call(5));
    const [drop, reply] = say("to-client", broken);
    expect([drop?.kind, reply?.kind]).toEqual(["drop", "reply"]);
    expect(textOf(reply)).toMatchObject({ id: 5, error: {} });
    expect(say("to-client", answer(5, "1"))).toEqual([{ kind: "forward" }]);
    expect(records.at(-1)).toMatchObject({ kind: "response", tool: "find" });
  });

  test("a client's unreadable answer is refused to the server that waits, and nobody answers the client's own request", () => {
    say("to-server", call(5));
    say("to-client", ask);
    const effects = say("to-server", '{"jsonrpc":"2.0","id":5,"result":{"role":"user","role":"assistant"}}');
    expect(effects.map(({ kind }) => kind)).toEqual(["replace"]);
    expect(textOf(effects[0])).toMatchObject({ id: 5, error: {} });
    expect(say("to-client", answer(5, "1"))).toEqual([{ kind: "forward" }]);
  });

  test("an unreadable answer that nobody waits for is dropped", () => {
    expect(say("to-server", '{"jsonrpc":"2.0","id":5,"result":{"a":1,"a":2}}')).toEqual([{ kind: "drop" }]);
  });

  test("a server's unreadable question inside the stream of a reply is answered to the server, and the reply goes on", () => {
    const told: string[] = [];
    const request = { method: "POST", headers: { accept: "application/json, text/event-stream" }, body: call(5), unreadable: null };
    const exchange = openExchange(session, request, () => {}, (text: string) => told.push(text));
    exchange.head(200, "text/event-stream");
    expect(exchange.chunk(`data: ${broken}\n\n`)).toBe("");
    expect(told.map((text) => JSON.parse(text) as unknown)).toMatchObject([{ id: 5, error: {} }]);
    const last = `data: ${answer(5, "1")}\n\n`;
    expect(exchange.chunk(last) + exchange.end()).toBe(last);
  });
});

// threat: oversized-message
test("a line of 64 MiB is counted and not kept, refused under its id, and the next one is whole", () => {
  const framer = lineFramer(MAX_MESSAGE_BYTES);
  const piece = new TextEncoder().encode("x".repeat(1 << 20));
  const start = new TextEncoder().encode('{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"find","arguments":{"text":"');
  const frames = [...framer.push(start), ...Array.from({ length: 64 }, () => framer.push(piece)).flat(), ...framer.push(new TextEncoder().encode(`"}}}\n${call(10)}\n`))];
  expect(frames.map(({ kind }) => kind)).toEqual(["oversize", "line"]);
  const [long] = frames;
  if (long?.kind !== "oversize") throw new Error("it was kept");
  expect(long.bytes).toBe(start.length + 64 * piece.length + 5);
  expect(long.head.length + long.tail.length).toBeLessThan(10_000);
  const [drop, reply] = step({ kind: "unreadable", direction: "to-server", fault: "oversize", detail: "it is larger than 16 MiB", bytes: long.bytes, head: new TextDecoder().decode(long.head) });
  expect(drop).toEqual({ kind: "drop" });
  expect(textOf(reply)).toMatchObject({ id: 9, error: { data: { reason: "oversize" } } });
});
