/** The popup: reads the store itself, asks the background for the state of protection, and keeps both fresh while it is open. */
import { signal } from "@preact/signals";
import { liveQuery } from "dexie";
import { render } from "preact";
import browser from "webextension-polyfill";
import type { ProtectionState, ToBackground } from "../../../shared/messages/extension.ts";
import { SluiceDb } from "../../store/db.ts";
import { connected, today, type Connected, type Today } from "../../store/queries.ts";
import { collapseOnEscape } from "../../ui/details.tsx";
import { Popup } from "../../ui/popup.tsx";

/** The host's state changes without leaving a trace in storage, so it is asked for. */
const ASK_EVERY_MS = 2_000;

const db = new SluiceDb();
const state = signal<ProtectionState | null>(null);
const happened = signal<Today | null>(null);
const inventory = signal<Connected | null>(null);
const now = signal(Date.now());

function ask(message: ToBackground): Promise<unknown> {
  return browser.runtime.sendMessage(message);
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
browser.storage.onChanged.addListener(() => void refresh());
setInterval(() => void refresh(), ASK_EVERY_MS);
void refresh();

document.addEventListener("keydown", collapseOnEscape);
render(<Popup state={state} today={happened} connected={inventory} now={now} onDiscover={() => void ask({ kind: "discover" })} />, document.getElementById("app")!);
