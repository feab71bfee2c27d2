/** The guard for remote servers, as the programs meet it: real clients of both SDK lines, real servers, and a real process in between. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startWorkbench, type Workbench } from "../workbench/server.ts";
import { requestText, responseBytes } from "../workbench/witness.ts";
import { connect, makeHome, startGuard, type Caller, type Home, type Line, type RawGuard } from "./http-guard.rig.ts";

const POLICY = `version: 1
id: http-guard
revision: 1
mode: enforce
admission:
  default: block
  servers:
    - { id: desk, match: { url: "http://127.0.0.1:*/desk/mcp" }, effect: allow }
    - { id: everything, match: { url: "http://127.0.0.1:*/everything/mcp" }, effect: allow }
    - { id: bad, match: { url: "http://127.0.0.1:*/bad/*" }, effect: allow }
rules:
  - { id: cards, title: Card numbers stay there, when: { direction: to-client, data: { any: [pci.*] } }, effect: redact }
  - { id: keys, title: Keys stay here, when: { direction: to-server, data: { any: [secret.*] } }, effect: redact }
  - { id: no-delete, title: Nobody deletes customers, when: { tool: delete_customer }, effect: block }
`;
const TOKEN = `ghp_${"Zx9Yw8Vu7Ts6".repeat(3)}`;

let workbench: Workbench;
let home: Home;
let gate: ((part: number) => Promise<void>) | undefined;
const open: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  workbench = await startWorkbench({ beforePart: async (part) => gate?.(part) });
  home = makeHome(POLICY);
});
afterAll(async () => {
  await workbench?.close();
  home?.remove();
});
afterEach(async () => {
  gate = undefined;
  await Promise.all(open.splice(0).map((each) => each.close()));
  workbench.clearWitness();
});

const keep = <T extends { close(): Promise<unknown> }>(each: T): T => {
  open.push(each);
  return each;
};

/** A local address for a server, as `--listen` gives it. */
async function listening(url: string): Promise<{ url: string; guard: RawGuard }> {
  const guard = startGuard(["--listen", "127.0.0.1:0", "--url", url], home);
  keep({ close: async () => (guard.kill("SIGTERM"), guard.exited) });
  return { url: (await guard.said(/listening on (\S+)/))[1]!, guard };
}

const WAYS = ["--url", "--listen"] as const;
type Way = (typeof WAYS)[number];

async function through(way: Way, line: Line, url: string): Promise<Caller> {
  return keep(await connect(line, way === "--url" ? { guard: ["--client", "test", "--url", url], home } : { url: (await listening(url)).url }));
}

const CASES = WAYS.flatMap((way) => (["v1", "v2 legacy", "v2 auto"] as const).map((line) => ({ way, line })));

describe.each(CASES)("$way, SDK $line", ({ way, line }) => {
  test("the desk: lists, calls, redacts in both directions and refuses", async () => {
    const client = await through(way, line, workbench.deskUrl);
    if (line === "v2 auto") expect(client.version()).toBe("2026-07-28");
    expect(await client.tools()).toContain("get_customer");
    const customer = await client.call("get_customer", { id: "c-1001" });
    expect(customer.content[0]?.text).toContain("Ada");
    expect(customer.content[0]?.text).toMatch(/Card number: (?!\d{4})/);
    await client.call("add_note", { id: "c-1002", text: `rotate ${TOKEN} – grüße ✓` });
    const note = workbench.desk.notes.at(-1)?.text;
    expect(note).toContain("– grüße ✓");
    expect(workbench.witness().map(requestText).join("")).not.toContain(TOKEN);
    expect(await client.call("delete_customer", { id: "c-1003" })).toMatchObject({ isError: true, content: [{ text: expect.stringContaining("Blocked by Sluice") as string }] });
    expect(workbench.desk.customers.has("c-1003")).toBe(true);
  });

  test("the reference server answers", async () => {
    const client = await through(way, line, workbench.everythingUrl);
    expect((await client.call("echo", { message: "hello over there" })).content[0]?.text).toContain("hello over there");
  });

  test("a part of a stream is at the client before the server goes on", async () => {
    const asked: (() => void)[] = [];
    let arrived = 0;
    let seen = (): void => undefined;
    // The server holds each part until the one before it has been seen at the client.
    gate = async (part) => {
      while (arrived < part - 1) await new Promise<void>((resolve) => (seen = resolve));
      asked.push(() => undefined);
    };
    const client = await through(way, line, workbench.deskUrl);
    const report = await client.call("export_report", { partSize: 2 }, () => {
      arrived++;
      seen();
    });
    expect(arrived).toBe(4);
    expect(report.content[0]?.text).toContain("8 customers exported.");
  });

  test("a server that is not on the list is refused with words, and receives nothing", async () => {
    const words = await through(way, line, workbench.rogueUrl).then(() => "connected", (error: unknown) => String(error));
    expect(words).toContain("Blocked by Sluice");
    expect(workbench.witness().filter((each) => each.mount === "rogue" && each.method === "POST")).toEqual([]);
  });
});

test("records name the point, the transport and the server, and nothing that is protected", async () => {
  const records = await home.journal();
  expect(records.find((record) => record.kind === "session.started")).toMatchObject({ point: "http", transport: "streamable-http", by: "guard", server: { kind: "remote", url: expect.stringContaining("/desk/mcp") as string } });
  expect(records.some((record) => record.kind === "tools.listed")).toBe(true);
  expect(JSON.stringify(records)).not.toContain(TOKEN);
});

void startGuard;
void responseBytes;
