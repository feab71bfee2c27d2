/** The gate under hostile streams: it never breaks, every message has exactly one fate, whoever is refused is told, and nothing planted comes out where it must not. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { scanJson } from "../base/json.ts";
import { isEventRecord } from "../events/guard.ts";
import type { EventRecord } from "../events/record.ts";
import { opposite, type Channel, type Direction } from "../mcp/channel.ts";
import { remoteServer } from "../mcp/identity.ts";
import { lineFramer, wholeLine } from "../mcp/lines.ts";
import { sameId } from "../mcp/request-id.ts";
import { guessMessage, readMessage, type Envelope } from "../mcp/message.ts";
import { BASELINE } from "../policy/baseline.ts";
import { compile } from "../policy/compile.ts";
import type { Policy } from "../policy/language.ts";
import { Exchanges } from "./exchanges.ts";
import { cuts, cutInto, hostileStream, hostileText, PLANTED, UNMISTAKABLE, type Sent } from "./hostile.fixture.ts";
import { looksLikeMcp, openExchange, type HttpRequest } from "./http.ts";
import { createSession, type Effect, type Session } from "./session.ts";

/** `npm run verify` raises the default, and here the issue asks for ten thousand. */
const RUNS = (fc.readConfigureGlobal().numRuns ?? 0) > 1000 ? 10_000 : 300;

const STRICT: Policy = {
  version: 1,
  id: "strict",
  revision: 1,
  mode: "enforce",
  admission: { default: "allow", servers: [{ id: "desk", match: { url: "https://desk.example/*" }, effect: "allow", tools: [{ name: "delete_*", effect: "block" }] }] },
  rules: [
    { id: "nothing-out", title: "Nothing leaves", when: { direction: "to-server", data: { any: ["secret.*", "pii.*", "pci.*"] } }, effect: "redact" },
    { id: "no-mail-in", title: "No addresses come in", when: { direction: "to-client", data: { any: ["pii.email"] } }, effect: "redact" },
    { id: "no-tokens-in", title: "No tokens come in", when: { direction: "to-client", data: { any: ["secret.*"] } }, effect: "block" },
  ],
};
const POLICIES = [STRICT, BASELINE, { ...STRICT, admission: { default: "block", servers: [] } } satisfies Policy].map((policy) => compile(policy, "local"));
const strict = POLICIES[0]!;

/** A session whose clock and randomness are the same in every run. */
function makeSession(policy = strict): Session {
  let time = 1_750_000_000_000;
  let drawn = 0;
  const channel: Channel = { id: "c1", point: "page", transport: "streamable-http", client: { id: "app:https://chat.example", name: "chat.example" }, server: remoteServer("https://desk.example/mcp")! };
  return createSession({ channel, by: "guard", policy: () => policy, key: new Uint8Array(32), now: () => ++time, random: (bytes) => Uint8Array.from({ length: bytes }, () => ++drawn & 255) });
}

const recordsOf = (effects: readonly Effect[]): EventRecord[] => effects.flatMap((effect) => (effect.kind === "record" ? [effect.record] : []));
const fateOf = (effects: readonly Effect[]) => effects.filter((effect) => effect.kind === "forward" || effect.kind === "replace" || effect.kind === "drop");

/** What stands in a JSON text, escapes undone. */
function said(text: string): string {
  const strings: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) strings.push(String(value));
    else {
      strings.push(...Object.keys(value));
      Object.values(value).forEach(walk);
    }
  };
  walk(JSON.parse(text));
  return strings.join("\n");
}

function holdsPlanted(text: string): boolean {
  return PLANTED.some((planted) => planted.test(text));
}

/** @param known what the receiver has said itself: an id that it chose comes back to it. */
const tellsMoreThan = (known: string) => (text: string): boolean => UNMISTAKABLE.some((planted) => planted.test(said(text)) && !planted.test(known));

/** Raw ids of the requests in a text that can be judged. */
function askers(text: string): string[] {
  const read = readMessage(text);
  if (!read.ok) return [];
  const messages = read.value.kind === "batch" ? read.value.members : [read.value];
  return messages.flatMap(({ envelope }) => (envelope.kind === "request" ? [envelope.id] : []));
}

function checkRecords(records: readonly EventRecord[]): void {
  for (const record of records) {
    expect(record).toSatisfy(isEventRecord);
    expect(said(JSON.stringify(record))).not.toSatisfy(holdsPlanted);
  }
}

