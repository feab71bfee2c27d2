/** The whole popup, from its signals. */
import type { Signal } from "@preact/signals";
import type { AskBoard, ProtectionState } from "../../shared/messages/extension.ts";
import type { Connected as ConnectedData, Today as TodayData } from "../store/queries.ts";
import { Asks, type AsksProps } from "./asks.tsx";
import { Connected } from "./connected.tsx";
import type { OnFeedback } from "./feedback.tsx";
import { Mark } from "./icons.tsx";
import { Protection } from "./protection.tsx";
import { Today } from "./today.tsx";

export interface PopupProps {
  readonly state: Signal<ProtectionState | null>;
  readonly today: Signal<TodayData | null>;
  readonly connected: Signal<ConnectedData | null>;
  readonly asks: Signal<AskBoard | null>;
  readonly now: Signal<number>;
  readonly onAnswer: AsksProps["onAnswer"];
  readonly onFeedback: OnFeedback;
  onDiscover(): void;
}

export function Popup({ state, today, connected, asks, now, onDiscover, onAnswer, onFeedback }: PopupProps) {
  const servers = new Map(connected.value?.servers.map((entry) => [entry.id, entry]));
  return (
    <>
      <header>
        <Mark />
        <h1>Sluice</h1>
        <p class="tagline">between your AI apps and their tools</p>
      </header>
      <main>
        <Asks board={asks.value} servers={servers} now={now.value} onAnswer={onAnswer} />
        <Protection state={state.value} now={now.value} />
        <Today today={today.value} servers={servers} support={state.value?.support ?? null} onFeedback={onFeedback} />
        <Connected connected={connected.value} host={state.value?.host ?? null} now={now.value} onDiscover={onDiscover} />
      </main>
    </>
  );
}
