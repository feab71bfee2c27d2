/** Questions that wait for the person: of this browser's pages and of guards on this computer. Keeps them where a sleeping worker finds them again, and takes one answer each. */
import { misfit, type Answer, type Ask } from "../../shared/gate/ask.ts";
import { isAsk, isFreshAnswer, receipt, type AnswerReceipt } from "../../shared/messages/asks.ts";
import type { AskBoard, AskEnd, AskReceipt, ToRelay } from "../../shared/messages/extension.ts";
import type { StandingGrants } from "./standing-grants.ts";

/** The document whose relay holds the call. */
export interface Holder {
  readonly tab: number;
  readonly frame: number;
  readonly document?: string;
}

/** What a browser tells of who sent a message. */
export interface PageSender {
  readonly holder: Holder;
  /** Of the page in the address bar. */
  readonly origin: string;
}

interface Entry {
  readonly ask: Ask;
  /** Null: a guard, reached through the host. */
  readonly holder: Holder | null;
}

export interface KeptBook extends AskBoard {
  readonly holders: Readonly<Record<string, Holder>>;
}

export interface BookDoors {
  load(): Promise<KeptBook | undefined>;
  save(book: KeptBook): Promise<void>;
  now(): number;
  readonly grants: StandingGrants;
  /** @returns what the relay says: did the call still wait? Undefined: nobody there. */
  tellRelay(holder: Holder, message: ToRelay): Promise<{ readonly ok: boolean } | undefined>;
  /** @returns false when there is no line to the host. */
  tellHost(ticket: string, answer: Answer): boolean;
  /** @returns a function that cancels */
  after(ms: number, run: () => void): () => void;
  /** @param news a question has come where none was open. */
  onChange(open: number, news: boolean): void;
}

export interface AskBook {
  askPage(ask: unknown, sender: PageSender | undefined): Promise<AskReceipt>;
  askHost(ask: Ask): Promise<void>;
  /** A relay (or the host, when null) says that a question is over. */
  gone(ticket: unknown, how: unknown, holder: Holder | null): Promise<void>;
  answer(ticket: unknown, answer: unknown): Promise<AnswerReceipt>;
  hostAnswered(receipt: AnswerReceipt): void;
  hostGone(): Promise<void>;
  open(): Promise<number>;
}

/** A page that floods has its calls refused; a person reads a handful. */
const MAX_PER_TAB = 8;
const MAX_OPEN = 40;
/** So long a window that still shows a question can say how it ended. */
const ENDED_MS = 20_000;
/** The host answers within milliseconds; without it nobody can take an answer to a guard. */
const HOST_MS = 5_000;
const HOWS: readonly AskEnd["how"][] = ["allowed", "denied", "expired", "gone", "elsewhere"];

