/** Real SDK clients in Node against every mount, in both eras, and what the witness saw of it. */
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Client, LOG_LEVEL_META_KEY, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport as ModernStdio } from "@modelcontextprotocol/client/stdio";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startWorkbench, type Workbench } from "./server.ts";
import { requestText, responseBytes } from "./witness.ts";

let workbench: Workbench;
/** Set by a test that wants to step through the report itself. */
let gate: ((part: number) => Promise<void>) | undefined;

beforeAll(async () => {
  workbench = await startWorkbench({ beforePart: async (part) => gate?.(part) });
});
afterAll(() => workbench.close());
afterEach(() => {
  gate = undefined;
  workbench.clearWitness();
});

interface Reply { content: { type: string; text?: string }[]; structuredContent?: unknown; isError?: boolean }
interface Connected { call(name: string, args: Record<string, unknown>, onProgress?: (message: string) => void): Promise<Reply>; tools(): Promise<string[]>; version(): string | undefined; logs: unknown[]; close(): Promise<void> }

/** A `fetch` that keeps the bytes the client received, as they pass. */
function recordingFetch(received: Promise<Buffer>[]): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (init?.method !== "POST" || !response.body) return response;
    const chunks: Uint8Array[] = [];
    let finish!: (bytes: Buffer) => void;
    received.push(new Promise((resolve) => (finish = resolve)));
    const reader = response.body.getReader();
    const end = (): void => finish(Buffer.concat(chunks));
    const body = new ReadableStream<Uint8Array>({
      pull: async (line) => {
        const { done, value } = await reader.read();
        if (done) {
          end();
          return line.close();
        }
        chunks.push(value);
        line.enqueue(value);
      },
      // The SDK cancels bodies that it does not read, such as that of a 202.
      cancel: async (why) => {
        end();
        await reader.cancel(why);
      },
    });
    return new Response(body, response);
  };
}

async function connectV1(url: string, received: Promise<Buffer>[] = []): Promise<Connected> {
  const client = new LegacyClient({ name: "test-v1", version: "1.0.0" });
  const logs: unknown[] = [];
  client.fallbackNotificationHandler = async (notification) => void logs.push(notification.params);
  await client.connect(new LegacyTransport(new URL(url), { fetch: recordingFetch(received) }));
  return {
    logs,
    call: async (name, args, onProgress) => (await client.callTool({ name, arguments: args }, undefined, onProgress && { onprogress: (step) => onProgress(step.message ?? "") })) as Reply,
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    version: () => (client.transport as LegacyTransport).protocolVersion,
    close: () => client.close(),
  };
}

function connectV2(mode: "legacy" | "auto") {
  return async (url: string, received: Promise<Buffer>[] = []): Promise<Connected> => {
    const client = new Client({ name: "test-v2", version: "1.0.0" }, { versionNegotiation: { mode } });
    const logs: unknown[] = [];
    client.fallbackNotificationHandler = async (notification) => void logs.push(notification.params);
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { fetch: recordingFetch(received) }));
    const modern = client.getProtocolEra() === "modern";
    return {
      logs,
      call: async (name, args, onProgress) =>
        (await client.callTool({ name, arguments: args, ...(modern ? { _meta: { [LOG_LEVEL_META_KEY]: "info" } } : {}) }, onProgress && { onprogress: (step) => onProgress(step.message ?? "") })) as Reply,
      tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
      version: () => client.getNegotiatedProtocolVersion(),
      close: () => client.close(),
    };
  };
}

const LINES = [
  { sdk: "v1", connect: connectV1, era: "2025-11-25" },
  { sdk: "v2 legacy", connect: connectV2("legacy"), era: "2025-11-25" },
  { sdk: "v2 auto", connect: connectV2("auto"), era: "2026-07-28" },
] as const;

