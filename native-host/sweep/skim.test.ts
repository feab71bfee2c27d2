/** The fast path beside the full reading: whatever a skim lets pass, the full reading would have let pass, with the same effects. */
import { readdirSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inspectJson } from "../../shared/inspect/data/inspect.ts";
import { JSON_LIMITS } from "../../shared/base/json.ts";
import { useMachine } from "../../shared/inspect/data/kernel/machine.ts";
import { standardScanner } from "../../shared/inspect/data/scan.ts";
import type { Samples } from "../../shared/inspect/data/detectors/samples.ts";
import { cutInto, cuts, hostileStream, type Sent } from "../../shared/gate/hostile.fixture.ts";
import { createSession, PASSED, type Session } from "../../shared/gate/session.ts";
import type { Channel } from "../../shared/mcp/channel.ts";
import { remoteServer } from "../../shared/mcp/identity.ts";
import { readMessage } from "../../shared/mcp/message.ts";
import { BASELINE } from "../../shared/policy/baseline.ts";
import { compile } from "../../shared/policy/compile.ts";
import type { Policy } from "../../shared/policy/language.ts";
import { makeMachine } from "./machine.ts";

beforeAll(() => useMachine(makeMachine));
afterAll(() => useMachine(null));

const { skimmer } = standardScanner();
const encoder = new TextEncoder();
const key = new Uint8Array(32);

/** What the full reading says: null where it has anything to say at all. */
function readQuietly(bytes: Uint8Array): Record<string, unknown> | null {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
  if (/\r(?!\n?$)/.test(text)) return null;
  const read = readMessage(text);
  if (!read.ok || read.value.kind !== "single") return null;
  const { findings, unknown } = inspectJson(text, read.value.leaves, key);
  return findings.length === 0 && unknown.length === 0 ? (JSON.parse(text) as Record<string, unknown>) : null;
}

/** @returns whether the skim was enough. */
function holdAgainstFull(bytes: Uint8Array, places: readonly number[] = []): boolean {
  const skim = (): ReturnType<typeof skimmer.skim> => skimmer.skim(cutInto(bytes, places));
  let members = skim();
  const text = new TextDecoder().decode(bytes);
  if (members === null) {
    // Keys and characters become known by the full reading.
    const read = readMessage(text);
    if (read.ok) skimmer.meet(read.value);
    members = skim();
  }
  if (members === null) return false;
  const value = readQuietly(bytes);
  expect(value, text).not.toBeNull();
  for (const { depth, key, above, type, text: said } of members) {
    if (depth > 2) continue;
    const at = depth === 1 ? value : (value![above] as Record<string, unknown>);
    const meant = at![key];
    expect({ s: "string", n: "number", t: "true", f: "false", "0": "null", "{": "object", "[": "array" }[type]).toBe(meant === null ? "null" : typeof meant === "boolean" ? String(meant) : Array.isArray(meant) ? "array" : typeof meant);
    if (said !== null && type === "s") expect(said).toBe(meant);
    if (said !== null && type === "n") expect(Number(said)).toBe(meant);
  }
  return true;
}

