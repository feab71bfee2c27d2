/** The page's own fetch under Sluice: every way to ask and to read, an MCP reply that looks like the original, and a page without MCP that cannot tell the difference. */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { chromium, type Browser, type Page } from "playwright";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { findBrowser } from "../browser/find.ts";
import { LOOPBACK_ONLY, sandboxSwitches } from "../browser/protected.ts";
import { openStage, type Stage } from "../stage.ts";
import { until } from "../until.ts";
import type {} from "../workbench/page/hooks.ts";
import { requestText, responseBytes, type Exchange } from "../workbench/witness.ts";
import { reportBrake } from "./report-brake.ts";

const found = await findBrowser(process.env);
if ("missing" in found) throw new Error(found.missing);
const { path: browserPath } = found;

const brake = reportBrake();
let stage: Stage;
let page: Page;
beforeAll(async () => {
  stage = await openStage({ browserPath, headless: true, beforePart: brake.beforePart });
  page = stage.page;
});
afterAll(() => stage?.close());
beforeEach(() => brake.release());

const lastSeq = (): number => stage.workbench.witness().at(-1)?.seq ?? 0;
const posts = (since: number): Exchange[] => stage.workbench.witness(since).filter((exchange) => exchange.method === "POST");

/** A token in a live format, built here and opening nothing. */
const token = (): string => ["ghp", "Zx9Yw8Vu7Ts6".repeat(3)].join("_");
const ACCEPT = { "content-type": "application/json", accept: "application/json, text/event-stream" };
const HOURS = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "desk_hours", arguments: {} } });

/** A legacy session of our own; its id goes with every later request. */
async function session(): Promise<Record<string, string>> {
  return page.evaluate(async (headers) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "0" } } });
    const response = await fetch("/desk/mcp", { method: "POST", headers, body });
    await response.text();
    return { ...headers, "mcp-session-id": response.headers.get("mcp-session-id") ?? "", "mcp-protocol-version": "2025-11-25" };
  }, ACCEPT);
}

