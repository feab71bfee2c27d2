/** Servers and pages that send what cannot be judged: nothing personal gets through, nobody is left waiting, everything is told and recorded, and the next good call works. */
import { Buffer } from "node:buffer";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Malformed } from "../../shared/events/record.ts";
import { findBrowser } from "../browser/find.ts";
import { FAULTS } from "../servers/bad/faults.ts";
import { openStage, type Stage } from "../stage.ts";
import { until } from "../until.ts";
import type { RawOutcome } from "../workbench/page/hooks.ts";
import type { CallOutcome } from "../workbench/page/state.ts";
import { requestText } from "../workbench/witness.ts";

const found = await findBrowser(process.env);
if ("missing" in found) throw new Error(found.missing);
const { path: browserPath } = found;

/** Admits the bad servers and takes contact and payment data out of what they say. */
const POLICY = `version: 1
id: bad-input
revision: 1
mode: enforce
admission:
  default: block
  servers:
    - { id: bad, match: { url: "http://127.0.0.1:*/bad/*" }, effect: allow }
    - { id: desk, match: { url: "http://127.0.0.1:*/desk/mcp" }, effect: allow }
rules:
  - { id: people, title: People stay hidden, when: { direction: to-client, data: { any: [pii.*] } }, effect: redact }
  - { id: keys, title: Keys stay here, when: { direction: to-server, data: { any: [secret.*] } }, effect: redact }
`;
const PERSONAL = /ines\.kettering|GB82/;
const JSON_HEADERS = { "content-type": "application/json", accept: "application/json, text/event-stream" };
const TOKEN = `ghp_${"Zx9Yw8Vu7Ts6".repeat(3)}`;

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ browserPath, headless: true, policy: POLICY, beforePart: async () => undefined });
});
afterAll(() => stage?.close());

let since = 0;
beforeEach(() => {
  since = Date.now();
});

const pathOf = (fault: string): string => `/bad/${fault}/mcp`;
const message = (method: string, id = 7): string => JSON.stringify({ jsonrpc: "2.0", id, method, params: method === "tools/call" ? { name: "misbehave", arguments: {} } : {} });

/** Raw `fetch` of the page; what it got as text and, byte for byte, in base64. */
function raw(path: string, body: string, more: { stopAfterBytes?: number } = {}): Promise<RawOutcome> {
  return stage.page.evaluate(([to, init]) => window.workbench.rawFetch(to, init), [path, { method: "POST", headers: JSON_HEADERS, body, ...more }] as const);
}

function everythingSeen(outcome: CallOutcome): string {
  return JSON.stringify(outcome) + outcome.exchanges.map((exchange) => Buffer.from(exchange.bytes, "base64").toString("latin1")).join("\n");
}

function bytesOf(outcome: RawOutcome): string {
  return outcome.kind === "response" ? Buffer.from(outcome.bytes, "base64").toString("latin1") : outcome.message;
}

async function connectAndCall(fault: string): Promise<CallOutcome> {
  return stage.page.evaluate(async (path) => {
    const outcome = await window.workbench.connect(path, "v1");
    if (outcome.kind === "failed") throw new Error(outcome.error.message);
    return window.workbench.call(path, "misbehave");
  }, pathOf(fault));
}

function malformed(wanted: Partial<Malformed>, path: string): Promise<Malformed> {
  return until(`a malformed record like ${JSON.stringify(wanted)}`, async () =>
    (await stage.journal()).find(
      (record): record is Malformed =>
        record.kind === "malformed" && record.time >= since && record.server.kind === "remote" && record.server.url.endsWith(path) && Object.entries(wanted).every(([key, value]) => record[key as keyof Malformed] === value),
    ),
  );
}

/** The page, the relay and the server still understand each other. */
async function goesOn(fault: string): Promise<void> {
  const pong = await raw(pathOf(fault), message("ping", 99));
  expect(pong).toMatchObject({ kind: "response", status: 200, text: JSON.stringify({ jsonrpc: "2.0", id: 99, result: {} }) });
  const hours = await stage.page.evaluate(async () => {
    await window.workbench.connect("desk", "v1");
    return window.workbench.call("desk", "desk_hours");
  });
  expect(hours).toMatchObject({ kind: "result", result: { content: [{ text: expect.stringContaining("Monday") as string }] } });
}