export function createAskBook(doors: BookDoors): AskBook {
  let entries: Map<string, Entry> | null = null;
  let ended: AskEnd[] = [];
  // One change after the other: of two answers in two windows, the second one finds the first.
  let turn: Promise<unknown> = Promise.resolve();
  const hostWaits = new Map<string, (receipt: AnswerReceipt) => void>();

  function inTurn<T>(run: (open: Map<string, Entry>) => Promise<T>): Promise<T> {
    const next = turn.then(async () => run(await load()));
    turn = next.catch(() => undefined);
    return next;
  }

  async function load(): Promise<Map<string, Entry>> {
    if (!entries) {
      const kept = await doors.load();
      entries = new Map((kept?.open ?? []).map((ask) => [ask.ticket, { ask, holder: kept?.holders[ask.ticket] ?? null }]));
      ended = [...(kept?.ended ?? [])];
    }
    const now = doors.now();
    ended = ended.filter(({ time }) => now - time < ENDED_MS);
    for (const { ask } of entries.values()) {
      if (ask.until > now) continue;
      entries.delete(ask.ticket);
      ended.push({ ticket: ask.ticket, how: "expired", time: now });
    }
    return entries;
  }

  async function save(open: Map<string, Entry>, news = false): Promise<void> {
    const list = [...open.values()].toSorted((a, b) => a.ask.opened - b.ask.opened);
    const holders = Object.fromEntries(list.flatMap(({ ask, holder }) => (holder ? [[ask.ticket, holder] as const] : [])));
    await doors.save({ open: list.map(({ ask }) => ask), ended, holders });
    doors.onChange(open.size, news);
  }

  async function add(open: Map<string, Entry>, entry: Entry): Promise<void> {
    const { ticket, until } = entry.ask;
    open.set(ticket, entry);
    await save(open, open.size === 1);
    // A worker that sleeps by then prunes when it wakes; the popup counts down by itself.
    doors.after(Math.max(0, until - doors.now()) + 50, () => void inTurn(save));
  }

  async function end(open: Map<string, Entry>, ticket: string, how: AskEnd["how"]): Promise<void> {
    if (!open.delete(ticket)) return;
    ended.push({ ticket, how, time: doors.now() });
    await save(open);
  }

  async function take({ ask, holder }: Entry, given: Answer): Promise<AnswerReceipt> {
    if (holder) {
      const said = await doors.tellRelay(holder, { kind: "answer", ticket: ask.ticket, answer: given });
      return receipt(ask.ticket, said?.ok === true ? "taken" : "gone");
    }
    const answered = new Promise<AnswerReceipt>((resolve) => {
      const cancel = doors.after(HOST_MS, () => resolve(receipt(ask.ticket, "unfit", "The Sluice host program does not take answers at the moment. Try again, or use a terminal: sluice approvals.")));
      hostWaits.set(ask.ticket, (said) => (cancel(), resolve(said)));
    });
    if (!doors.tellHost(ask.ticket, given)) hostWaits.get(ask.ticket)?.(receipt(ask.ticket, "unfit", "The Sluice host program is not connected, so the answer could not be handed over. In a terminal: sluice approvals."));
    return answered.finally(() => hostWaits.delete(ask.ticket));
  }

  return {
    askPage: (ask, sender) =>
      inTurn(async (open) => {
        // Whoever asks for another app than the one in the address bar is in an attacker's hands.
        if (!isAsk(ask) || !sender || ask.point !== "page" || ask.client.id !== `app:${sender.origin}`) return { ok: false };
        if (open.has(ask.ticket)) return { ok: true };
        // Answered before: nobody is asked again. Guards keep theirs themselves.
        const answer = await doors.grants.answerTo(ask);
        if (answer) return { ok: true, answer };
        const own = [...open.values()].filter(({ holder }) => holder?.tab === sender.holder.tab).length;
        if (own >= MAX_PER_TAB || open.size >= MAX_OPEN || ask.until <= doors.now()) return { ok: false };
        await add(open, { ask, holder: sender.holder });
        return { ok: true };
      }),
    askHost: (ask) =>
      inTurn(async (open) => {
        if (ask.point === "page" || open.has(ask.ticket) || open.size >= MAX_OPEN || ask.until <= doors.now()) return;
        await add(open, { ask, holder: null });
      }),
    gone: (ticket, how, holder) =>
      inTurn(async (open) => {
        const entry = typeof ticket === "string" ? open.get(ticket) : undefined;
        if (!entry || entry.holder?.tab !== holder?.tab || entry.holder?.frame !== holder?.frame) return;
        await end(open, entry.ask.ticket, HOWS.find((each) => each === how) ?? "gone");
      }),
    answer: (ticket, given) =>
      inTurn(async (open) => {
        if (typeof ticket !== "string" || !isFreshAnswer(given)) return receipt(String(ticket).slice(0, 64), "unfit");
        const entry = open.get(ticket);
        if (!entry) return receipt(ticket, ended.some((each) => each.ticket === ticket && each.how !== "expired" && each.how !== "gone") ? "already" : "gone");
        const why = misfit(entry.ask, given);
        if (why !== null) return receipt(ticket, "unfit", `${why.charAt(0).toUpperCase()}${why.slice(1)}.`);
        const said = await take(entry, given);
        if (said.outcome === "taken" && entry.holder) await doors.grants.learn(entry.ask, given);
        if (said.outcome !== "unfit") await end(open, ticket, said.outcome === "taken" ? (given.say === "go" ? "allowed" : "denied") : said.outcome === "already" ? "elsewhere" : "gone");
        return said;
      }),
    hostAnswered: (said) => hostWaits.get(said.ticket)?.(said),
    hostGone: () =>
      inTurn(async (open) => {
        for (const { ask, holder } of open.values()) if (!holder) await end(open, ask.ticket, "gone");
      }),
    open: () => inTurn(async (open) => open.size),
  };
}