describe("the page's own fetch", () => {
  let headers: Record<string, string>;
  beforeAll(async () => {
    headers = await session();
  });

  test("a tapped reply looks like the original: url, type, redirected, status, headers; clone reads the same", async () => {
    const before = lastSeq();
    const seen = await page.evaluate(
      async ([given, body]) => {
        const response = await fetch("/desk/mcp#part", { method: "POST", headers: given, body });
        const copy = response.clone();
        const third = copy.clone();
        const facts = (each: Response): unknown[] => [each.url, each.type, each.redirected, each.ok, each.status, each.statusText, each instanceof Response, each.constructor === Response, Object.prototype.toString.call(each)];
        return { facts: [facts(response), facts(copy), facts(third)], texts: [await response.text(), await copy.text(), await third.text()], used: [response.bodyUsed, copy.bodyUsed], headers: Object.fromEntries(response.headers) };
      },
      [headers, HOURS] as const,
    );
    const [sent] = posts(before);
    const facts = [new URL("/desk/mcp", stage.workbench.url).href, "basic", false, true, 200, "OK", true, true, "[object Response]"];
    expect(seen.facts).toEqual([facts, facts, facts]);
    expect(seen.texts).toEqual(Array.from({ length: 3 }, () => responseBytes(sent!).toString()));
    expect(seen.used).toEqual([true, true]);
    expect(seen.headers).toMatchObject({ "content-type": sent!.responseHeaders["content-type"], "mcp-session-id": sent!.responseHeaders["mcp-session-id"] });
  });

  test("the function itself looks like the original", async () => {
    const facts = await page.evaluate(() => [fetch.name, fetch.length, typeof fetch, "prototype" in fetch, Object.getOwnPropertyDescriptor(window, "fetch")?.enumerable, Object.keys(window).includes("fetch")]);
    expect(facts).toEqual(["fetch", 1, "function", false, true, true]);
    const errors = await page.evaluate(() => Promise.all([fetch("http://[").catch((error: Error) => error.name), (fetch as () => Promise<unknown>)().catch((error: Error) => error.name), fetch("/", { method: "POST", body: "{}", mode: "navigate" }).catch((error: Error) => error.name)]));
    expect(errors).toEqual(["TypeError", "TypeError", "TypeError"]);
  });

  test.each(["text", "text stream", "own buffer", "blob", "arrayBuffer", "json"])("a reply may be read as %s", async (way) => {
    const length = await page.evaluate(
      async ([given, body, how]) => {
        const response = await fetch("/desk/mcp", { method: "POST", headers: given, body });
        if (how === "text") return (await response.text()).length;
        if (how === "blob") return (await response.blob()).size;
        if (how === "arrayBuffer") return (await response.arrayBuffer()).byteLength;
        if (how === "json") return response.json().then(() => -1, () => -2);
        let size = 0;
        if (how === "text stream") {
          const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
          for (let part = await reader.read(); !part.done; part = await reader.read()) size += part.value.length;
          return size;
        }
        const reader = response.body!.getReader({ mode: "byob" });
        for (let part = await reader.read(new Uint8Array(16)); !part.done; part = await reader.read(new Uint8Array(16))) size += part.value.length;
        return size;
      },
      [headers, HOURS, way] as const,
    );
    const [sent] = stage.workbench.witness().slice(-1);
    // The desk answers with an event stream, which is no JSON document.
    expect(length).toBe(way === "json" ? -2 : responseBytes(sent!).length);
  });

  test.each(["string", "bytes", "view", "blob", "request", "request with init", "request of bytes", "url object"])("a body given as %s arrives as it was, and loses its secret", async (form) => {
    const secret = token();
    for (const note of ["plain – grüße", `key ${secret}`]) {
      const before = lastSeq();
      const body = JSON.stringify({ jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "add_note", arguments: { id: "c-1005", text: note } } });
      const status = await page.evaluate(
        async ([given, text, how]) => {
          const bytes = new TextEncoder().encode(text);
          const padded = new Uint8Array(bytes.length + 10);
          padded.set(bytes, 5);
          const init = { method: "POST", headers: given };
          const send = (): Promise<Response> => {
            switch (how) {
              case "string":
                return fetch("/desk/mcp", { ...init, body: text });
              case "bytes":
                return fetch("/desk/mcp", { ...init, body: bytes.buffer });
              case "view":
                return fetch("/desk/mcp", { ...init, body: padded.subarray(5, 5 + bytes.length) });
              case "blob": {
                const { "content-type": type, ...others } = given;
                return fetch("/desk/mcp", { method: "POST", headers: others, body: new Blob([bytes], { type: type ?? "" }) });
              }
              case "request":
                return fetch(new Request("/desk/mcp", { ...init, body: text }));
              case "request with init":
                return fetch(new Request("/desk/mcp", { method: "POST", body: "wrong", headers: { "content-type": "text/wrong" } }), { ...init, body: text, signal: new AbortController().signal });
              case "request of bytes":
                return fetch(new Request("/desk/mcp", { ...init, body: bytes }));
              default:
                return fetch(new URL("/desk/mcp", location.href), { ...init, body: text });
            }
          };
          const response = await send();
          await response.text();
          return response.status;
        },
        [headers, body, form] as const,
      );
      expect(status).toBe(200);
      const [sent] = posts(before);
      expect(sent!.requestHeaders).toMatchObject({ "content-type": "application/json", "mcp-session-id": headers["mcp-session-id"] });
      if (note.startsWith("plain")) expect(requestText(sent!)).toBe(body);
      else expect(requestText(sent!)).toMatch(/"key \[redacted [^\]]+\]"/);
      expect(requestText(sent!)).not.toContain(secret);
    }
  });

  test("arguments that change when they are read twice are sent as they were judged", async () => {
    const before = lastSeq();
    const secret = token();
    await page.evaluate(
      async ([given, benign, evil]) => {
        let reads = 0;
        const init = { method: "POST", headers: given, get body() { return ++reads === 1 ? benign : evil; } };
        const address = { toString: ((times) => () => (++times === 1 ? "/desk/mcp" : "/rogue/mcp"))(0) };
        await (await fetch("/desk/mcp", init)).text();
        await (await fetch(address as unknown as string, { method: "POST", headers: given, body: benign })).text();
      },
      [headers, HOURS, HOURS.replace("desk_hours", secret)] as const,
    );
    expect(posts(before).map((exchange) => [exchange.mount, requestText(exchange)])).toEqual([["desk", HOURS], ["desk", HOURS]]);
  });

  test.each([
    ["an escaped name", '{"json\\u0072pc":"2.0","id":1,"m\\u0065thod":"tools/call","params":{}}'],
    ["no version", '{"id":1,"method":"tools/call","params":{}}'],
    ["capitals", '{"JSONRPC":"2.0","id":1,"Method":"tools/call","params":{}}'],
  ])("a call written with %s is still a call, from the very first", async (_, body) => {
    // A page of its own: with this one the address is known by now.
    const tab = await stage.browser.context.newPage();
    const before = lastSeq();
    await tab.goto(stage.workbench.url);
    const said = await tab.evaluate(async (text) => [await (await fetch("/rogue/mcp", { method: "POST", body: text })).text(), await (await fetch("/rogue/mcp", { method: "POST", body: new TextEncoder().encode(text) })).text()], body);
    expect(said).toEqual([expect.stringContaining("Sluice"), expect.stringContaining("Sluice")]);
    expect(posts(before)).toEqual([]);
    await tab.close();
  });

  test("an abort reaches the server, before and during the reply", async () => {
    const before = lastSeq();
    const { reached, go } = brake.stopBefore(2);
    const body = JSON.stringify({ jsonrpc: "2.0", id: 3, method: "tools/call", params: { name: "export_report", arguments: { partSize: 4 }, _meta: { progressToken: "p" } } });
    const ended = page.evaluate(
      async ([given, text]) => {
        const leave = new AbortController();
        const response = await fetch("/desk/mcp", { method: "POST", headers: given, body: text, signal: leave.signal });
        (window as unknown as { leave: AbortController }).leave = leave;
        const reader = response.body!.getReader();
        for (;;) {
          const part = await reader.read().catch((error: Error) => error.name);
          if (typeof part === "string") return part;
          if (part.done) return "ended";
        }
      },
      [headers, body] as const,
    );
    await reached;
    await until("the page has the head of the reply", () => page.evaluate(() => "leave" in window));
    await page.evaluate(() => (window as unknown as { leave: AbortController }).leave.abort());
    expect(await ended).toBe("AbortError");
    await until("the server sees it", () => posts(before)[0]?.state === "torn");
    go();
    const early = await page.evaluate(async ([given, text]) => fetch("/desk/mcp", { method: "POST", headers: given, body: text, signal: AbortSignal.abort("enough") }).catch((reason: unknown) => reason), [headers, body] as const);
    expect(early).toBe("enough");
  });

  test("the listening GET stays open, delivers, and closes when left", async () => {
    const own = await session();
    const before = lastSeq();
    const listening = page.evaluate(async (given) => {
      const leave = new AbortController();
      const response = await fetch("/desk/mcp", { headers: { ...given, accept: "text/event-stream" }, signal: leave.signal });
      (window as unknown as { listener: AbortController }).listener = leave;
      return [response.status, response.headers.get("content-type"), await response.text().catch((error: Error) => error.name)];
    }, own);
    await until("the listener is open", () => page.evaluate(() => "listener" in window));
    // Another request goes through while it listens.
    expect(await page.evaluate(async ([given, body]) => (await fetch("/desk/mcp", { method: "POST", headers: given, body })).status, [own, HOURS] as const)).toBe(200);
    expect(stage.workbench.witness(before).find((exchange) => exchange.method === "GET")!.state).toBe("open");
    await page.evaluate(() => (window as unknown as { listener: AbortController }).listener.abort());
    expect(await listening).toEqual([200, "text/event-stream", "AbortError"]);
    await until("the server sees it", () => stage.workbench.witness(before).find((exchange) => exchange.method === "GET")?.state === "torn");
    expect(await page.evaluate(async (given) => (await fetch("/desk/mcp", { method: "DELETE", headers: given })).status, own)).toBe(200);
  });

  test("what the listening GET of the reference server says arrives while it is open", async () => {
    await page.evaluate(async () => {
      await window.workbench.connect("everything", "v1");
      window.workbench.clearLog();
    });
    const before = lastSeq();
    await page.evaluate(() => window.workbench.call("everything", "toggle-simulated-logging"));
    // Its log messages come on the listener, some seconds apart; the first one at once.
    const listener = await until("a message on the listener", () => stage.workbench.witness().findLast((exchange) => exchange.mount === "everything" && exchange.method === "GET" && responseBytes(exchange).includes("notifications/message")), 15_000);
    expect(listener.state).toBe("open");
    expect(posts(before).length).toBeGreaterThan(0);
    await page.evaluate(() => window.workbench.disconnect("everything"));
  });
});

