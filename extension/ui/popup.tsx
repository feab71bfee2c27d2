/** The whole popup, from three signals. */
import type { Signal } from "@preact/signals";
import type { ProtectionState } from "../../shared/messages/extension.ts";
import type { Connected as ConnectedData, Today as TodayData } from "../store/queries.ts";
import { Connected } from "./connected.tsx";
import { Mark } from "./icons.tsx";
import { Protection } from "./protection.tsx";
import { Today } from "./today.tsx";

export interface PopupProps {
  readonly state: Signal<ProtectionState | null>;
  readonly today: Signal<TodayData | null>;
  readonly connected: Signal<ConnectedData | null>;
  readonly now: Signal<number>;
  onDiscover(): void;
}

export function Popup({ state, today, connected, now, onDiscover }: PopupProps) {
  const servers = new Map(connected.value?.servers.map((entry) => [entry.id, entry]));
  return (
    <>
      <header>
        <Mark />
        <h1>Sluice</h1>
        <p class="tagline">between your AI apps and their tools</p>
      </header>
      <main>
        <Protection state={state.value} now={now.value} />
        <Today today={today.value} servers={servers} support={state.value?.support ?? null} />
        <Connected connected={connected.value} host={state.value?.host ?? null} now={now.value} onDiscover={onDiscover} />
      </main>
    </>
  );
}
