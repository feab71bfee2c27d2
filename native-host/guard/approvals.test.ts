/** A guard that asks: real processes, answered from the command line as a person would. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Ask } from "../../shared/gate/ask.ts";
import { eventually, MAIN, makePlace, POLICY, type Guarded, type Place } from "./guarded.fixture.ts";

vi.setConfig({ testTimeout: 60_000 });

let place: Place;
beforeEach(() => {
  place = makePlace();
  place.policy(POLICY("[{ id: pay, title: Payments are looked at first, when: { tool: pay }, effect: approve, message: Is it the right amount? }]"));
});
afterEach(() => place.leave());

function sluice(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: "utf8", env: { PATH: process.env["PATH"], SLUICE_HOME: place.home } });
  return { status, stdout, stderr };
}

const asks = (): Ask[] => sluice("approvals", "list", "--json").stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line) as Ask);
const asked = (count = 1): Promise<Ask[]> => eventually(`${count} questions`, () => {
  const found = asks();
  return found.length === count ? found : undefined;
});
const textOf = (reply: { result?: { content?: readonly { text?: string }[] } }): string | undefined => reply.result?.content?.[0]?.text;
const lines = (guard: Guarded): { id?: unknown; method?: string; params?: Record<string, unknown> }[] => guard.output().toString("utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line) as { id?: unknown; method?: string });

test("a call waits until a person has allowed it in a terminal, others pass meanwhile, and it is all on record", async () => {
  const guard = place.guard();
  const paid = guard.call("pay", { amount: 40, note: "für Anna" });
  const [ask] = await asked();
  expect(ask).toMatchObject({ subject: "pay", title: "Payments are looked at first", effect: "approve" });
  expect(JSON.parse(ask!.shown)).toEqual({ amount: 40, note: "für Anna" });
  expect(textOf(await guard.call("look", { a: 1 }))).toBe('{"a":1}');
  const list = sluice("approvals").stdout;
  expect(list).toMatch(/pay on .*called by[\s\S]*waits \d+ s more[\s\S]*Is it the right amount\?[\s\S]*"amount": 40[\s\S]*sluice approvals allow [0-9a-f]{8}/);

  const number = ask!.ticket.slice(-8);
  expect(sluice("approvals", "allow", number, "--for", "session", "--reason", "x").stderr).toContain("can be allowed only once");
  expect(sluice("approvals", "allow", number, "--reason", "ticket 12").status).toBe(0);
  expect(JSON.parse(textOf(await paid)!)).toEqual({ amount: 40, note: "für Anna" });
  expect(sluice("approvals", "deny", ask!.ticket)).toMatchObject({ status: 1, stderr: expect.stringContaining("it was answered") });
  await guard.end();
  const kept = await place.journal();
  expect(kept.find(({ kind }) => kind === "approval.answered")).toMatchObject({ request: ask!.ticket, answer: "allowed", via: "cli", span: "call", reason: "ticket 12" });
  expect(JSON.stringify(kept)).not.toContain("Anna");
  expect(sluice("events", "--kind", "approval.answered").stdout).toMatch(/allowed\n.*in a terminal, once, "ticket 12"/);
});

test("denied: the client hears it, the server nothing", async () => {
  const guard = place.guard();
  const paid = guard.call("pay", { amount: 1 });
  const [ask] = await asked();
  expect(sluice("approvals", "deny", ask!.ticket).stdout).toMatch(/^Denied: pay on/);
  const reply = await paid;
  expect(reply.result?.isError).toBe(true);
  expect(textOf(reply)).toMatch(/A person was asked and did not allow this.*Payments are looked at first/);
  await guard.end();
});

test("a client that asked for progress hears that its call waits; taken back, the question goes away", async () => {
  const guard = place.guard();
  guard.send({ jsonrpc: "2.0", id: 5, method: "tools/call", params: { name: "pay", arguments: {}, _meta: { progressToken: "t" } } });
  await asked();
  const notice = await eventually("a notice", () => lines(guard).find(({ method }) => method === "notifications/progress"));
  expect(notice.params).toMatchObject({ progressToken: "t", message: expect.stringContaining("Waiting for a person") });
  guard.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 5 } });
  await eventually("no question", () => asks().length === 0);
  // The server answers whatever it hears, in order: it has not heard of this call.
  await guard.call("look");
  expect(lines(guard).map(({ id }) => id)).not.toContain(5);
  await guard.end();
});

test("when the client goes, its questions go, and nothing of them stays on the disk", async () => {
  const guard = place.guard();
  guard.send({ jsonrpc: "2.0", id: 5, method: "tools/call", params: { name: "pay", arguments: { to: "anna" } } });
  await asked();
  await guard.end();
  const folder = join(place.home, "state", "approvals");
  expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([]);
  expect((await place.journal()).find(({ kind }) => kind === "approval.answered")).toMatchObject({ answer: "cancelled", via: "client" });
});

test("an answer that must be looked at first waits on its way back", async () => {
  place.policy(POLICY("[{ id: addresses, title: Look first, when: { direction: to-client, data: { any: [pii.email] } }, effect: approve }]"));
  const guard = place.guard();
  const held = guard.call("look", { to: ["anna", "firm.example"].join("@") });
  const [ask] = await asked();
  expect(ask).toMatchObject({ direction: "to-client", masked: 1 });
  expect(ask!.shown).not.toContain("anna@");
  sluice("approvals", "allow", ask!.ticket);
  expect(textOf(await held)).toContain("anna@firm.example");
  await guard.end();
});

test.each([
  [["approvals", "allow"], "which one?"],
  [["approvals", "dance"], 'does not know "dance"'],
  [["approvals", "allow", "abcd", "--for", "ever"], "does not understand"],
  [["approvals", "list", "x"], "too many words"],
])("%j is wrong usage and says how to do it", (args, words) => {
  const { status, stderr } = sluice(...args);
  expect(status).toBe(2);
  expect(stderr).toContain(words);
});
