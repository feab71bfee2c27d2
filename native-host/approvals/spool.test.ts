/** Questions on disk: who answers first, what is no answer, what stays behind. */
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Answer, Ask } from "../../shared/gate/ask.ts";
import { anAsk } from "../../shared/messages/ask.fixture.ts";
import { openDesk } from "./desk.ts";
import { openSpool, type Spool } from "./spool.ts";

let state: string;
let time: number;
let spool: Spool;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "sluice-spool-"));
  time = Date.now();
  spool = openSpool(state, () => time);
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

const ask = (more: Partial<Ask> = {}): Ask => anAsk({ opened: time, until: time + 45_000, ...more });
const go = (to: Ask, more: Partial<Answer> = {}): Answer => ({ call: to.call, say: "go", span: "call", reason: null, via: "cli", ...more });

test("a question is there for its owner alone, and gone without a trace when it is over", () => {
  const one = ask({ shown: '{ "to": "anna" }' });
  spool.put(one);
  expect(spool.list()).toEqual([one]);
  if (process.platform !== "win32") {
    expect(statSync(spool.dir).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(spool.dir)) expect(statSync(join(spool.dir, name)).mode & 0o777).toBe(0o600);
  }
  spool.end(one.ticket);
  expect(readdirSync(spool.dir)).toEqual([]);
});

// threat: approval-race
test("of two answers the first counts, and the second one hears that", () => {
  const one = ask();
  spool.put(one);
  expect(spool.answer(one.ticket, go(one, { say: "deny", via: "popup" })).outcome).toBe("taken");
  expect(spool.answer(one.ticket, go(one))).toMatchObject({ outcome: "already", why: "This was answered already." });
  expect(spool.answerTo(one)).toMatchObject({ say: "deny", via: "popup" });
  // Its guard has seen it: whoever comes now still hears the same.
  expect(spool.list()).toEqual([]);
  spool.end(one.ticket);
  expect(spool.answer(one.ticket, go(one)).outcome).toBe("already");
  expect(JSON.stringify(readdirSync(spool.dir).map((name) => readFileSync(join(spool.dir, name), "utf8")))).not.toContain(one.call);
});

// threat: approval-replayed
test.each<[string, (to: Ask) => Answer, string]>([
  ["another call's", (to) => go(to, { call: "0".repeat(64) }), "unfit"],
  ["for longer than offered", (to) => go(to, { span: "session" }), "unfit"],
])("an answer %s is none", (_, given, outcome) => {
  const one = ask();
  spool.put(one);
  expect(spool.answer(one.ticket, given(one)).outcome).toBe(outcome);
  expect(spool.list()).toEqual([one]);
});

test("a rule that wants a reason gets one", () => {
  const one = ask({ reason: "required" });
  spool.put(one);
  expect(spool.answer(one.ticket, go(one, { reason: "  " })).why).toBe("A reason is needed.");
  expect(spool.answer(one.ticket, go(one, { reason: "ticket 7" })).outcome).toBe("taken");
});

test("after its time nobody can answer, and what a killed guard left behind goes away", () => {
  const one = ask();
  spool.put(one);
  time = one.until;
  expect(spool.list()).toEqual([]);
  expect(spool.answer(one.ticket, go(one)).outcome).toBe("gone");
  time += 60_000;
  spool.list();
  expect(readdirSync(spool.dir)).toEqual([]);
});

test.skipIf(process.platform === "win32")("a file that others may write, or that is no answer, is no word of this person", () => {
  const one = ask();
  spool.put(one);
  const file = join(spool.dir, `answer-${one.ticket}.json`);
  writeFileSync(file, JSON.stringify(go(one)), { mode: 0o666 });
  chmodSync(file, 0o666);
  expect(spool.answerTo(one)).toBeUndefined();
  chmodSync(file, 0o600);
  expect(spool.answerTo(one)).toBeDefined();
  for (const text of ["", "{", "null", "[]", '"go"', JSON.stringify({ ...go(one), say: "yes" }), JSON.stringify({ ...go(one), call: "x" })]) {
    writeFileSync(file, text);
    expect(spool.answerTo(one)).toBeUndefined();
  }
});

test.each(["../../etc/passwd", "", "x", "ask-1", "00000000-0000-4000-8000-000000000000"])("%j is no number of a question", (ticket) => {
  expect(spool.answer(ticket, go(ask())).outcome).toBe("unfit");
  expect(existsSync(join(state, "etc"))).toBe(false);
});

test("the desk hands over the first answer, knows when time is over, and lets go", async () => {
  const desk = openDesk(spool, () => undefined, () => time);
  const [one, two, three] = [ask(), ask(), ask({ until: time - 1 })] as const;
  const answers = [desk.ask(one), desk.ask(two), desk.ask(three)];
  spool.answer(one.ticket, go(one, { via: "popup" }));
  expect(await answers[0]).toEqual({ kind: "answer", ticket: one.ticket, answer: go(one, { via: "popup" }) });
  expect(await answers[2]).toEqual({ kind: "expire", ticket: three.ticket });
  desk.withdraw(two.ticket);
  expect(await answers[1]).toBeUndefined();
  expect(spool.list()).toEqual([]);
  desk.close();
});

test("where questions cannot be put nobody can answer, and a person hears why", async () => {
  const blocked = join(state, "file");
  writeFileSync(blocked, "");
  const told: string[] = [];
  const desk = openDesk(openSpool(join(blocked, "state"), () => time), (text) => void told.push(text), () => time);
  const one = ask();
  expect(await desk.ask(one)).toEqual({ kind: "expire", ticket: one.ticket });
  expect(told.join()).toContain("could not be put");
  desk.close();
});
