/** A server that the policy refuses is ended, with real processes, while the guard stays and says why for as long as the client asks. */
import process from "node:process";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually, isAlive, makePlace, NO_TOOL, SERVER, type Guarded, type Place } from "./guarded.fixture.ts";

// Real processes on a busy machine: only a hang should fail here.
vi.setConfig({ testTimeout: 60_000 });

let place: Place;
beforeEach(() => void (place = makePlace()));
afterEach(() => place.leave());

const policy = (admission: string, { revision = 1, mode = "enforce", rules = "[]" } = {}): string => `version: 1\nid: test\nrevision: ${revision}\nmode: ${mode}\nadmission: ${admission}\nrules: ${rules}\n`;
const REFUSING = "{ default: block, message: Only listed servers may be used, servers: [] }";
const OPEN = "{ default: allow, servers: [] }";
const RESTART = "Sluice has ended this server. Once the policy allows it, restart this server in your app.";
const MODERN = { _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } };

const gone = (pid: number): Promise<boolean> => eventually(`process ${pid} ends`, () => !isAlive(pid));

/** Every form of refusal, asked for one after the other. */
async function refusals(guard: Guarded, tag: string): Promise<void> {
  guard.send({ jsonrpc: "2.0", id: `${tag}-init`, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } } });
  guard.send({ jsonrpc: "2.0", id: `${tag}-modern`, method: "tools/call", params: { name: "any", arguments: {}, ...MODERN } });
  guard.send({ jsonrpc: "2.0", method: "notifications/initialized" });
  const said = `Only listed servers may be used. ${RESTART}`;
  expect((await guard.reply(`${tag}-init`)).error?.message).toContain(said);
  expect(await guard.reply(`${tag}-modern`)).toMatchObject({ result: { resultType: "complete", isError: true, content: [{ text: expect.stringContaining(said) as string }] } });
  const legacy = await guard.call("any");
  expect(legacy.result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining(said) as string }] });
  expect(legacy.result).not.toHaveProperty("resultType");
}

// threat: refused-server-runs
test("refused from the start: the server is ended, unasked; the client hears why until it closes", async () => {
  place.policy(policy(REFUSING));
  const guard = place.guard();
  await refusals(guard, "first");
  await gone(await place.serverPid());
  await refusals(guard, "second");
  expect(guard.errors()).toContain("the policy does not allow this server");
  expect(await guard.end()).toBe(126);
  expect(place.reported().filter((line) => line.startsWith("got"))).toEqual([]);
  const records = await place.journal();
  expect(records.findLast((record) => record.kind === "session.ended")).toMatchObject({ reason: expect.stringMatching(/^policy refuses this server; server .*; client closed$/) as string });
  expect(records.flatMap((record) => (record.kind === "request" ? [record.decision.enforced] : []))).toEqual(Array<string>(6).fill("block"));
});

// threat: refused-server-runs
test("a server that is deaf to it is killed", async () => {
  place.policy(policy(REFUSING));
  const guard = place.guard(["deaf", "stays"]);
  await gone(await place.serverPid());
  expect(place.reported()).toContain("SIGTERM");
  await refusals(guard, "after");
  expect(await guard.end()).toBe(126);
});

// threat: refused-server-runs
test.skipIf(process.platform === "win32")("what a wrapper has started is ended with it", async () => {
  place.policy(policy(REFUSING));
  const guard = place.guard([], { command: ["/bin/sh", "-c", `"${process.execPath}" "${SERVER}" deaf stays; exit 0`] });
  await gone(await place.serverPid());
  await refusals(guard, "after");
  await guard.end();
});

test("a server whose command is not there and that the policy refuses: the client hears of the policy", async () => {
  place.policy(policy(REFUSING));
  const guard = place.guard([], { command: ["no-such-command-here"] });
  await refusals(guard, "only");
  expect(await guard.end()).toBe(126);
});

describe("a change during the session", () => {
  // threat: refused-server-runs
  test("from allowed to refused ends the server; who waits for an answer gets the refusal; allowed again needs a restart", async () => {
    const guard = place.guard();
    await guard.call("probe");
    const pid = await place.serverPid();
    guard.send({ jsonrpc: "2.0", id: "slow", method: "tools/call", params: { name: "wait", arguments: { ms: 600_000 } } });
    guard.send({ jsonrpc: "2.0", id: 7, method: "resources/read", params: { name: "wait", arguments: { ms: 600_000 }, uri: "file:///a", ...MODERN } });
    await guard.call("probe");
    place.policy(policy(REFUSING, { revision: 2 }));
    expect((await guard.reply("slow")).result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining(RESTART) as string }] });
    expect((await guard.reply(7)).error?.message).toContain(RESTART);
    await gone(pid);
    place.policy(policy(OPEN, { revision: 3 }));
    // A second guard shows when the new policy is in force everywhere.
    const other = place.guard();
    expect((await other.call("probe")).result?.isError).not.toBe(true);
    await refusals(guard, "still");
    await Promise.all([guard.end(), other.end()]);
  });

  test("a signal ends the guard that has no server any more", async () => {
    place.policy(policy(REFUSING));
    const guard = place.guard();
    await gone(await place.serverPid());
    await refusals(guard, "before");
    guard.process.kill("SIGTERM");
    expect(await guard.ended).toBe(126);
    expect((await place.journal()).findLast((record) => record.kind === "session.ended")).toMatchObject({ reason: expect.stringContaining("client sent SIGTERM") as string });
  });
});

describe("a server that may be used in part, or is only watched, runs on", () => {
  test.each([
    ["allowed", policy(OPEN)],
    ["watched", policy("{ default: monitor, servers: [] }")],
    ["refused by a policy that only watches", policy(REFUSING, { mode: "monitor" })],
    ["refused to another client", policy(`{ default: allow, servers: [{ id: other, match: { kind: local }, client: { id: "client:another" }, effect: block }] }`)],
    ["refused but for one tool", policy(`{ default: allow, servers: [{ id: most, match: { kind: local }, effect: block, tools: [{ name: probe, effect: allow }] }] }`)],
    ["with a rule against a tool", policy(OPEN, { rules: NO_TOOL("other") })],
  ])("%s", async (_name, text) => {
    place.policy(text);
    // Named: a client that nobody knows may be any, also the one that an entry is about.
    const guard = place.guard([], { guardOptions: ["--client", "test"] });
    expect((await guard.call("probe", { a: 1 })).result?.content?.[0]?.text).toBe('{"a":1}');
    await guard.call("other");
    expect((await guard.call("probe", { a: 2 })).result?.content?.[0]?.text).toBe('{"a":2}');
    expect(isAlive(await place.serverPid())).toBe(true);
    expect(await guard.end()).toBe(0);
    expect(guard.errors()).toBe("");
  });
});