const KEYS = ["jsonrpc", "id", "method", "params", "result", "name", "uri", "arguments", "message", "content", "text", "type", "isError", "_meta", "items", "count", "note", "password", "apiKey", "value", "title", "a/b", "iban", "phone", "Method", "cursor"];
const families = await Promise.all(readdirSync(new URL("../../shared/inspect/data/detectors", import.meta.url)).filter((name) => name.endsWith(".samples.ts")).map(async (name) => (await import(`../../shared/inspect/data/detectors/${name.replace(/\.ts$/, "")}.ts`)) as { samples: Samples }));
const SAMPLES = families.flatMap(({ samples }) => [...samples.match.map(({ text }) => text), ...samples.clean.map(({ text }) => text)]);
const DISGUISES: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  (text) => Buffer.from(text).toString("base64"),
  (text) => Buffer.from(Buffer.from(text).toString("base64")).toString("base64url"),
  (text) => Buffer.from(text, "utf16le").toString("base64"),
  (text) => (Buffer.from(text).toString("base64").match(/.{1,64}/g) ?? []).join("\n"),
  (text) => Buffer.from(text).toString("hex"),
  (text) => [...text].map((char) => `&#${char.codePointAt(0)!};`).join(""),
  (text) => text.replaceAll("-", "&hyphen;").replaceAll("@", "&commat;").replaceAll("a", "&#97;"),
  (text) => [...text].map((char) => (/[!-~]/.test(char) ? String.fromCharCode(char.charCodeAt(0) + 0xfee0) : char)).join(""),
  (text) => [...text].join("\u200b"),
  (text) => [...text].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
  (text) => JSON.stringify(JSON.stringify({ note: text })),
  (text) => text.replaceAll("-", "\u2013"),
  (text) => `${text.slice(0, text.length / 2)}\n${text.slice(text.length / 2)}`,
  (text) => `"${text.slice(0, 8)}" + "${text.slice(8)}"`,
];
const prose = fc.constantFrom("The notes were read aloud. ", "é ", "“quoted” – ", "日本語 ", "1732165113000 ", "2026-11-21T05:08:13Z ", "/home/user/projects/src/components/", "a && b ", "50% of ", "https://docs.example/guide?x=1 ", "\t\n", "\"", "\\", "😀", "привет ", "x".repeat(30), "deadbeef".repeat(5), "snake_case_identifier_name ");
const hidden = fc.tuple(fc.constantFrom(...SAMPLES), fc.constantFrom(...DISGUISES)).map(([text, disguise]) => disguise(text));
const said = fc.array(fc.oneof({ weight: 6, arbitrary: prose }, { weight: 1, arbitrary: hidden }, { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 6 }) }), { maxLength: 8 }).map((parts) => parts.join("").toWellFormed());
const { document } = fc.letrec<{ document: unknown; value: unknown }>((tie) => ({
  value: fc.oneof({ depthSize: "small", withCrossShrink: true }, said, fc.double(), fc.integer(), fc.constantFrom(4111111111111111, true, false, null), fc.array(tie("value"), { maxLength: 4 }), tie("document")),
  document: fc.dictionary(fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...KEYS) }, { weight: 1, arbitrary: said }), tie("value"), { maxKeys: 5 }),
}));

/** The same value, written in another way. */
const written = fc.tuple(document, fc.constantFrom(0, 1, "\t"), fc.boolean()).map(([value, space, escaped]) => {
  const text = JSON.stringify(value, null, space).replaceAll("\n", " ");
  return escaped ? text.replace(/[a-z:@-](?=[a-z0-9])/g, (char) => (char === ":" ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)) : text;
});

test("what a skim lets pass, the full reading finds plain, empty, and the same", () => {
  let skimmed = 0;
  fc.assert(
    fc.property(written, cuts, fc.constantFrom("", "\n", "\r\n"), (text, places, end) => {
      if (holdAgainstFull(encoder.encode(text + end), places)) skimmed++;
    }),
    { numRuns: Math.max(1000, fc.readConfigureGlobal().numRuns ?? 0) },
  );
  expect(skimmed).toBeGreaterThan(100);
});

test("bytes that have come to harm are not taken for a message", () => {
  fc.assert(
    fc.property(written, fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom("set", "insert", "drop")), { minLength: 1, maxLength: 3 }), (text, harms) => {
      let bytes = Buffer.from(text);
      for (const [where, byte, how] of harms) {
        const at = where % bytes.length;
        bytes = Buffer.concat([bytes.subarray(0, at), how === "drop" ? Buffer.alloc(0) : Buffer.from([byte]), bytes.subarray(how === "insert" ? at : at + 1)]);
      }
      holdAgainstFull(bytes);
    }),
    { numRuns: Math.max(1000, fc.readConfigureGlobal().numRuns ?? 0) },
  );
});

test("every sample of every detector, in every disguise, in any place", () => {
  for (const sample of SAMPLES) for (const disguise of DISGUISES) for (const at of [0, 5, 65_530]) {
    holdAgainstFull(encoder.encode(JSON.stringify({ jsonrpc: "2.0", id: 1, result: { content: [{ type: "text", text: `${"word ".repeat(at / 5)}${disguise(sample)} and more` }] } })));
  }
});

