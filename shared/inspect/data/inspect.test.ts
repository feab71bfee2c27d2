/** Whole messages: where findings stand, what context their fields give, what is shown of them. */
import { expect, test } from "vitest";
import { scanJson } from "../../base/json.ts";
import { asciiToBase64 } from "../../base/base64.ts";
import { fill, luhn } from "./detectors/samples.ts";
import { inspectJson, type Inspection } from "./inspect.ts";
import { mask, preview } from "./mask.ts";

const KEY = new Uint8Array(32).fill(7);
const token = "ghp_" + fill("alnum", 36);
const password = "tR7" + fill("alnum", 9);
const visa = luhn("4539", 16);

function inspect(value: unknown, text = JSON.stringify(value)): Inspection {
  const leaves = scanJson(text);
  if (!leaves.ok) throw new Error(leaves.why.message);
  return inspectJson(text, leaves.value, KEY);
}

const classesAt = (value: unknown): string[] => inspect(value).findings.filter((finding) => finding.confidence >= 0.6).map((finding) => `${finding.class} ${finding.pointer}`);

test("findings carry their pointer, also through arrays and odd keys", () => {
  expect(classesAt({ result: { content: [{ text: "nothing" }, { text: `k ${token}` }], "a/b~c": token } })).toEqual([
    "secret.github-token /result/content/1/text",
    "secret.github-token /result/a~1b~0c",
  ]);
});

test("keys and numbers are judged like strings", () => {
  expect(classesAt({ params: { arguments: { [token]: 1 } } })).toEqual([`secret.github-token /params/arguments/${token}`]);
  expect(classesAt({ card: Number(visa) })).toEqual(["pci.card-number /card"]);
  expect(classesAt({ ticket: Number(visa) })).toEqual([]);
});

test("the name of a field is context: its own, its array's, its sibling's", () => {
  expect(classesAt({ arguments: { password } })).toEqual(["secret.password /arguments/password"]);
  expect(classesAt({ passwords: [password] })).toEqual(["secret.password /passwords/0"]);
  expect(classesAt({ env: [{ name: "DB_PASSWORD", value: password }] })).toEqual(["secret.password /env/0/value"]);
  expect(classesAt({ env: [{ value: password, key: "DB_PASSWORD" }] })).toEqual(["secret.password /env/0/value"]);
  expect(classesAt({ env: [{ name: "REGION", value: password }] })).toEqual([]);
  expect(classesAt({ mobile: "0412 349 107" })).toEqual(["pii.phone /mobile"]);
});

test("noise of the protocol is no secret, but a real token there still is", () => {
  const long = fill("alnum", 40);
  expect(classesAt({ params: { _meta: { progressToken: long }, cursor: long }, result: { nextCursor: long, etag: long } })).toEqual([]);
  expect(classesAt({ params: { cursor: token } })).toEqual(["secret.github-token /params/cursor"]);
});

test("schemas that speak about passwords hold none", () => {
  const inputSchema = { type: "object", properties: { password: { type: "string", description: "Your password, 8 characters at least" }, api_key: { type: "string" } }, required: ["password", "api_key"] };
  expect(classesAt({ result: { tools: [{ name: "login", description: "Takes a password and returns a token", inputSchema }] } })).toEqual([]);
});

// threat: encoded-secret
test("escapes and encodings inside the message do not hide a value", () => {
  const escapes = [...token].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
  expect(inspect(null, `{"a":"${escapes}"}`).findings.map((finding) => [finding.start, finding.end])).toEqual([[0, token.length]]);
  expect(classesAt({ contents: [{ uri: "file:///x", blob: asciiToBase64(`A=1\nT=${token}\n`) }] })).toEqual(["secret.github-token /contents/0/blob"]);
});

test("the same value has the same fingerprint in every disguise, another key another one", () => {
  const { findings } = inspect({ a: token, b: `x ${token}`, c: asciiToBase64(`v ${token}`) });
  expect(findings).toHaveLength(3);
  expect(new Set(findings.map((finding) => finding.fingerprint)).size).toBe(1);
  const text = JSON.stringify({ a: token });
  const leaves = scanJson(text);
  const other = leaves.ok ? inspectJson(text, leaves.value, new Uint8Array(32)).findings[0] : undefined;
  expect(other?.fingerprint).not.toBe(findings[0]!.fingerprint);
});

test("previews show four characters at most, and none of a short value", () => {
  expect(preview("secret.github-token", token)).toBe(`GitHub token ••••${token.slice(-4)}`);
  expect(preview("pci.card-number", visa)).toBe(`••••${visa.slice(-4)}`);
  expect(mask("hunter2abcd")).toBe("••••");
  expect(mask("GB82 WEST 1234 5698 7654 32")).toBe("••••5432");
  for (const { preview: shown } of inspect({ password: "short1", pwd: password, t: token }).findings) {
    expect(shown).not.toContain("short1");
    expect(shown).not.toContain(password.slice(-5));
    expect(shown).not.toContain(token.slice(-5));
  }
});

test("what could not be judged is named", () => {
  expect(inspect({ a: "fine" }).unknown).toEqual([]);
  expect(inspect({ a: "-key".repeat(60_000) }).unknown).toContain("secret.password");
});

test("a short text that was clean under one name is looked at again under another", () => {
  for (let i = 0; i < 2; i++) {
    expect(classesAt({ note: password })).toEqual([]);
    expect(classesAt({ password })).toEqual(["secret.password /password"]);
    expect(classesAt({ [password]: 1, n: [{ name: "password", value: password }] })).toEqual(["secret.password /n/0/value"]);
  }
});
