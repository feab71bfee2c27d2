/** The misbehaving servers do misbehave, and the synthetic data is what it claims to be: tests elsewhere lean on both. */
import { Buffer } from "node:buffer";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FAULTS } from "../servers/bad/faults.ts";
import { CUSTOMERS } from "../servers/customer-desk/records.ts";
import { startWorkbench, type Workbench } from "./server.ts";
import { responseBytes } from "./witness.ts";

let workbench: Workbench;
beforeAll(async () => {
  workbench = await startWorkbench();
});
afterAll(() => workbench.close());

const CALL = JSON.stringify({ jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "misbehave", arguments: {} } });

function call(fault: string): Promise<Response> {
  return fetch(workbench.badUrl(fault), { method: "POST", headers: { "content-type": "application/json" }, body: CALL });
}

async function bytes(fault: string): Promise<{ type: string | null; body: Buffer }> {
  const response = await call(fault);
  return { type: response.headers.get("content-type"), body: Buffer.from(await response.arrayBuffer()) };
}

describe("bad servers", () => {
  test.each(Object.keys(FAULTS))("%s handshakes like any server", async (fault) => {
    const response = await fetch(workbench.badUrl(fault), { method: "POST", body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: "2025-11-25" } }) });
    expect(await response.json()).toMatchObject({ id: 1, result: { serverInfo: { name: `bad-${fault}` } } });
  });

  test("broken JSON does not parse, the mislabelled ones do", async () => {
    const broken = await bytes("broken-json");
    expect(() => JSON.parse(broken.body.toString()) as unknown).toThrow(SyntaxError);
    for (const [fault, type] of [["html", "text/html; charset=utf-8"], ["plain", "text/plain; charset=utf-8"], ["untyped", null]] as const) {
      const { type: sent, body } = await bytes(fault);
      expect(sent).toBe(type);
      expect(JSON.parse(body.toString())).toMatchObject({ id: 7 });
    }
  });

  test.each(["huge", "huge-sse"])("%s is more than 20 MB and hides the person at its end", async (fault) => {
    const { body } = await bytes(fault);
    expect(body.length).toBeGreaterThan(20 * 1024 * 1024);
    expect(body.subarray(-200).toString()).toContain("ines.kettering@example.org");
    expect(body.subarray(0, -200).includes("ines.kettering")).toBe(false);
  });

  test("junk SSE still carries a proper result for a patient reader", async () => {
    const { type, body } = await bytes("junk-sse");
    expect(type).toBe("text/event-stream");
    const events = body.toString().replace(/^\uFEFF/, "").split(/\r\n\r\n|\n\n|\r\r/).map((event) => event.split(/\r\n|\n|\r/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).replace(/^ /, "")).join("\n"));
    const results = events.filter((data) => data.includes('"result"'));
    expect(results.map((data) => JSON.parse(data) as unknown)).toMatchObject([{ id: 7, result: { content: [{ text: expect.stringContaining("Grüße") as string }] } }]);
  });

  test("duplicate keys differ by reader", async () => {
    const text = (await bytes("duplicate-keys")).body.toString();
    expect(text.match(/"content"/g)).toHaveLength(2);
    expect(text.indexOf("nothing to see")).toBeLessThan(text.indexOf("ines.kettering"));
  });

  test("invalid UTF-8 is refused by a strict decoder", async () => {
    const { body } = await bytes("invalid-utf8");
    expect(() => new TextDecoder("utf-8", { fatal: true }).decode(body)).toThrow(TypeError);
  });

  test("endless goes on until the reader leaves", async () => {
    const response = await call("endless");
    expect(response.headers.get("content-type")).toBe("application/json");
    const reader = response.body!.getReader();
    let text = "";
    while (text.split("\n").length < 4) text += new TextDecoder().decode((await reader.read()).value);
    expect(JSON.parse(text.split("\n")[2]!)).toMatchObject({ method: "notifications/message" });
    await reader.cancel();
  });

  test("cut tears the connection in the middle, and the witness knows", async () => {
    await expect(call("cut").then((response) => response.text())).rejects.toThrow();
    const exchange = workbench.witness().findLast((each) => each.mount === "bad/cut");
    expect(exchange?.state).toBe("torn");
    expect(responseBytes(exchange!).length).toBeGreaterThan(10);
  });
});

describe("the door", () => {
  /** `fetch` does not let go of Host and Origin, a raw request does. */
  const statusWith = (headers: Record<string, string>): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const sent = request(workbench.deskUrl, { method: "POST", headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      sent.once("error", reject);
      sent.end("{}");
    });

  test("another page's origin and a rebound name are refused", async () => {
    expect(await statusWith({ origin: "http://evil.example" })).toBe(403);
    expect(await statusWith({ origin: "null" })).toBe(403);
    expect(await statusWith({ host: "rebound.example" })).toBe(403);
    expect(await statusWith({ origin: new URL(workbench.url).origin })).not.toBe(403);
  });

  test("the witness can be read and cleared over HTTP", async () => {
    await bytes("plain");
    const since = (workbench.witness().at(-1)?.seq ?? 0) - 1;
    const read = (await (await fetch(`${workbench.url}witness/requests?since=${since}`)).json()) as { requestBody: string }[];
    expect(read.map((exchange) => Buffer.from(exchange.requestBody, "base64").toString())).toEqual([CALL]);
    await fetch(`${workbench.url}witness`, { method: "DELETE" });
    expect(workbench.witness()).toEqual([]);
  });

  test("closing ends the reference server's process", async () => {
    const other = await startWorkbench();
    const pid = other.everythingPid;
    expect(() => process.kill(pid, 0)).not.toThrow();
    await other.close();
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });
});

describe("synthetic customers", () => {
  test.each(CUSTOMERS)("$name: card and IBAN have valid checksums, mail is at an example domain", ({ card, iban, email }) => {
    const digits = [...card.replaceAll(" ", "")].reverse().map(Number);
    expect(digits.reduce((sum, digit, at) => sum + (at % 2 ? (digit * 2 > 9 ? digit * 2 - 9 : digit * 2) : digit), 0) % 10).toBe(0);
    const plain = iban.replaceAll(" ", "");
    const number = [...(plain.slice(4) + plain.slice(0, 4))].map((sign) => Number.parseInt(sign, 36)).join("");
    expect(BigInt(number) % 97n).toBe(1n);
    expect(email).toMatch(/@([a-z]+\.example|example\.(com|org|net))$/);
  });
});