describe.each(LINES)("$sdk", ({ connect, era }) => {
  test.each(["deskUrl", "rogueUrl"] as const)("%s: lists and calls tools in its era", async (mount) => {
    const client = await connect(workbench[mount]);
    expect(client.version()).toBe(era);
    expect(await client.tools()).toEqual(expect.arrayContaining(["find_customer", "get_customer", "list_tickets", "get_document", "add_note", "delete_customer", "export_report"]));
    const found = await client.call("find_customer", { query: "ada" });
    expect(found.content[0]?.text).toContain("ada.quillfeather@example.com");
    expect(found.structuredContent).toMatchObject({ customers: [{ id: "c-1001", phone: "+44 20 7946 0018" }] });
    const unknown = await client.call("get_customer", { id: "c-9999" });
    expect(unknown).toMatchObject({ isError: true, content: [{ text: "There is no customer c-9999." }] });
    await client.close();
  });

  test("the reference server answers through the proxy", async () => {
    const client = await connect(workbench.everythingUrl);
    expect((await client.call("echo", { message: "hello over there" })).content[0]?.text).toContain("hello over there");
    await client.close();
  });

  test("the report streams: a part is at the client before the server goes on", async () => {
    const arrived: string[] = [];
    const released: (() => void)[] = [];
    let asked!: () => void;
    let waiting = new Promise<void>((resolve) => (asked = resolve));
    gate = () => new Promise((resolve) => {
      released.push(resolve);
      asked();
    });
    let seen!: () => void;
    let next = new Promise<void>((resolve) => (seen = resolve));
    const client = await connect(workbench.deskUrl);
    const result = client.call("export_report", { partSize: 4 }, (message) => {
      arrived.push(message);
      seen();
    });
    for (let part = 1; part <= 2; part++) {
      await waiting;
      waiting = new Promise<void>((resolve) => (asked = resolve));
      released.shift()?.();
      await next;
      next = new Promise<void>((resolve) => (seen = resolve));
      expect(arrived).toHaveLength(part);
    }
    await waiting;
    expect(arrived[0]).toContain("ada.quillfeather@example.com");
    released.shift()?.();
    expect((await result).content[0]?.text).toContain("8 customers exported.");
    expect(JSON.stringify(client.logs)).toContain("GB82 WEST 1234 5698 7654 32");
    const exchange = workbench.witness().find((each) => requestText(each).includes("export_report"));
    expect(exchange?.responseHeaders["content-type"]).toContain("text/event-stream");
    await client.close();
  });

  test.each(["deskUrl", "everythingUrl"] as const)("%s: the witness has the bytes that the client got", async (mount) => {
    const received: Promise<Buffer>[] = [];
    const client = await connect(workbench[mount], received);
    const note = `note ${crypto.randomUUID()} – „ünïcode" ✓`;
    if (mount === "deskUrl") {
      await client.call("add_note", { id: "c-1002", text: note });
      expect(workbench.desk.notes.map((each) => each.text)).toContain(note);
    } else await client.call("echo", { message: note });
    const seen = workbench.witness().filter((exchange) => exchange.method === "POST");
    const got = await Promise.all(received);
    expect(seen.map((exchange) => exchange.state)).toEqual(seen.map(() => "ended"));
    expect(seen.map((exchange) => responseBytes(exchange).toString("base64"))).toEqual(got.map((bytes) => bytes.toString("base64")));
    const call = seen.find((exchange) => requestText(exchange).includes("tools/call"));
    expect((JSON.parse(requestText(call!)) as { params: { arguments: object } }).params.arguments).toEqual(expect.objectContaining(mount === "deskUrl" ? { text: note } : { message: note }));
    await client.close();
  });
});

test("a deleted customer is gone, on that desk only", async () => {
  const desk = await connectV1(workbench.deskUrl);
  const rogue = await connectV1(workbench.rogueUrl);
  await desk.call("delete_customer", { id: "c-1008" });
  expect(await desk.call("get_customer", { id: "c-1008" })).toMatchObject({ isError: true });
  expect((await rogue.call("get_customer", { id: "c-1008" })).isError).toBeFalsy();
  await Promise.all([desk.close(), rogue.close()]);
});

test("an ended session is refused, so that the client initializes again", async () => {
  const response = await fetch(workbench.deskUrl, { method: "POST", headers: { "content-type": "application/json", accept: "application/json, text/event-stream", "mcp-session-id": crypto.randomUUID() }, body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }) });
  expect(response.status).toBe(404);
});

const STDIO = join(import.meta.dirname, "..", "servers", "customer-desk", "stdio.ts");

test.each([
  ["SDK v1", ["--sdk", "v1"], "1.4.0"],
  ["SDK v2", [], "2.0.0"],
])("stdio, served by %s to a v1 client", async (_name, args, version) => {
  const client = new LegacyClient({ name: "test-stdio", version: "1.0.0" });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [STDIO, ...args] }));
  expect(client.getServerVersion()).toMatchObject({ name: "customer-desk", version });
  expect(((await client.callTool({ name: "get_document", arguments: { id: "d-77" } })) as Reply).content[1]).toMatchObject({ type: "resource", resource: { text: expect.stringContaining("CONFIDENTIAL") as string } });
  await client.close();
});

test("stdio in the modern era", async () => {
  const client = new Client({ name: "test-stdio", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(new ModernStdio({ command: process.execPath, args: [STDIO] }));
  expect(client.getNegotiatedProtocolVersion()).toBe("2026-07-28");
  expect((await client.callTool({ name: "list_tickets", arguments: { status: "open" } })).content).toMatchObject([{ text: expect.stringContaining("t-5001") as string }]);
  await client.close();
});
