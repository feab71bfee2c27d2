/** Questions in the background: who may ask, who is asked, and that one answer counts. */
import { beforeEach, expect, test } from "vitest";
import type { Answer, Ask } from "../../shared/gate/ask.ts";
import { anAsk } from "../../shared/messages/ask.fixture.ts";
import { BASELINE } from "../../shared/policy/baseline.ts";
import { receipt } from "../../shared/messages/asks.ts";
import { createAskBook, type AskBook, type BookDoors, type Holder, type KeptBook, type PageSender } from "./ask-book.ts";
import { createStandingGrants } from "./standing-grants.ts";

const CHAT: PageSender = { holder: { tab: 1, frame: 0, document: "d1" }, origin: "https://chat.example" };
let time: number;
let kept: KeptBook | undefined;
let told: { holder: Holder; ticket: string; answer: Answer }[];
let relayStillWaits: boolean;
let handed: string[];
let timers: { at: number; run: () => void }[];
let news: number;
let grants: unknown;
let policy: { id: string; revision: number };
let digest: string;
let book: AskBook;

beforeEach(() => {
  time = 1_750_000_000_000;
  kept = undefined;
  told = [];
  handed = [];
  timers = [];
  news = 0;
  grants = undefined;
  policy = { id: "p", revision: 1 };
  digest = "a".repeat(64);
  relayStillWaits = true;
  book = createAskBook(doors);
});

const doors: BookDoors = {
  load: async () => kept,
  save: async (next) => void (kept = structuredClone(next)),
  now: () => time,
  grants: createStandingGrants({
    load: async () => grants,
    save: async (next) => void (grants = structuredClone(next)),
    policy: async () => ({ digest, policy: { ...BASELINE, ...policy } }),
    now: () => time,
  }),
  async tellRelay(holder, { ticket, answer }) {
    told.push({ holder, ticket, answer });
    return { ok: relayStillWaits };
  },
  tellHost: (ticket) => handed.push(ticket) > 0,
  after(ms, run) {
    const timer = { at: time + ms, run };
    timers.push(timer);
    return () => void timers.splice(timers.indexOf(timer), 1);
  },
  onChange: (_, isNews) => void (news += isNews ? 1 : 0),
};

const page = (more: Partial<Ask> = {}): Ask => anAsk({ point: "page", client: { id: "app:https://chat.example", name: "chat.example" }, ...more });
const go = (ask: Ask, more: Partial<Answer> = {}): Answer => ({ call: ask.call, say: "go", span: "call", reason: null, via: "popup", ...more });

test("a page's question is kept, and its answer goes to the document that holds the call", async () => {
  const ask = page();
  expect(await book.askPage(ask, CHAT)).toEqual({ ok: true });
  expect(kept?.open).toEqual([ask]);
  expect(await book.answer(ask.ticket, go(ask))).toMatchObject({ outcome: "taken" });
  expect(told).toEqual([{ holder: CHAT.holder, ticket: ask.ticket, answer: go(ask) }]);
  expect(kept).toMatchObject({ open: [], ended: [{ ticket: ask.ticket, how: "allowed" }] });
});

// threat: approval-race
test("two windows answer at once: the first counts, the second hears so, and the call hears one word", async () => {
  const ask = page();
  await book.askPage(ask, CHAT);
  const answers = await Promise.all([book.answer(ask.ticket, go(ask, { say: "deny" })), book.answer(ask.ticket, go(ask))]);
  expect(answers.map(({ outcome }) => outcome)).toEqual(["taken", "already"]);
  expect(told.map(({ answer }) => answer.say)).toEqual(["deny"]);
});

test("a worker that was ended meanwhile finds the questions again", async () => {
  const ask = page();
  await book.askPage(ask, CHAT);
  const woken = createAskBook(doors);
  expect(await woken.open()).toBe(1);
  expect(await woken.answer(ask.ticket, go(ask))).toMatchObject({ outcome: "taken" });
  expect(told[0]!.holder).toEqual(CHAT.holder);
});

// threat: page-answers-itself
test.each<[string, () => [unknown, PageSender | undefined]]>([
  ["in another app's name", () => [page({ client: { id: "app:https://bank.example", name: "bank.example" } }), CHAT]],
  ["in a desktop client's name", () => [anAsk(), CHAT]],
  ["from nowhere", () => [page(), undefined]],
  ["that is none", () => [{ ticket: "x" }, CHAT]],
  ["whose time is over", () => [page({ opened: time - 60_000, until: time - 1 }), CHAT]],
])("nobody is asked %s", async (_, given) => {
  const [ask, sender] = given();
  expect(await book.askPage(ask, sender)).toEqual({ ok: false });
  expect(await book.open()).toBe(0);
});

// threat: approval-flood
test("a page that floods is cut off, others still get through, and the window opens once", async () => {
  const outcomes: boolean[] = [];
  for (let i = 0; i < 20; i++) outcomes.push((await book.askPage(page(), CHAT)).ok);
  expect(outcomes.filter(Boolean)).toHaveLength(8);
  expect(await book.askPage(page(), { ...CHAT, holder: { tab: 2, frame: 0 } })).toEqual({ ok: true });
  expect(news).toBe(1);
});

