/** Guards of one server know together what each has learned: in one process after another, at the same time, and with whatever stands in the file. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { isServerRecord, observeServer, type ServerEntry } from "../../shared/inventory/inventory.ts";
import { message, NOTES, started, tools } from "../../shared/inventory/record.fixture.ts";
import { scoreServer } from "../../shared/inventory/score.ts";
import { makePlace, POLICY, type Place } from "./guarded.fixture.ts";
import { headerBook } from "./http/request-headers.ts";
import { openKnowledge } from "./knowledge.ts";

vi.setConfig({ testTimeout: 60_000 });

let state: string;
beforeEach(() => void (state = mkdtempSync(join(tmpdir(), "sluice-knowledge-"))));
afterEach(() => rmSync(state, { recursive: true, force: true }));

const file = (): string => join(state, "servers", `${NOTES.id}.json`);
const open = () => openKnowledge(state, NOTES.id);

async function learn(...records: Parameters<ReturnType<typeof open>["observe"]>[0][]): Promise<void> {
  const knowledge = open();
  for (const record of records) knowledge.observe(record);
  await knowledge.close();
}

describe("what one has learned", () => {
  test("the next one knows, and adds to", async () => {
    await learn(started(), tools([{ name: "list_notes" }]));
    const next = open();
    next.observe(started({ time: 2000 }));
    expect(next.entry()).toMatchObject({ sessions: 2, tools: [{ name: "list_notes" }] });
    next.observe(tools([{ name: "delete_note" }], { time: 2001 }));
    expect(next.entry()).toMatchObject({ tools: [{ name: "delete_note" }, { name: "list_notes" }], toolCounts: { read: 1, delete: 1 } });
    await next.close();
    expect(open().entry()).toMatchObject({ sessions: 2, toolCounts: { read: 1, delete: 1 } });
  });

  test("of headers that tools want, too", async () => {
    const one = open();
    one.observe(started());
    one.headers.keep({ search: [{ header: "Region", path: ["where", "region"] }], gone: [{ header: "X", path: ["x"] }] });
    one.headers.keep({ gone: [] });
    await one.close();
    const calls = headerBook(open().headers);
    const headersOf = (name: string, args: object) => calls.headersOf("tools/call", { name, arguments: args }, "2026-07-28");
    expect(headersOf("search", { where: { region: "eu" } })).toMatchObject({ "mcp-param-region": "eu" });
    expect(headersOf("gone", { x: "1" })).not.toHaveProperty("mcp-param-x");
    expect(headersOf("constructor", { x: "1" })).toEqual({ "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "constructor" });
    calls.learn({ tools: [{ name: "search", inputSchema: {} }] });
    expect(headersOf("search", { where: { region: "eu" } })).not.toHaveProperty("mcp-param-region");
  });

  test("is read only when somebody asks", async () => {
    const early = open();
    early.observe(started());
    await learn(tools([{ name: "list_notes" }]));
    expect(early.entry()?.tools).toHaveLength(1);
  });

  test("of many at once, none is lost", async () => {
    await Promise.all(Array.from({ length: 8 }, (_, i) => learn(started({ time: i }), tools([{ name: `tool_${i}` }], { time: i }))));
    expect(open().entry()).toMatchObject({ sessions: 8 });
    expect(open().entry()?.tools).toHaveLength(8);
    expect(readdirSync(join(state, "servers"))).toEqual([`${NOTES.id}.json`]);
  });

  test("stays what it was while it is written", async () => {
    const knowledge = open();
    knowledge.observe(started());
    knowledge.observe(tools([{ name: "list_notes" }]));
    const before = knowledge.entry();
    const closed = knowledge.close();
    expect(knowledge.entry()).toEqual(before);
    await closed;
    expect(knowledge.entry()).toEqual(before);
  });

  test.skipIf(process.platform === "win32")("only its owner may read", async () => {
    await learn(started());
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(statSync(join(state, "servers")).mode & 0o777).toBe(0o700);
  });

  test("says nothing of what a policy decided", async () => {
    await learn(message());
    expect((JSON.parse(readFileSync(file(), "utf8")) as { entry: ServerEntry }).entry).toMatchObject({ admission: null, counts: { requests: 1 } });
  });
});

describe("a file that is not ours", () => {
  const bend = (text: string) => {
    mkdirSync(join(state, "servers"), { recursive: true });
    writeFileSync(file(), text);
  };

  test.each([
    ["no JSON", () => "{"],
    ["of another version", (text: string) => text.replace('"version":1', '"version":2')],
    ["of another server", (text: string) => text.replaceAll(NOTES.id, "srv_0000000000000000")],
    ["with a judgement in it", (text: string) => text.replace('"admission":null', '"admission":{"effect":"allow","sanctioned":true,"stamp":""}')],
    ["with a number for a text", (text: string) => text.replace('"list_notes"', "5")],
    ["with a header that is none", (text: string) => text.replace('"headers":{}', '"headers":{"a":[{"header":"x: y","path":["x"]}]}')],
    ["empty", () => ""],
  ])("(%s) is ignored, and written anew", async (_, change) => {
    await learn(started(), tools([{ name: "list_notes" }]));
    const text = readFileSync(file(), "utf8");
    bend(change(text));
    expect(readFileSync(file(), "utf8")).not.toBe(text);
    expect(open().entry()).toBeUndefined();
    await learn(tools([{ name: "get_note" }]));
    expect(open().entry()?.tools).toMatchObject([{ name: "get_note" }]);
  });

  test("in a folder that cannot be had costs nothing but the learning", async () => {
    writeFileSync(join(state, "servers"), "in the way");
    const knowledge = open();
    knowledge.observe(tools([{ name: "list_notes" }]));
    await knowledge.close();
    expect(knowledge.entry()?.tools).toHaveLength(1);
  });

  test("a lock that was left behind is broken", async () => {
    mkdirSync(join(state, "servers"));
    writeFileSync(`${file()}.lock`, "");
    const old = new Date(Date.now() - 60_000);
    utimesSync(`${file()}.lock`, old, old);
    await learn(started());
    expect(existsSync(file())).toBe(true);
    chmodSync(state, 0o700);
  });
});

test("a server's second process is trusted as its first was, before anything was listed", async () => {
  const place: Place = makePlace();
  try {
    const first = place.guard();
    first.send({ jsonrpc: "2.0", id: "list", method: "tools/list" });
    await first.reply("list");
    await first.end();
    const records = (await place.journal()).filter(isServerRecord);
    const scoreOf = (all: typeof records) => scoreServer(all.reduce<ServerEntry | undefined>((entry, record) => observeServer(entry, record), undefined)!).score;
    const [knowing, unknowing] = [scoreOf(records), scoreOf(records.filter(({ kind }) => kind !== "tools.listed"))];
    expect(knowing).toBeGreaterThan(unknowing);

    place.policy(POLICY(`[{ id: trusted, title: Trusted servers only, when: { server: { trust: { below: ${knowing} } } }, effect: block }]`, 2));
    const second = place.guard();
    expect((await second.call("get_note")).result?.isError).toBeUndefined();
    await second.end();

    rmSync(join(place.home, "state", "servers"), { recursive: true });
    const third = place.guard();
    expect((await third.call("get_note")).result?.isError).toBe(true);
    await third.end();
  } finally {
    await place.leave();
  }
});
