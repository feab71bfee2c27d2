/** Hostile streams for property tests: messages of both eras, in both directions, as they should be and bent in every way a peer might think of. */
import fc from "fast-check";
import type { Direction } from "../mcp/channel.ts";
import { METHODS } from "../mcp/methods.ts";

export interface Sent {
  readonly direction: Direction;
  readonly text: string;
}

// Built at run time: nothing that looks like a credential stands in this file.
export const TOKEN = `ghp_${"a1B2c3D4e5F6".repeat(3)}`;
export const EMAIL = ["erika.mustermann", "example.com"].join("@");
export const CARD = ["4242", "4242", "4242", "4242"].join("");
/** The planted values where they stand free: glued to other letters they are another word. */
const alone = (value: string): RegExp => new RegExp(`(?<![\\w.%+-])${value.replaceAll(".", "\\.")}(?![\\w.%+-])`);
/** Those that are what they are wherever they stand; as many digits as a card has make a good id too. */
export const UNMISTAKABLE: readonly RegExp[] = [TOKEN, EMAIL].map(alone);
export const PLANTED: readonly RegExp[] = [...UNMISTAKABLE, alone(CARD)];

const secret = fc.constantFrom(TOKEN, EMAIL, CARD);
const odd = fc.constantFrom("__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "", "id", "method", "Method", "params", "name", "uri", "jsonrpc", "a/b~c", "\u0000", "\ufeff", "\u2028", "\u202e", "e\u0301\u0302", "\ud83d\ude00", "\ud800", "password", "value");
const noise = fc.oneof(odd, fc.string({ maxLength: 12 }), fc.string({ unit: "grapheme", maxLength: 12 }), fc.string({ unit: "binary", maxLength: 8 }));
const words = fc.oneof(
  { weight: 6, arbitrary: noise },
  { weight: 3, arbitrary: fc.tuple(noise, secret, noise).map(([before, found, after]) => `${before} ${found} ${after}`) },
  { weight: 2, arbitrary: secret },
  { weight: 1, arbitrary: fc.tuple(noise, fc.integer({ min: 200, max: 6000 })).map(([unit, length]) => (unit || "x").repeat(Math.ceil(length / (unit.length || 1)))) },
);

/** Raw JSON texts of numbers and ids, some of which no parser reads alike. */
const rawNumber = fc.constantFrom("0", "-0", "1", "1.0", "1e0", "-1", "9007199254740993", "123456789012345678901234567890", "1e308", "1e309", "-1e999", "0.1e-400", "4242424242424242", "01", "+1", "NaN", "Infinity", "1.", ".5", "0x10");
const rawId = fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 0, max: 5 }).map(String) }, { weight: 2, arbitrary: rawNumber }, { weight: 2, arbitrary: words.map((text) => JSON.stringify(text)) }, fc.constantFrom("null", "true", "[]", "{}", '"1"', '"\\u0031"', '"\\ud800"', "[1,2]", '{"id":1}'));

/** Any JSON text, duplicate keys and all. */
const { value: rawValue } = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    words.map((text) => JSON.stringify(text)),
    rawNumber.filter((text) => /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e-?\d+)?$/.test(text)),
    fc.constantFrom("true", "false", "null", "{}", "[]"),
    fc.array(tie("value"), { maxLength: 4 }).map((all) => `[${all.join(",")}]`),
    tie("object"),
  ),
  object: fc.array(fc.tuple(words, tie("value")), { maxLength: 4 }).map((pairs) => `{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(",")}}`),
}));

const method = fc.oneof({ weight: 10, arbitrary: fc.constantFrom(...Object.keys(METHODS)) }, { weight: 1, arbitrary: words }, { weight: 1, arbitrary: fc.constant("vendor/new") });
const named = fc.oneof(fc.constantFrom("find", "export", "delete_all", "crm://customers/1?token=x"), words).map((text) => JSON.stringify(text));
const meta = fc.constantFrom("", ',"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"}}', ',"_meta":{"progressToken":1}', ',"_meta":null');
const params = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(named, rawValue, meta).map(([name, value, more]) => `{"name":${name},"uri":${name},"arguments":${value}${more}}`) },
  { weight: 1, arbitrary: fc.tuple(words, meta).map(([name, more]) => `{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":${JSON.stringify(name)},"version":"1"}${more}}`) },
  { weight: 1, arbitrary: rawValue },
);
const result = fc.oneof(
  fc.tuple(words, rawValue).map(([text, value]) => `{"content":[{"type":"text","text":${JSON.stringify(text)}}],"structuredContent":${value}}`),
  fc.tuple(named, words, rawValue).map(([name, text, value]) => `{"tools":[{"name":${name},"description":${JSON.stringify(text)},"inputSchema":${value}}]}`),
  fc.tuple(words, words).map(([name, capability]) => `{"protocolVersion":"2025-11-25","serverInfo":{"name":${JSON.stringify(name)},"version":"1"},"capabilities":{${JSON.stringify(capability)}:{}}}`),
  fc.tuple(rawValue, words).map(([value, state]) => `{"resultType":"input_required","inputRequests":${value},"requestState":${JSON.stringify(state)}}`),
  rawValue,
);

