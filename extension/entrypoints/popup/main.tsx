/** The popup: reads the store itself, asks the background for the state of protection, and keeps both fresh while it is open. */
import { signal } from "@preact/signals";
import { liveQuery } from "dexie";
import { render } from "preact";
import browser from "webextension-polyfill";
import type { AnswerReceipt } from "../../../shared/messages/asks.ts";
import { ASKS_KEY, type AskBoard, type ProtectionState, type ToBackground } from "../../../shared/messages/extension.ts";
import { SluiceDb } from "../../store/db.ts";
import { connected, today, type Connected, type Today } from "../../store/queries.ts";
import { collapseOnEscape } from "../../ui/details.tsx";
import { Popup, type PopupProps } from "../../ui/popup.tsx";

/** The host's state changes without leaving a trace in storage, so it is asked for. */
const ASK_EVERY_MS = 2_000;

const db = new SluiceDb();
const state = signal<ProtectionState | null>(null);
const happened = signal<Today | null>(null);
const inventory = signal<Connected | null>(null);
const asks = signal<AskBoard | null>(null);
const now = signal(Date.now());

function ask(message: ToBackground): Promise<unknown> {
  return browser.runtime.sendMessage(message);
}

/** Read where the worker keeps them, so that they show although it sleeps. */
async function readAsks(): Promise<void> {
  const board = (await browser.storage.session.get(ASKS_KEY))[ASKS_KEY] as AskBoard | undefined;
  if (JSON.stringify(board) !== JSON.stringify(asks.value)) asks.value = board ?? null;
}

async function refresh(): Promise<void> {
  now.value = Date.now();
  try {
    const answer = (await ask({ kind: "state" })) as ProtectionState | undefined;
    if (answer && JSON.stringify(answer) !== JSON.stringify(state.value)) state.value = answer;
  } catch {
    // The worker is starting; the next question wakes it.
  }
}

liveQuery(() => today(db, Date.now())).subscribe((value) => void (happened.value = value));
liveQuery(() => connected(db)).subscribe((value) => void (inventory.value = value));
browser.storage.onChanged.addListener((changes, area) => {
  if (area === "session" && ASKS_KEY in changes) void readAsks();
  void refresh();
});
setInterval(() => void refresh(), ASK_EVERY_MS);
// The countdown.
setInterval(() => (asks.value?.open.length || asks.value?.ended.length) && (now.value = Date.now()), 1_000);
void readAsks();
void refresh();

const onAnswer: PopupProps["onAnswer"] = async ({ ticket }, answer) => (await ask({ kind: "answer", ticket, answer }).catch(() => undefined)) as AnswerReceipt | undefined;
const onFeedback: PopupProps["onFeedback"] = async (about, wish, reason) => ((await ask({ kind: "feedback", about, wish, reason }).catch(() => undefined)) as { ok?: boolean } | undefined)?.ok === true;

document.addEventListener("keydown", collapseOnEscape);
render(<Popup state={state} today={happened} connected={inventory} asks={asks} now={now} onDiscover={() => void ask({ kind: "discover" })} onAnswer={onAnswer} onFeedback={onFeedback} />, document.getElementById("app")!);