test.each([
  ["a key twice", '{"jsonrpc":"2.0","id":1,"id":2,"result":{}}'],
  ["a key twice, once escaped", '{"jsonrpc":"2.0","id":1,"\\u0069d":2,"result":{}}'],
  ["a key twice, deep", '{"id":1,"result":{"content":[{"text":"a","text":"b"}]}}'],
  ["half a surrogate pair", '{"id":1,"result":{"text":"\\ud83d"}}'],
  ["a number out of range", '{"id":1,"result":{"count":1e999}}'],
  ["another case of a key", '{"id":1,"Method":"tools/call","result":{}}'],
  ["too deep", `{"id":1,"result":${"[".repeat(70)}${"]".repeat(70)}}`],
  ["two documents", '{"id":1,"result":{}}{"id":2,"result":{}}'],
  ["a batch", '[{"id":1,"result":{}}]'],
  ["a leading zero", '{"id":01,"result":{}}'],
  ["a bare minus", '{"id":-,"result":{}}'],
  ["a trailing comma", '{"id":1,"result":{},}'],
  ["an open string", '{"id":1,"result":"'],
  ["a control character", '{"id":1,"result":"\u0001"}'],
  ["a zero, escaped", '{"id":1,"result":"\\u0000"}'],
  ["a carriage return inside", '{"id":1,\r"result":{}}'],
  ["text behind a carriage return", '{"id":1,"result":{}}\r \n'],
  ["a byte order mark", '\ufeff{"id":1,"result":{}}'],
  ["a name beside a value", '{"id":1,"result":{"name":"password","value":"hunter22"}}'],
  ["a password", '{"id":1,"result":{"password":"hunter22"}}'],
  ["a card as a number", '{"id":1,"result":{"count":4111111111111111}}'],
])("never skimmed: %s", (_, text) => {
  const bytes = encoder.encode(text);
  for (const doc of ['{"jsonrpc":"2.0","id":1,"method":"x","result":{"content":[{"text":"a","count":1}]}}', '{"name":"a"}', '{"value":"b"}', text]) {
    skimmer.skim([encoder.encode(doc)]);
    const read = readMessage(doc);
    if (read.ok) skimmer.meet(read.value);
  }
  expect(skimmer.skim([bytes])).toBeNull();
});

test("invalid UTF-8 is not skimmed", () => {
  for (const bad of [[0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x28, 0xa1], [0x80], [0xff], [0xe2, 0x82]]) {
    const bytes = Buffer.concat([Buffer.from('{"id":1,"result":"'), Buffer.from(bad), Buffer.from('"}')]);
    expect(skimmer.skim([bytes]), String(bad)).toBeNull();
  }
});

/** Its keys and characters are known from here on. */
function getToKnow(text: string): void {
  skimmer.skim([encoder.encode(text)]);
  const read = readMessage(text);
  if (read.ok) skimmer.meet(read.value);
}

test("more values than the full reading takes are not skimmed", () => {
  const listOf = (count: number): Uint8Array => encoder.encode(`{"jsonrpc":"2.0","id":1,"result":{"content":[${"1,".repeat(count - 1)}1]}}`);
  getToKnow('{"jsonrpc":"2.0","id":1,"result":{"content":[]}}');
  expect(skimmer.skim([listOf(JSON_LIMITS.maxNodes - 10)])).not.toBeNull();
  expect(skimmer.skim([listOf(JSON_LIMITS.maxNodes + 10)])).toBeNull();
});

test("an empty piece at the beginning does not go on with the message before", () => {
  getToKnow('{"jsonrpc":"2.0","id":1,"result":{"name":1}}');
  expect(skimmer.skim([encoder.encode('{"jsonrpc":"2.0","id":1,"result":{"name')])).toBeNull();
  expect(skimmer.skim([new Uint8Array(0), encoder.encode('":1}}')])).toBeNull();
  expect(skimmer.skim([new Uint8Array(0), encoder.encode('{"jsonrpc":"2.0","id":1,"result":{}}')])).not.toBeNull();
});

const STRICT: Policy = {
  version: 1,
  id: "strict",
  revision: 1,
  mode: "enforce",
  admission: { default: "allow", servers: [{ id: "desk", match: { url: "https://desk.example/*" }, effect: "allow", tools: [{ name: "delete_*", effect: "block" }] }] },
  rules: [
    { id: "nothing-out", title: "Nothing leaves", when: { direction: "to-server", data: { any: ["secret.*", "pii.*", "pci.*"] } }, effect: "redact" },
    { id: "no-mail-in", title: "No addresses come in", when: { direction: "to-client", data: { any: ["pii.email"] } }, effect: "redact" },
    { id: "ask-find", title: "Ask about find", when: { tool: "find" }, effect: "approve" },
    { id: "no-such-note", title: "No such note", when: { tool: "import", arguments: [{ at: "/note", glob: "hello*" }] }, effect: "block" },
  ],
};