/** One message as the protocol has it, in its usual order of members and in others. */
const valid = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(rawId, method, params).map(([id, name, what]) => [`"id":${id}`, `"method":${JSON.stringify(name)}`, `"params":${what}`]) },
  { weight: 2, arbitrary: fc.tuple(method, params).map(([name, what]) => [`"method":${JSON.stringify(name)}`, `"params":${what}`]) },
  { weight: 4, arbitrary: fc.tuple(rawId, result).map(([id, what]) => [`"id":${id}`, `"result":${what}`]) },
  { weight: 1, arbitrary: fc.tuple(rawId, words).map(([id, what]) => [`"id":${id}`, `"error":{"code":-32000,"message":${JSON.stringify(what)}}`]) },
).chain((members) => fc.tuple(fc.boolean(), fc.option(fc.tuple(words, rawValue), { freq: 6 })).map(([last, extra]) => {
  const all = ['"jsonrpc":"2.0"', ...members, ...(extra ? [`${JSON.stringify(extra[0])}:${extra[1]}`] : [])];
  return `{${(last ? all.reverse() : all).join(",")}}`;
}));

/** A message that has come to harm, by accident or by design. */
const bent = fc.tuple(valid, valid, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 70 }), rawValue).chain(([text, other, a, b, depth, value]) => {
  const at = a % (text.length + 1);
  const to = Math.min(text.length, at + (b % 20));
  return fc.constantFrom(
    text.slice(0, at),
    text.slice(at),
    text.slice(0, at) + text.slice(to),
    text.slice(0, at) + text.slice(at, to).repeat(3) + text.slice(to),
    text.slice(0, at) + String.fromCharCode((text.charCodeAt(at) || 0) ^ (1 << b % 8)) + text.slice(at + 1),
    text.slice(0, at) + String.fromCharCode(b % 0x10000) + text.slice(at),
    text + other,
    `[${text},${other}]`,
    `[${text},${value}]`,
    `[${text}`,
    `[[${text}]]`,
    "[]",
    value,
    `${"[".repeat(depth)}${text}${"]".repeat(depth)}`,
    text.replace(/\}$/, `,"id":7}`),
    text.replace('"method"', '"Method"'),
    text.replace('"method"', '"\\u006dethod"'),
    text.replace('"jsonrpc":"2.0",', ""),
    `\ufeff${text}`,
    ` \t${text} `,
    text.replaceAll(",", ",\n"),
    text.replaceAll(":", ":\r\n"),
  );
});

const message = fc.oneof({ weight: 3, arbitrary: valid }, { weight: 2, arbitrary: bent }, { weight: 1, arbitrary: fc.array(valid, { minLength: 1, maxLength: 4 }).map((all) => `[${all.join(", ")}]`) });

/** One text that a peer sends. */
export const hostileText: fc.Arbitrary<string> = message;
/** A conversation. */
export const hostileStream: fc.Arbitrary<Sent[]> = fc.array(fc.record({ direction: fc.constantFrom<Direction>("to-server", "to-client"), text: message }), { minLength: 1, maxLength: 8 });
/** Where a stream is cut. */
export const cuts: fc.Arbitrary<readonly number[]> = fc.oneof({ weight: 9, arbitrary: fc.array(fc.nat(20_000), { maxLength: 20 }) }, { weight: 1, arbitrary: fc.constant([-1]) });

/** Cuts at those places; `-1`: everywhere. */
export function cutInto<T extends { readonly length: number; slice(from: number, to?: number): T }>(whole: T, places: readonly number[]): T[] {
  const all = places.includes(-1) ? Array.from({ length: whole.length }, (_, i) => i) : places.map((place) => place % (whole.length || 1));
  const at = [...new Set([0, ...all, whole.length])].toSorted((a, b) => a - b);
  return at.slice(1).map((end, i) => whole.slice(at[i]!, end));
}
