/** Redaction: valid JSON, no residue, nothing else changed, the same again when done twice. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { leafValue, scanJson, type JsonLeaf } from "../../base/json.ts";
import type { RedactionStyle } from "../../policy/language.ts";
import { asciiToBase64 } from "../../base/base64.ts";
import { fill, luhn } from "./detectors/samples.ts";
import { inspectJson, redactJson, type Redacted } from "./inspect.ts";

const KEY = new Uint8Array(32);
const token = "ghp_" + fill("alnum", 36);
const visa = luhn("4539", 16);

function leavesOf(text: string): JsonLeaf[] {
  const leaves = scanJson(text);
  if (!leaves.ok) throw new Error(`${leaves.why.message} at ${leaves.why.at}: ${text}`);
  return leaves.value;
}

/** Redacts everything at the default threshold. */
function redactAll(text: string, style: RedactionStyle = "placeholder"): Redacted {
  const inspection = inspectJson(text, leavesOf(text), KEY);
  return redactJson(text, inspection, inspection.findings.flatMap((found, finding) => (found.confidence >= 0.6 ? [{ finding, style }] : [])));
}

test("replaces the value and nothing else, byte for byte", () => {
  const text = `{ "n":1.0, "big":12345678901234567890,\n "text" : "use \\u0022${token}\\u0022 now", "é":"\\/" }`;
  const { text: out, replaced, untouchable } = redactAll(text);
  expect(out).toBe(`{ "n":1.0, "big":12345678901234567890,\n "text" : "use \\"[redacted secret.github-token]\\" now", "é":"\\/" }`);
  expect(replaced).toBe(1);
  expect(untouchable).toEqual([]);
});

test("masks keep the last four", () => {
  expect(redactAll(JSON.stringify({ card: visa }), "mask").text).toBe(JSON.stringify({ card: `••••${visa.slice(-4)}` }));
});

test("only what is asked for is replaced", () => {
  const text = JSON.stringify({ a: token, card: visa });
  const inspection = inspectJson(text, leavesOf(text), KEY);
  const card = inspection.findings.findIndex((finding) => finding.class === "pci.card-number");
  expect(JSON.parse(redactJson(text, inspection, [{ finding: card, style: "placeholder" }]).text)).toEqual({ a: token, card: "[redacted pci.card-number]" });
  expect(redactJson(text, inspection, [])).toEqual({ text, replaced: 0, untouchable: [] });
});

test("copies in other strings go too, in plain and inside nested JSON", () => {
  const secret = 'x"Q7\\' + fill("alnum", 9);
  const structuredContent = { password: secret };
  const text = JSON.stringify({ result: { structuredContent, content: [{ type: "text", text: JSON.stringify(structuredContent) }, { type: "text", text: `set to ${secret}.` }] } });
  const { text: out } = redactAll(text);
  expect(out).not.toContain(secret.slice(-9));
  const { result } = JSON.parse(out) as { result: { structuredContent: unknown; content: { text: string }[] } };
  expect(result.structuredContent).toEqual({ password: "[redacted secret.password]" });
  expect(JSON.parse(result.content[0]!.text)).toEqual(result.structuredContent);
  expect(result.content[1]!.text).toBe("set to [redacted secret.password].");
});

test("a short value vanishes where it stands alone, not inside other words", () => {
  const text = JSON.stringify({ password: "kx9q", note: "it is kx9q", other: "akx9q7 stays" });
  expect(JSON.parse(redactAll(text).text)).toEqual({ password: "[redacted secret.password]", note: "it is [redacted secret.password]", other: "akx9q7 stays" });
});

// threat: encoded-secret
test("an encoded value is replaced as a whole, and a base64 field stays base64", () => {
  const encoded = asciiToBase64(`T=${token}\n`);
  const { result } = JSON.parse(redactAll(JSON.stringify({ result: { contents: [{ uri: "file:///a", blob: encoded }], text: `see ${encoded} there` } })).text) as {
    result: { contents: { blob: string }[]; text: string };
  };
  expect(result.text).toBe("see [redacted secret.github-token] there");
  expect(atob(result.contents[0]!.blob)).toBe("[redacted secret.github-token]");
});

const UNTOUCHABLE: readonly [string, (value: string) => unknown][] = [
  ["the request id", (value) => ({ jsonrpc: "2.0", id: value })],
  ["the method", (value) => ({ jsonrpc: "2.0", method: value })],
  ["a progress token", (value) => ({ params: { _meta: { progressToken: value } } })],
  ["a cursor", (value) => ({ params: { cursor: value } })],
  ["the next cursor", (value) => ({ result: { nextCursor: value } })],
  ["request state", (value) => ({ params: { requestState: value } })],
  ["a task id", (value) => ({ params: { task: { taskId: value } } })],
  ["a subscription id", (value) => ({ params: { subscriptionId: value } })],
  ["the called tool", (value) => ({ method: "tools/call", params: { name: value, arguments: {} } })],
  ["a listed tool", (value) => ({ result: { tools: [{ name: value }] } })],
  ["a resource URI", (value) => ({ result: { contents: [{ uri: `https://x/${value}` }] } })],
  ["an object key", (value) => ({ params: { arguments: { [value]: 1 } } })],
  ["a batch member's id", (value) => [{ jsonrpc: "2.0", id: value }]],
];