const HANDSHAKE: readonly Sent[] = [
  { direction: "to-server", text: '{"jsonrpc":"2.0","id":"hello","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}' },
  { direction: "to-client", text: '{"jsonrpc":"2.0","id":"hello","result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}' },
];

const channel: Channel = { id: "c1", point: "stdio", transport: "stdio", client: { id: "client:x", name: "x" }, server: remoteServer("https://desk.example/mcp")! };
const PLACE = { channel, by: "guard" as const, key, random: (bytes: number) => new Uint8Array(bytes) };

function makeSession(policy: Policy, now: () => number): Session {
  let drawn = 0;
  const compiled = compile(policy, "local");
  return createSession({ ...PLACE, policy: () => compiled, now, random: (bytes) => Uint8Array.from({ length: bytes }, () => ++drawn & 255) });
}

/** What most traffic is: calls and their answers. */
const routine = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.constantFrom("find", "export", "delete_all"), written, fc.constantFrom(",\"isError\":true", ",\"isError\":false", "")).chain(([id, tool, text, failed]) =>
  fc.constantFrom<Sent>(
    { direction: "to-server", text: `{"method":"tools/call","params":{"name":"${tool}","arguments":${text}},"jsonrpc":"2.0","id":${id}}\n` },
    { direction: "to-client", text: `{"result":{"content":[{"type":"text","text":${JSON.stringify(text)}}]${failed}},"jsonrpc":"2.0","id":${id}}\n` },
    { direction: "to-client", text: `{"method":"notifications/progress","params":{"progressToken":${id},"progress":1,"message":${JSON.stringify(text)}},"jsonrpc":"2.0"}\n` },
  ),
);
/** Calls one after the other, each answered. */
const calls = fc.array(fc.tuple(fc.constantFrom("export", "import", "delete_all"), fc.oneof(written, fc.constant('{"note":"hello there"}')), fc.constantFrom(',"isError":true', ',"isError":false', "")), { minLength: 3, maxLength: 8 }).map((all) =>
  all.flatMap(([tool, text, failed], i): Sent[] => [
    { direction: "to-server", text: `{"method":"tools/call","params":{"name":"${tool}","arguments":${text}},"jsonrpc":"2.0","id":${i % 3}}\n` },
    { direction: "to-client", text: `{"result":{"content":[{"type":"text","text":${JSON.stringify(text)}}]${failed}},"jsonrpc":"2.0","id":${i % 3}}\n` },
  ]),
);
const conversation = fc.oneof({ weight: 3, arbitrary: calls }, { weight: 2, arbitrary: fc.array(routine, { minLength: 2, maxLength: 10 }) }, { weight: 1, arbitrary: fc.tuple(hostileStream, fc.array(routine, { maxLength: 4 })).map(([hostile, usual]) => [...hostile, ...usual]) });

test("a session that may skim and one that reads everything have the same effects", () => {
  let skims = 0;
  let again = 0;
  fc.assert(
    fc.property(conversation, fc.constantFrom(STRICT, BASELINE, { ...STRICT, admission: { default: "block", servers: [] } } satisfies Policy), fc.boolean(), (stream, policy, waits) => {
      let time = 1_750_000_000_000;
      const reading = makeSession(policy, () => time);
      const skimming = makeSession(policy, () => time);
      for (const { direction, text: sent } of [...HANDSHAKE, ...stream]) {
        time += 7;
        const bytes = encoder.encode(sent);
        const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
        const full = reading.step({ kind: "message", direction, text, bytes: bytes.length, waits });
        const skimmed = skimming.skim(direction, [bytes], bytes.length, waits);
        if (skimmed) skims++;
        // An id may be written in another way in what we answer.
        const effects = skimmed ?? skimming.step({ kind: "message", direction, text, bytes: bytes.length, waits });
        const later = skimming.records().map((record) => ({ kind: "record", record }));
        if (later.length > 0) again++;
        expect(alike([...later, ...effects])).toEqual(alike(full));
      }
    }),
    { numRuns: Math.max(500, fc.readConfigureGlobal().numRuns ?? 0) },
  );
  expect(skims).toBeGreaterThan(200);
  expect(again).toBeGreaterThan(50);
});

