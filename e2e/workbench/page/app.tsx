/** The page's frame: connectors on the left, the conversation in the middle, the tool panel on the right. */
import { useSignal } from "@preact/signals";
import { Connectors } from "./connectors.tsx";
import { Conversation } from "./conversation.tsx";
import { ToolPanel } from "./tool-panel.tsx";

export function App() {
  const panelOpen = useSignal(matchMedia("(min-width: 1180px)").matches);
  return (
    <div class={panelOpen.value ? "frame with-panel" : "frame"}>
      <header class="top">
        <img src={new URL("./icon.svg", import.meta.url).href} alt="" width="30" height="30" />
        <h1>Acme Assistant</h1>
        <p class="hint">A demo app with real MCP servers and no model</p>
        <button type="button" class="quiet" aria-expanded={panelOpen.value} aria-controls="tool-panel" onClick={() => (panelOpen.value = !panelOpen.value)}>
          Tool panel
        </button>
      </header>
      <Connectors />
      <Conversation />
      <ToolPanel open={panelOpen.value} />
    </div>
  );
}