function checkEffects(effects: readonly Effect[], { direction, text }: Sent, known: string): void {
  const fates = fateOf(effects);
  expect(fates).toHaveLength(1);
  const fate = fates[0]!;
  const replies = effects.flatMap((effect) => (effect.kind === "reply" ? [effect.text] : []));
  expect(replies.length).toBeLessThanOrEqual(1);
  checkRecords(recordsOf(effects));

  if (fate.kind === "forward") {
    expect(readMessage(text).ok).toBe(true);
    if (direction === "to-server") expect(text).not.toSatisfy(tellsMoreThan(known));
    return;
  }
  if (fate.kind === "replace") {
    expect(scanJson(fate.text).ok).toBe(true);
    if (direction === "to-server") expect(fate.text).not.toSatisfy(tellsMoreThan(known));
  }
  for (const reply of replies) JSON.parse(reply);
  // Every request that does not go on has its answer, under its own id.
  const gone = askers(text).toSorted();
  if (fate.kind === "replace") for (const id of askers(fate.text)) gone.splice(gone.indexOf(id), 1);
  const answered = replies.flatMap((reply) => [...reply.matchAll(/"jsonrpc":"2\.0","id":([^]*?),"(?:result|error)":\{"(?:content|code|resultType)"/g)].map((match) => match[1]!)).toSorted();
  if (gone.length > 0) expect(answered).toEqual(gone);
  // Broken text towards a server is answered too, unless it looks like an answer: its sender may wait.
  if (direction === "to-server" && !readMessage(text).ok && guessMessage(text).kind !== "response") expect(replies).toHaveLength(1);
}

test("every message has one fate, and whoever is refused is told", () => {
  fc.assert(
    fc.property(hostileStream, fc.constantFrom(...POLICIES), (stream, policy) => {
      const session = makeSession(policy);
      let known = "";
      for (const sent of stream) {
        const effects = session.step({ kind: "message", ...sent });
        if (policy === strict) checkEffects(effects, sent, known);
        else {
          expect(fateOf(effects)).toHaveLength(1);
          checkRecords(recordsOf(effects));
        }
        if (sent.direction === "to-client") known += `${sent.text}\n`;
      }
    }),
    { numRuns: RUNS },
  );
});

test("text that could not be taken whole is never handed on, and breaks nothing", () => {
  fc.assert(
    fc.property(hostileStream, (stream) => {
      const session = makeSession();
      for (const { direction, text } of stream) {
        const effects = session.step({ kind: "unreadable", direction, fault: "oversize", detail: "it is too large", bytes: text.length, head: text.slice(0, 4096) });
        expect(fateOf(effects).map(({ kind }) => kind)).not.toContain("forward");
        expect(fateOf(effects)).toHaveLength(1);
        for (const effect of effects) if (effect.kind === "replace" || effect.kind === "reply") JSON.parse(effect.text);
        checkRecords(recordsOf(effects));
        session.step({ kind: "message", direction: opposite(direction), text });
        const late = session.step({ kind: "unanswered", head: text, because: { id: "x", fault: "syntax", detail: "it was dropped" } });
        for (const effect of late) if (effect.kind === "replace") JSON.parse(effect.text);
      }
    }),
    { numRuns: RUNS },
  );
});

test("lines: any chunking of the bytes gives the same effects", () => {
  const encoder = new TextEncoder();
  const run = (pieces: readonly Uint8Array[], direction: Direction): Effect[] => {
    const session = makeSession();
    const framer = lineFramer(8192);
    return [...pieces.flatMap((piece) => framer.push(piece)), ...framer.end()].flatMap((frame) =>
      frame.kind === "line"
        ? session.step({ kind: "message", direction, text: new TextDecoder().decode(wholeLine(frame)) })
        : session.step({ kind: "unreadable", direction, fault: "oversize", detail: "it is too large", bytes: frame.bytes, head: new TextDecoder().decode(frame.head) }),
    );
  };
  fc.assert(
    fc.property(hostileStream, cuts, fc.constantFrom<Direction>("to-server", "to-client"), (stream, places, direction) => {
      const bytes = encoder.encode(stream.map(({ text }) => text).join("\n"));
      expect(JSON.stringify(run(cutInto(bytes, places), direction))).toBe(JSON.stringify(run([bytes], direction)));
    }),
    { numRuns: RUNS },
  );
});

const post = (body: string): HttpRequest => ({ method: "POST", headers: { accept: "application/json, text/event-stream", "content-type": "application/json" }, body, unreadable: null });

/** Both halves of an exchange. */
function overHttp(body: string, type: string, pieces: readonly string[]): { out: string; request: string; records: EventRecord[] } {
  const records: EventRecord[] = [];
  const exchange = openExchange(makeSession(), post(body), (record) => records.push(record));
  const { verdict } = exchange;
  if (verdict.kind === "answer") return { out: verdict.body, request: "", records };
  const head = exchange.head(200, type);
  if (head.kind !== "tap") return { out: head.kind === "answer" ? head.body : "", request: "", records };
  let out = "";
  for (const piece of pieces) out += exchange.chunk(piece);
  return { out: out + exchange.end(), request: verdict.kind === "replace" ? verdict.body : body, records };
}

/** A reply as a stream of events, with lines of its own that no framer may trip over. */
const asEvents = (texts: readonly string[]): string => texts.map((text, i) => `${i % 2 ? ": ping\r\n" : ""}event: message\nid: ${i}\n${text.split(/\r\n|[\r\n]/).map((line) => `data: ${line}\n`).join("")}${i % 3 ? "\r\n" : "\n"}`).join("");

/** Blank lines between events mean nothing: an event goes on at its last CR, and an LF that comes later stands before the next one. */
const withoutBlank = (out: string, type: string): string => (type === "text/event-stream" ? out.replace(/\r\n?/g, "\n").replace(/\n{2,}/g, "\n\n").replace(/^\n+/, "") : out);

test("over HTTP: any chunking of a reply gives the same text and the same records", () => {
  fc.assert(
    fc.property(hostileText, fc.array(hostileText, { maxLength: 5 }), cuts, fc.constantFrom("application/json", "text/event-stream", "application/x-ndjson"), (body, replies, places, type) => {
      const reply = type === "text/event-stream" ? asEvents(replies) : replies.join("\n");
      const whole = overHttp(body, type, [reply]);
      const cut = overHttp(body, type, cutInto(reply, places));
      expect({ ...cut, out: withoutBlank(cut.out, type) }).toEqual({ ...whole, out: withoutBlank(whole.out, type) });
      checkRecords(whole.records);
      if (whole.request !== "") expect(whole.request).not.toSatisfy(tellsMoreThan(""));
    }),
    { numRuns: RUNS },
  );
});

test("over HTTP: a request has an answer that parses, or goes on as text that is not ambiguous", () => {
  fc.assert(
    fc.property(hostileText, (body) => {
      looksLikeMcp(post(body), false);
      const { verdict } = openExchange(makeSession(), post(body), () => {});
      if (verdict.kind === "pass") expect(body === "" || readMessage(body).ok).toBe(true);
      if (verdict.kind === "replace") expect(readMessage(verdict.body).ok).toBe(true);
      if (verdict.kind !== "answer") return;
      if (verdict.status === 202) {
        expect(askers(body)).toEqual([]);
        return;
      }
      JSON.parse(verdict.body);
      // Two ids of a batch that a client may take for one have one answer.
      const answered = Array.from(verdict.body.matchAll(/"id":("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*),/g), ([, id]) => sameId(id!));
      for (const id of askers(body)) expect(answered).toContain(sameId(id));
    }),
    { numRuns: RUNS },
  );
});

const request = (id: string, name = "find"): Envelope => ({ kind: "request", id, method: "tools/call", params: { name } });

test("requests that nobody answers are forgotten, oldest first", () => {
  const exchanges = new Exchanges();
  for (let id = 0; id < 30_000; id++) exchanges.of("to-server", request(String(id)), id, () => "x");
  expect(exchanges.take("to-server", "0")).toBeNull();
  expect(exchanges.take("to-server", "29999")).not.toBeNull();
});

test("what open requests hold is bounded by its size too, not only by their number", () => {
  const exchanges = new Exchanges();
  const long = "x".repeat(1_000_000);
  for (let id = 0; id < 100; id++) exchanges.of("to-client", request(String(id), `${long}${id}`), id, () => "x");
  expect(exchanges.take("to-client", "0")).toBeNull();
  expect(exchanges.take("to-client", "99")).not.toBeNull();
  // An answered one makes room: the small ones after it all stay.
  for (let id = 200; id < 1200; id++) exchanges.of("to-server", request(String(id)), id, () => "x");
  expect(exchanges.take("to-server", "200")).not.toBeNull();
});