test("a question ends by time, and by the page that goes; another page cannot end it", async () => {
  const [one, two] = [page(), page()];
  await book.askPage(one, CHAT);
  await book.askPage(two, CHAT);
  await book.gone(one.ticket, "gone", { tab: 2, frame: 0 });
  expect(kept?.open).toHaveLength(2);
  await book.gone(one.ticket, "gone", CHAT.holder);
  expect(kept?.open).toEqual([two]);
  time = two.until + 50;
  for (const { at, run } of timers.slice()) if (at <= time) run();
  expect(await book.open()).toBe(0);
  expect(kept?.ended.map(({ how }) => how)).toContain("expired");
  expect(await book.answer(two.ticket, go(two))).toMatchObject({ outcome: "gone" });
});

test("a guard's question goes through the host, whose word counts", async () => {
  const ask = anAsk();
  await book.askHost(ask);
  const answered = book.answer(ask.ticket, go(ask));
  await Promise.resolve();
  while (handed.length === 0) await Promise.resolve();
  book.hostAnswered(receipt(ask.ticket, "already"));
  expect(await answered).toMatchObject({ outcome: "already" });
  expect(kept).toMatchObject({ open: [], ended: [{ how: "elsewhere" }] });
});

test("an answer that does not fit leaves the question open", async () => {
  const ask = page({ reason: "required" });
  await book.askPage(ask, CHAT);
  expect(await book.answer(ask.ticket, go(ask))).toMatchObject({ outcome: "unfit", why: "A reason is needed." });
  expect(await book.answer(ask.ticket, { call: ask.call })).toMatchObject({ outcome: "unfit" });
  expect(await book.answer(ask.ticket, go(ask, { call: "0".repeat(64), reason: "x" }))).toMatchObject({ outcome: "unfit" });
  expect(told).toEqual([]);
  expect(await book.open()).toBe(1);
});

const HOUR = 3_600_000;
const hourly = (more: Partial<Ask> = {}): Ask => page({ opened: time, until: time + 45_000, spans: ["call", "session", HOUR], ...more });

/** Asked, and answered with yes for this long. */
async function granted(span: Answer["span"] = HOUR): Promise<void> {
  const ask = hourly();
  await book.askPage(ask, CHAT);
  expect((await book.answer(ask.ticket, go(ask, { span }))).outcome).toBe("taken");
}

test("a yes for an hour answers the page that was loaded anew, and a worker that woke since, for an hour", async () => {
  await granted();
  const given = time;
  time += HOUR - 1;
  const next = hourly();
  expect(await createAskBook(doors).askPage(next, { ...CHAT, holder: { tab: 1, frame: 0, document: "d2" } })).toEqual({ ok: true, answer: { call: next.call, say: "go", span: HOUR, reason: null, via: "granted", given } });
  expect(await book.open()).toBe(0);
  time += 1;
  expect(await book.askPage(hourly(), CHAT)).toEqual({ ok: true });
});

// threat: approval-replayed
test.each<[string, () => Promise<[Ask, PageSender]>]>([
  ["for the session", async () => (await granted("session"), [hourly(), CHAT])],
  ["under another policy", async () => (await granted(), (digest = "b".repeat(64)), [hourly(), CHAT])],
  ["to a question of an older policy", async () => ((policy = { id: "p", revision: 2 }), await granted(), [hourly(), CHAT])],
  ["that its page did not wait for", async () => ((relayStillWaits = false), await book.askPage(hourly(), CHAT), await book.answer(kept!.open[0]!.ticket, go(kept!.open[0]!, { span: HOUR })), [hourly(), CHAT])],
  ["to another app", async () => (await granted(), [hourly({ client: { id: "app:https://mail.example", name: "mail" } }), { ...CHAT, origin: "https://mail.example" }])],
])("a yes %s answers no later question", async (_, prepare) => {
  const [ask, sender] = await prepare();
  expect(await book.askPage(ask, sender)).toEqual({ ok: true });
});

// threat: page-answers-itself
test("in another app's name a grant is of no use, and nobody can claim one in an answer", async () => {
  await granted();
  expect(await book.askPage(hourly(), { ...CHAT, origin: "https://evil.example" })).toEqual({ ok: false });
  const ask = hourly({ subject: "pay" });
  await book.askPage(ask, CHAT);
  expect(await book.answer(ask.ticket, go(ask, { via: "granted" }))).toMatchObject({ outcome: "unfit" });
  expect(await book.answer(ask.ticket, go(ask, { given: time }))).toMatchObject({ outcome: "unfit" });
});

test("what storage holds that is no grant counts for nothing", async () => {
  for (const broken of [null, 7, "x", [null], [{ id: "x" }]]) {
    grants = broken;
    expect(await book.askPage(hourly(), { ...CHAT, holder: { tab: 2, frame: 0 } })).toEqual({ ok: true });
  }
  await granted();
  expect(grants).toHaveLength(1);
});
