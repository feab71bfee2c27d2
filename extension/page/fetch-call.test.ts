/** Attacks on the first look: ways in which a page may write a call so that it seems to be none. Node has all that the tap captures but a document. */
import { createRequire } from "node:module";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { BodyText, FetchCall } from "./fetch-call.ts";

let readCall: (input: RequestInfo | URL, init: RequestInit | undefined, known: (url: string) => boolean) => FetchCall | null;

beforeAll(() => {
  vi.stubGlobal("document", {});
  vi.stubGlobal("MouseEvent", class { get relatedTarget() { return null; } });
  vi.stubGlobal("Node", class { get baseURI() { return "https://app.example/"; } });
  // Not `import()`: the captured primitives hold a `then`, and whoever awaits that module calls it.
  ({ readCall } = createRequire(import.meta.url)("./fetch-call.ts") as { readCall: typeof readCall });
});

const URL_ = "https://desk.example/mcp";
const MESSAGE = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"find"}}';
const JSON_TYPE = { "content-type": "application/json" };

/** What the relay is asked about: the body's text, or what it is instead; null when it is not asked. */
async function asked(init: Record<string, unknown>, input: RequestInfo | URL = URL_): Promise<string | null> {
  const call = readCall(input, { method: "POST", ...init } as RequestInit, () => false);
  if (!call) return null;
  const body: BodyText = await call.body;
  return body.kind === "text" ? body.text : body.kind;
}

const utf16 = (text: string): Uint8Array => Uint8Array.from([...text].flatMap((char) => [char.charCodeAt(0), 0]));

describe("the relay is asked about", () => {
  test.each([
    ["a slash escaped", MESSAGE.replace("tools/call", "tools\\/call")],
    ["a key with escapes", MESSAGE.replace("jsonrpc", "\\u006asonrpc").replace("method", "\\u006dethod")],
    ["keys in capitals", MESSAGE.replace("jsonrpc", "JSONRPC").replace("method", "METHOD")],
    ["no version", MESSAGE.replace('"jsonrpc":"2.0",', "")],
    ["white space first", `\n\t ${MESSAGE.replace('"jsonrpc":"2.0",', "")}`],
  ])("%s", async (_name, body) => {
    expect(await asked({ body })).toBe(body);
    expect(await asked({ body: new TextEncoder().encode(body) })).toBe(body);
    expect(await asked({ body: new Blob([body], { type: "application/json" }) })).toBe(body);
  });

  test("a body that is no string but becomes one, as it became once", async () => {
    let turns = 0;
    const body = { toString: () => (turns++ ? "another" : MESSAGE) };
    expect(await asked({ body })).toBe(MESSAGE);
    expect(await asked({ body: new String(MESSAGE) })).toBe(MESSAGE);
    turns = 0;
    const call = readCall(URL_, { method: "POST", body: body as unknown as string }, () => false);
    expect(call?.init?.body).toBe(MESSAGE);
  });

  test("a body under another method than POST", async () => {
    for (const method of ["PUT", "PATCH", "DELETE", "patch"]) expect(await asked({ method, body: MESSAGE })).toBe(MESSAGE);
    expect(await asked({ method: "DELETE", body: MESSAGE, headers: { "mcp-session-id": "s" } })).toBe(MESSAGE);
    expect(readCall(new Request(URL_, { method: "PUT", body: MESSAGE, headers: JSON_TYPE }), undefined, () => false)).not.toBeNull();
  });

  test("a message in another encoding, as unreadable: it is none to us, and one to its server", async () => {
    expect(await asked({ body: utf16(MESSAGE), headers: { "content-type": "application/json; charset=utf-16le" } })).toBe("opaque");
    expect(await asked({ body: utf16(MESSAGE), headers: { "content-type": 'application/json;CHARSET="UTF-16LE"' } })).toBe("opaque");
    expect(await asked({ body: new TextDecoder("utf-8").decode(utf16(MESSAGE)), headers: { "content-type": "application/json; charset=utf-16le" } })).toBe("opaque");
    expect(await asked({ body: new Blob([utf16(MESSAGE) as Uint8Array<ArrayBuffer>]), headers: { "content-type": "application/json; charset=utf-16le" } })).toBe("opaque");
  });

  test("a message that is one in either encoding, as it is", async () => {
    expect(await asked({ body: new TextEncoder().encode(MESSAGE), headers: { "content-type": "application/json; charset=iso-8859-1" } })).toBe(MESSAGE);
  });

  test("bytes in an encoding that nobody here can read, as unreadable", async () => {
    expect(await asked({ body: new TextEncoder().encode(MESSAGE.replaceAll('"', "+ACI-").replace("jsonrpc", "json+AHI-pc")), headers: { "content-type": "application/json; charset=utf-7" } })).toBe("opaque");
  });
});

describe("the relay is not asked about", () => {
  test.each(["a=b", '{"query":"{ me }"}', "", "[1,2]", "hello"])("%j", async (body) => {
    expect(await asked({ body })).toBeNull();
    expect(await asked({ body, headers: { "content-type": "application/json; charset=utf-8" } })).toBeNull();
  });

  test("forms", async () => {
    expect(await asked({ body: new URLSearchParams("a=b") })).toBeNull();
    expect(await asked({ body: new FormData() })).toBeNull();
  });
});