test.each(UNTOUCHABLE)("%s is left alone and reported", (_, build) => {
  const text = JSON.stringify(build(token));
  const { text: out, replaced, untouchable } = redactAll(text);
  expect(out).toBe(text);
  expect(replaced).toBe(0);
  expect(untouchable.map((finding) => finding.class)).toEqual(["secret.github-token"]);
});

test("a copy of a replaced value stays where nothing may change", () => {
  const { text, replaced } = redactAll(JSON.stringify({ id: 7, result: { note: token, nextCursor: `at ${token}` } }));
  expect(JSON.parse(text)).toEqual({ id: 7, result: { note: "[redacted secret.github-token]", nextCursor: `at ${token}` } });
  expect(replaced).toBe(1);
});

// threat: handle-smuggling
test("a copy in a handle that no detector names is reported", () => {
  const password = "tR7" + fill("alnum", 12);
  const { text, untouchable } = redactAll(JSON.stringify({ result: { structuredContent: { password }, nextCursor: password } }));
  expect(JSON.parse(text)).toEqual({ result: { structuredContent: { password: "[redacted secret.password]" }, nextCursor: password } });
  expect(untouchable).toMatchObject([{ class: "secret.password", pointer: "/result/nextCursor", start: 0, end: 15 }]);
});

test("a number cannot become a string: reported, not replaced", () => {
  const text = `{"card":${visa}}`;
  expect(redactAll(text)).toMatchObject({ text, untouchable: [{ class: "pci.card-number", pointer: "/card" }] });
});

test("arguments named like handles of other messages are data", () => {
  const { text } = redactAll(JSON.stringify({ params: { name: "send", arguments: { name: token, uri: token } } }));
  expect(JSON.parse(text)).toEqual({ params: { name: "send", arguments: { name: "[redacted secret.github-token]", uri: "[redacted secret.github-token]" } } });
});

// ---- properties ----

const secret = fc.oneof(
  fc.integer({ min: 1, max: 1e6 }).map((seed) => "ghp_" + fill("alnum", 36, seed)),
  fc.integer({ min: 1, max: 1e6 }).map((seed) => "sk_live_" + fill("alnum", 24, seed)),
  fc.integer({ min: 1, max: 1e6 }).map((seed) => luhn("4539", 16, seed)),
  fc.integer({ min: 1, max: 1e6 }).map((seed) => `${fill("lower", 8, seed)}@contoso.com`),
);
const filler = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: "grapheme", maxLength: 12 }), fc.constantFrom("password: ", "card ", "\\", '"', "call ", "\u0000", "é", "[redacted secret.jwt]"));
const field = fc.oneof(fc.constantFrom("text", "card", "password", "mobile", "note", "blob", "value", "name"), fc.string({ minLength: 1, maxLength: 8 }));

/** Text around a secret: what touches it must leave it recognisable. */
const carrier = fc.tuple(filler, secret, filler).map(([before, value, after]) => ({ value, text: `${before} card ${value} ${after}` }));
const wrapped = fc.tuple(carrier, fc.constantFrom("plain", "json", "base64", "percent")).map(([{ value, text }, form]) => {
  if (form === "json") return { value, text: JSON.stringify({ inner: text }) };
  if (form === "base64") return { value, text: `see ${asciiToBase64(`card ${value} end`)} there` };
  if (form === "percent") return { value, text: `q=${encodeURIComponent(` card ${value} `)}` };
  return { value, text };
});
const message = fc.record({ secrets: fc.array(fc.tuple(field, wrapped), { minLength: 1, maxLength: 4 }), others: fc.dictionary(field, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }), indent: fc.constantFrom(0, 2) }).map(({ secrets, others, indent }) => ({
  values: secrets.map(([, { value }]) => value),
  text: JSON.stringify({ result: { content: secrets.map(([name, { text }]) => ({ [`x${name}`]: text, type: "text" })), structuredContent: others, copy: secrets.map(([, { text }]) => text) } }, null, indent),
}));

test("property: valid JSON, no residue, untouched leaves unchanged, and redacting again changes nothing", () => {
  fc.assert(
    fc.property(message, fc.constantFrom<RedactionStyle>("placeholder", "mask"), ({ text, values }, style) => {
      fc.pre(scanJson(text).ok);
      const { text: out } = redactAll(text, style);
      JSON.parse(out);

      const before = leavesOf(text), after = leavesOf(out);
      expect(after.length).toBe(before.length);
      for (const value of values) {
        expect(out).not.toContain(value);
        expect(out).not.toContain(JSON.stringify(value).slice(1, -1));
        expect(out).not.toContain(encodeURIComponent(value));
      }
      before.forEach((leaf, i) => {
        const old = leafValue(text, leaf), now = leafValue(out, after[i]!);
        if (leaf.kind !== "string") expect(now).toBe(old);
        // Outside its replacements a leaf keeps every character.
        else if (now !== old) expect(isSplice(old, now)).toBe(true);
      });

      const again = redactAll(out, style);
      expect(again.text).toBe(out);
    }),
    { numRuns: 300 },
  );
});

/** `now` is `old` with some stretches replaced by placeholders, masks or base64 of them. */
function isSplice(old: string, now: string): boolean {
  const kept = now.split(/\[redacted [a-z.-]+\]|••••[A-Za-z0-9._]{0,4}/);
  let at = 0;
  for (const part of kept) {
    const found = old.indexOf(part, at);
    if (found < 0) return /^[A-Za-z0-9+/=]+$/.test(now); // a base64 field, replaced as a whole
    at = found + part.length;
  }
  return true;
}