test("what passed a moment ago is judged anew when an exception has ended, when the policy has changed, and when the clock was set back", () => {
  const until = Date.UTC(2026, 10, 22);
  const policy: Policy = {
    ...STRICT,
    rules: [{ id: "no-export", title: "No export", when: { tool: "export" }, effect: "block" }],
    exceptions: [{ rule: "no-export", when: { tool: "export" }, owner: "a@example.org", ticket: "T-1", until: "2026-11-21" }],
  };
  let time = until - 5000;
  let compiled = compile(policy, "local");
  const session = createSession({ ...PLACE, policy: () => compiled, now: () => time });
  const call = (id: number): string | undefined => {
    const text = `{"method":"tools/call","params":{"name":"export","arguments":{}},"jsonrpc":"2.0","id":${id}}`;
    const effects = session.skim("to-server", [encoder.encode(text)], text.length, false) ?? session.step({ kind: "message", direction: "to-server", text });
    const lane = session.records().length > 0;
    return `${lane ? "at once: " : ""}${effects.filter(({ kind }) => kind !== "record")[0]?.kind}`;
  };
  for (const { direction, text } of HANDSHAKE) session.step({ kind: "message", direction, text });
  // Whether the first ones are skimmed depends on the keys that were met before.
  for (const id of [1, 2]) expect(call(id)).toMatch(/forward$/);
  time += 1000;
  expect(call(3)).toBe("at once: forward");
  compiled = compile({ ...policy, revision: 2, exceptions: [] }, "local");
  expect(call(4)).toBe("drop");
  compiled = compile(policy, "local");
  expect(call(5)).toBe("forward");
  time -= 500;
  expect(call(6)).toBe("forward");
  expect(call(7)).toBe("at once: forward");
  time = until;
  expect(call(8)).toBe("drop");
});

/** A session that has seen calls of a tool pass, and what becomes of a text sent to its server. */
function afterCallsOf(tool: string, policy: Policy): (text: string) => string | undefined {
  let time = 1_750_000_000_000;
  const session = makeSession(policy, () => time);
  const send = (text: string): string | undefined => {
    time += 5;
    const bytes = encoder.encode(text);
    const effects = session.skim("to-server", [bytes], bytes.length, false) ?? session.step({ kind: "message", direction: "to-server", text });
    return effects === PASSED ? "at once" : effects.find(({ kind }) => kind !== "record")?.kind;
  };
  for (const { direction, text } of HANDSHAKE) session.step({ kind: "message", direction, text });
  const said = [1, 2, 3, 4].map((id) => send(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${tool}","arguments":{}}}`));
  expect(said.at(-1)).toBe("at once");
  return send;
}

test("a tool whose name differs from a known one by its dash is another tool", () => {
  const send = afterCallsOf("read-file", { ...STRICT, rules: [], admission: { default: "allow", servers: [{ id: "desk", match: { url: "https://desk.example/*" }, effect: "allow", tools: [{ name: "read\u2013file", effect: "block" }] }] } });
  // The first one makes the character known.
  for (const id of [11, 12, 13]) expect(send(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"read\u2013file","arguments":{}}}`)).toBe("drop");
  for (const id of [14, 15]) expect(send(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"read\\u2013file","arguments":{}}}`)).toBe("drop");
});

test("a method that is made of another and a name is not taken for it", () => {
  const send = afterCallsOf("export", { ...STRICT, rules: [{ id: "calls-only", title: "Only calls", when: { method: "tools/call *" }, effect: "block" }] });
  expect(send('{"jsonrpc":"2.0","id":21,"method":"tools/call name export","params":{}}')).toBe("drop");
});

test("a rule on arguments reads a call without an id as well", () => {
  const send = afterCallsOf("export", STRICT);
  getToKnow('{"method":"tools/call","params":{"name":"import","arguments":{"note":"x"}},"jsonrpc":"2.0"}');
  expect(send('{"jsonrpc":"2.0","method":"tools/call","params":{"name":"import","arguments":{"note":"hello there"}}}')).toBe("drop");
});

function alike(effects: readonly object[]): unknown {
  return effects.map((effect) => ("text" in effect ? { ...effect, text: JSON.parse(String(effect.text)) as unknown } : effect));
}
