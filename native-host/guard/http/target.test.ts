import { expect, test } from "vitest";
import { readListen } from "./listen-guard.ts";
import { isLoopback, readTarget, withoutSecrets } from "./target.ts";

const URL_TEXT = "https://mcp.example.com/mcp";
const TOKEN = `tok-${"q7W2".repeat(6)}`;

function target(headers: string[], env: Record<string, string> = {}, url = URL_TEXT) {
  const read = readTarget(url, headers, env);
  if (!read.ok) throw new Error(`${read.why.message} ${read.why.fix}`);
  return read.value;
}

test("values come from the environment by name, in both spellings", () => {
  expect(target(["Authorization: Bearer ${DOCS_TOKEN}", "X-Team: $TEAM-a"], { DOCS_TOKEN: TOKEN, TEAM: "blue" }).headers).toEqual({ authorization: `Bearer ${TOKEN}`, "x-team": "blue-a" });
  expect(target(["Authorization: Bearer ${DOCS_TOKEN}"], { DOCS_TOKEN: TOKEN }).authentication).toBe("bearer");
  expect(target(["X-Api-Key: ${KEY}"], { KEY: TOKEN }).authentication).toBe("other");
  expect(target([]).authentication).toBe("none");
});

test.each([
  ["a variable that is not set", ["Authorization: Bearer ${NOT_THERE}"], {}],
  ["an empty variable", ["Authorization: Bearer ${DOCS_TOKEN}"], { DOCS_TOKEN: " " }],
  ["no header at all", [`Authorization ${TOKEN}`], {}],
  ["a line break in the value", ["X-Key: ${KEY}"], { KEY: `${TOKEN}\nx: y` }],
  ["a header that is ours", [`Mcp-Session-Id: ${TOKEN}`], {}],
])("%s is refused, and the value is not repeated", (_, headers, env: Record<string, string>) => {
  const read = readTarget(URL_TEXT, headers, env);
  expect(read.ok).toBe(false);
  expect(JSON.stringify(read)).not.toContain(TOKEN);
});

test.each(["ftp://x.example/", "mcp.example.com", "file:///etc/passwd", "wss://x.example/"])("%s is no address of a server", (address) => {
  expect(readTarget(address, [], {}).ok).toBe(false);
});

test("a password in the address is refused without repeating it", () => {
  const read = readTarget(`https://me:${TOKEN}@mcp.example.com/`, [], {});
  expect(read.ok).toBe(false);
  expect(JSON.stringify(read)).not.toContain(TOKEN);
});

test("a secret on the command line, or on its way without TLS, is warned of by name only", () => {
  const plain = target([`Authorization: Bearer ${TOKEN}`], {}, "http://mcp.example.com/mcp");
  expect(plain.warnings.join("\n")).toMatch(/authorization.*command line[\s\S]*not reached over https/);
  expect(plain.warnings.join("\n")).not.toContain(TOKEN);
  expect(target(["Authorization: Bearer ${T}"], { T: TOKEN }).warnings).toEqual([]);
});

test("what was given in confidence is taken out of words, the key in the address included", () => {
  const { secrets } = target(["Authorization: Bearer ${T}"], { T: TOKEN }, `${URL_TEXT}?key=${TOKEN.toUpperCase()}`);
  expect(withoutSecrets(`no such token: ${TOKEN} ${TOKEN.toUpperCase()}`, { secrets })).toBe("no such token: ••• •••");
});

test("the server's identity leaves the query out", () => {
  expect(target([], {}, `${URL_TEXT}?key=${TOKEN}`).server.url).toBe(URL_TEXT);
});

test.each(["127.0.0.1", "127.8.0.9", "localhost", "app.localhost", "[::1]", "::1"])("%s is this machine", (host) => expect(isLoopback(host)).toBe(true));
test.each(["127.0.0.1.evil.example", "localhost.evil.example", "0.0.0.0", "10.0.0.1", "", "[::]"])("%s is not", (host) => expect(isLoopback(host)).toBe(false));

test.each([
  ["4311", { host: "127.0.0.1", port: 4311 }],
  [":0", { host: "127.0.0.1", port: 0 }],
  ["localhost:80", { host: "localhost", port: 80 }],
  ["[::1]:4311", { host: "::1", port: 4311 }],
])("--listen %s", (text, place) => expect(readListen(text)).toEqual({ ok: true, value: place }));

test.each(["0.0.0.0:80", "192.168.1.2:80", "[::]:80", "localhost", "127.0.0.1:99999", "http://localhost:80", ""])("--listen %s is refused", (text) => expect(readListen(text).ok).toBe(false));