/** Fault → what the record says is wrong, and a word of what the person reads. */
const REFUSED: Readonly<Record<string, readonly [Malformed["fault"], string]>> = {
  "broken-json": ["syntax", "not valid JSON"],
  html: ["content-type", "text/html"],
  plain: ["content-type", "text/plain"],
  untyped: ["content-type", "no content type"],
  "sse-as-json": ["syntax", "not valid JSON"],
  huge: ["oversize", "16 MiB"],
  "huge-sse": ["oversize", "16 MiB"],
  "duplicate-keys": ["duplicate-key", "ambiguous"],
  "lone-surrogate": ["lone-surrogate", "ambiguous"],
  "invalid-utf8": ["encoding", "UTF-8"],
  utf16: ["syntax", "not valid JSON"],
  deep: ["depth", "nested too deeply"],
};

describe("a reply that cannot be judged", () => {
  test.each(Object.entries(REFUSED))("%s is refused with words, recorded, and the next call works", async (fault, [kind, words]) => {
    const outcome = await connectAndCall(fault);
    expect(everythingSeen(outcome)).not.toMatch(PERSONAL);
    expect(outcome).toMatchObject({ kind: "result", result: { isError: true, content: [{ text: expect.stringMatching(/Sluice/) as string }] } });
    expect(JSON.stringify(outcome)).toContain(words);
    const recorded = malformed({ fault: kind, direction: "to-client", outcome: "refused" }, pathOf(fault));

    const seen = await raw(pathOf(fault), message("tools/call"));
    expect(bytesOf(seen)).not.toMatch(PERSONAL);
    expect(seen).toMatchObject({ kind: "response", complete: true, text: expect.stringContaining("Sluice did not pass this message on") as string });
    await goesOn(fault);
    await recorded;
  });

  test("20 MB are refused without being held: the page's memory and time stay bounded", async () => {
    const started = performance.now();
    const seen = await raw(pathOf("huge"), message("tools/call"));
    expect(seen.kind === "response" && seen.text.length).toBeLessThan(1000);
    // Generous: the machine may be busy. Without a bound it would be held, scanned and parsed as a whole.
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});

describe("a stream with bad parts", () => {
  test("junk-sse: the broken event is dropped and recorded, the good ones arrive redacted", async () => {
    const outcome = await connectAndCall("junk-sse");
    expect(everythingSeen(outcome)).not.toMatch(PERSONAL);
    expect(outcome).toMatchObject({ kind: "result", result: { content: [{ text: expect.stringContaining("Grüße, Ines Kettering") as string }] } });
    expect(outcome.steps).toMatchObject([{ kind: "log", data: "after lone CRs" }]);
    await malformed({ fault: "syntax", outcome: "dropped" }, pathOf("junk-sse"));
    const seen = await raw(pathOf("junk-sse"), message("tools/call"));
    expect(bytesOf(seen)).not.toMatch(PERSONAL);
    expect(seen.kind === "response" && seen.text).toContain("a comment behind a byte order mark");
    await goesOn("junk-sse");
  });

  test.each(["unfinished-sse", "wrong-id"])("%s: what arrives is redacted", async (fault) => {
    const seen = await raw(pathOf(fault), message("tools/call"));
    expect(bytesOf(seen)).not.toMatch(PERSONAL);
    expect(seen.kind === "response" && seen.text).toContain("redacted");
    await goesOn(fault);
  });

  test("endless: messages flow one by one, redacted, and leaving reaches the server", async () => {
    const seen = await raw(pathOf("endless"), message("subscriptions/listen"), { stopAfterBytes: 400 });
    expect(seen).toMatchObject({ kind: "response", complete: false });
    expect(bytesOf(seen)).not.toMatch(PERSONAL);
    expect(seen.kind === "response" && seen.text.split("redacted").length).toBeGreaterThan(2);
    await until("the server notices that the page has left", () => stage.workbench.witness().findLast((exchange) => exchange.mount === "bad/endless")?.state === "torn");
    await goesOn("endless");
  });

  test("cut: half a result reaches nobody, and the page gets the network error that it would get without Sluice", async () => {
    const seen = await raw(pathOf("cut"), message("tools/call"));
    expect(seen).toEqual({ kind: "error", name: "TypeError", message: "network error" });
    await goesOn("cut");
  });

  test("silent: the page gets the head at once and may leave", async () => {
    const status = await stage.page.evaluate(
      async ([path, headers, body]) => {
        const leave = new AbortController();
        const response = await fetch(path, { method: "POST", headers, body, signal: leave.signal });
        const read = response.body!.getReader().read();
        leave.abort();
        return [response.status, await read.then(() => "data", (error: Error) => error.name)];
      },
      [pathOf("silent"), JSON_HEADERS, message("tools/call")] as const,
    );
    expect(status).toEqual([200, "AbortError"]);
    await until("the server notices", () => stage.workbench.witness().findLast((exchange) => exchange.mount === "bad/silent")?.state === "torn");
    await goesOn("silent");
  });

  // The SDKs do not follow redirects to elsewhere; a page's own fetch does.
  // threat: redirected-elsewhere
  test("redirect: what another server says in place of the asked one does not reach the page", async () => {
    const recorded = malformed({ fault: "redirect", direction: "to-client", outcome: "refused" }, pathOf("redirect"));
    const seen = await raw(pathOf("redirect"), message("tools/call"));
    expect(seen).toMatchObject({ kind: "response", text: expect.stringContaining("another server, which the policy does not allow") as string });
    await goesOn("redirect");
    await recorded;
  });

  test("every fault is covered here", () => {
    expect(Object.keys(FAULTS).toSorted()).toEqual([...Object.keys(REFUSED), "junk-sse", "unfinished-sse", "wrong-id", "endless", "cut", "silent", "redirect"].toSorted());
  });
});

describe("a request that cannot be judged", () => {
  const lastSeq = (): number => stage.workbench.witness().at(-1)?.seq ?? 0;

  test.each([
    ["as text", "string"],
    ["as bytes", "bytes"],
    ["as a file", "blob"],
  ])("20 MB from the page, %s, are refused with words and never sent", async (_, form) => {
    const before = lastSeq();
    const answer = await stage.page.evaluate(
      async ([headers, how]) => {
        const text = JSON.stringify({ method: "tools/call", params: { name: "add_note", arguments: { id: "c-1001", text: "x".repeat(20 << 20) } }, jsonrpc: "2.0", id: 31 });
        const body = how === "string" ? text : how === "bytes" ? new TextEncoder().encode(text) : new Blob([text], { type: "application/json" });
        const response = await fetch("/desk/mcp", { method: "POST", headers, body });
        return (await response.json()) as unknown;
      },
      [JSON_HEADERS, form] as const,
    );
    expect(answer).toMatchObject({ id: 31, error: { message: expect.stringContaining("16 MiB") as string } });
    expect(stage.workbench.witness(before)).toEqual([]);
    await malformed({ fault: "oversize", direction: "to-server", outcome: "refused" }, "/desk/mcp");
  });

  test("a file of 40 MB is not even read, and refused", async () => {
    const before = lastSeq();
    const answer = await stage.page.evaluate(async (headers) => {
      const body = new Blob(['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"', "x".repeat(40 << 20), '"}}'], { type: "application/json" });
      return (await (await fetch("/desk/mcp", { method: "POST", headers, body })).json()) as unknown;
    }, JSON_HEADERS);
    expect(answer).toMatchObject({ error: { message: expect.stringContaining("Sluice did not pass this message on") as string } });
    expect(stage.workbench.witness(before)).toEqual([]);
  });

  test.each([
    ["cut off", `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"add_note","arguments":{"id":"c-1001","text":"${TOKEN}`],
    ["two keys of one name", `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"desk_hours","name":"add_note","arguments":{"id":"c-1001","text":"${TOKEN}"}}}`],
    ["cut off before its method", `{"jsonrpc":"2.0","id":5,"params":{"text":"${TOKEN}"`],
    ["not even JSON-RPC, to a server that is known", `{"note":"${TOKEN}", "id":5,`],
  ])("broken JSON, %s: refused with words, nothing of it sent", async (_, body) => {
    const before = lastSeq();
    await goesOn("html");
    const seen = await raw("/desk/mcp", body);
    expect(seen).toMatchObject({ kind: "response", status: 200 });
    expect(JSON.parse(seen.kind === "response" ? seen.text : "")).toMatchObject({ id: 5, error: { message: expect.stringContaining("Sluice did not pass this message on") as string } });
    expect(stage.workbench.witness(before).map(requestText).join("")).not.toContain(TOKEN);
    await malformed({ direction: "to-server", outcome: "refused" }, "/desk/mcp");
    expect(JSON.stringify(await stage.journal())).not.toContain(TOKEN);
  });

  test("bytes that are no UTF-8 are refused", async () => {
    const before = lastSeq();
    const answer = await stage.page.evaluate(async (headers) => {
      const body = new Uint8Array([...new TextEncoder().encode('{"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"'), 0xff, 0xfe, 0x22, 0x7d, 0x7d]);
      return (await (await fetch("/desk/mcp", { method: "POST", headers, body })).json()) as unknown;
    }, JSON_HEADERS);
    expect(answer).toMatchObject({ error: { message: expect.stringContaining("not readable text") as string } });
    expect(stage.workbench.witness(before)).toEqual([]);
  });
});