describe("a page without MCP", () => {
  let server: Server;
  let origin: string;
  let plain: Browser;
  let pages: [Page, Page];

  beforeAll(async () => {
    server = createServer((request, response) => void serve(request).then(({ type, body, parts }) => {
      response.setHeader("content-type", type);
      response.setHeader("x-own", "kept");
      for (const part of parts ?? []) response.write(part);
      response.end(body);
    }));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    plain = await chromium.launch({ executablePath: browserPath, args: [LOOPBACK_ONLY, ...sandboxSwitches()] });
    pages = [await stage.browser.context.newPage(), await plain.newPage()];
    await Promise.all(pages.map((each) => each.goto(origin)));
  });
  afterAll(async () => {
    await plain?.close();
    server?.closeAllConnections();
    server?.close();
  });

  /** Says back what it received; `/stream` answers in parts, `/redirect` … */
  async function serve(request: IncomingMessage): Promise<{ type: string; body: string; parts?: string[] }> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const path = request.url ?? "/";
    if (path === "/") return { type: "text/html", body: "<!doctype html><title>plain</title>" };
    if (path === "/stream") return { type: "text/event-stream", body: "", parts: ["data: 1\n\n", "data: grüße\n\n"] };
    // The boundary of a form is random.
    const said = Buffer.concat(chunks).toString("utf8").replaceAll(/-{4,}WebKitFormBoundary\w+/g, "BOUNDARY");
    const headers = Object.fromEntries(["content-type", "accept", "x-given", "content-length"].map((name) => [name, String(request.headers[name] ?? "").replace(/boundary=.*/, "boundary")]));
    return { type: "application/json", body: JSON.stringify({ method: request.method, path, headers, said }) };
  }

  const CASES: Readonly<Record<string, string>> = {
    "a plain GET": `fetch("/a?b=1")`,
    "a GET with headers": `fetch("/a", { headers: { "x-given": "1", accept: "application/json" } })`,
    "a JSON POST": `fetch("/a", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ id: 1, text: "ghp_" + "Zx9Yw8Vu7Ts6".repeat(3) }) })`,
    "a JSON POST as text/plain": `fetch("/a", { method: "post", body: '{"broken":' })`,
    "another JSON-RPC": `fetch("/a", { method: "POST", headers: { "content-type": "application/json", accept: "application/json" }, body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_call", params: [] }) })`,
    "a URL form": `fetch("/a", { method: "POST", body: new URLSearchParams({ a: "1", b: "ü" }) })`,
    "a form with a file": `(() => { const form = new FormData(); form.set("a", "1"); form.set("f", new File(["content"], "f.txt", { type: "text/plain" })); return fetch("/a", { method: "POST", body: form }); })()`,
    "an upload of a JSON blob": `fetch("/a", { method: "PUT", body: new Blob(['{"a":1}'], { type: "application/json" }) })`,
    "a POST of a JSON blob": `fetch("/a", { method: "POST", body: new Blob(['{"a":1}'], { type: "application/json" }) })`,
    "bytes": `fetch("/a", { method: "POST", body: new Uint8Array([123, 255, 125]) })`,
    "a Request": `fetch(new Request("/a", { method: "POST", headers: { "content-type": "application/json", "x-given": "2" }, body: "{}" }))`,
    "an empty POST": `fetch("/a", { method: "POST" })`,
    "null as init": `fetch("/a", null)`,
    "an event stream": `fetch("/stream", { headers: { accept: "text/event-stream" } })`,
    "an unknown address": `fetch("http://127.0.0.1:1/")`,
    "a method that is forbidden": `fetch("/a", { method: "CONNECT" })`,
    "a GET with a body": `fetch("/a", { body: "x" })`,
    "a used Request": `(async () => { const request = new Request("/a", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" }); await request.text(); return fetch(request); })()`,
  };

  test.each(Object.entries(CASES))("%s: the same with and without Sluice", async (_, code) => {
    const script = `(async () => { try { const r = await ${code}; return [r.status, r.url, r.type, r.redirected, r.headers.get("content-type"), r.headers.get("x-own"), r.headers.get("content-length"), Object.getOwnPropertyNames(r), await r.text()]; } catch (error) { return [error.name, error.message]; } })()`;
    const [guarded, bare] = await Promise.all(pages.map((each) => each.evaluate(script)));
    expect(guarded).toEqual(bare);
    expect(JSON.stringify(bare)).toMatch(/TypeError|\[200/);
  });

  test("nothing of such a page is recorded", async () => {
    const about = (await stage.journal()).filter((record) => "server" in record && record.server?.kind === "remote" && record.server.url.startsWith(origin));
    expect(about).toEqual([]);
  });
});
