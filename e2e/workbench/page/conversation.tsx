/** The conversation: what was said, every tool call as a card, and the suggestions that start a scripted turn. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { conversation, say, type Said } from "./state.ts";
import { playTurn, turnFor, TURNS } from "./turns.ts";
import { ProblemBox, ToolCallCard } from "./tool-card.tsx";

export function Conversation() {
  const busy = useSignal(false);
  const log = useRef<HTMLDivElement>(null);
  const shown = conversation.value;
  useEffect(() => log.current?.scrollTo({ top: log.current.scrollHeight }), [shown]);

  const play = async (name: string): Promise<void> => {
    busy.value = true;
    try {
      await playTurn(name);
    } finally {
      busy.value = false;
    }
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const text = String(new FormData(form).get("text") ?? "").trim();
    if (text === "") return;
    form.reset();
    const name = turnFor(text);
    if (name !== undefined) return void play(name);
    say("person", text);
    say("assistant", "There is no model behind me. Take one of the suggestions, or call a tool in the tool panel.");
  };

  return (
    <main class="chat">
      <div class="log" role="log" aria-label="Conversation" tabIndex={0} ref={log}>
        {shown.length === 0 ? <Welcome /> : shown.map((said) => <Entry key={said.id} said={said} />)}
      </div>
      <div class="composer">
        <div class="suggestions" role="group" aria-label="Suggestions">
          {Object.entries(TURNS).map(([name, turn]) => (
            <button key={name} type="button" class="chip" data-turn={name} disabled={busy.value} onClick={() => void play(name)}>
              {turn.label}
            </button>
          ))}
        </div>
        <form onSubmit={submit}>
          <label class="hidden" for="message">
            Message
          </label>
          <input id="message" name="text" autocomplete="off" placeholder="Ask for something, such as: export the report" />
          <button type="submit" class="accent" disabled={busy.value}>
            Send
          </button>
        </form>
      </div>
    </main>
  );
}

function Welcome() {
  return (
    <div class="welcome">
      <h2>What can I do for you?</h2>
      <p>I look things up in your company's systems over MCP. Pick a suggestion below; I connect to the server when I need it.</p>
    </div>
  );
}

function Entry({ said }: { said: Said }) {
  switch (said.kind) {
    case "person":
      return (
        <div class="said person">
          <span class="hidden">You: </span>
          {said.text}
        </div>
      );
    case "assistant":
      return (
        <div class="said assistant">
          <span class="hidden">Assistant: </span>
          {said.text}
        </div>
      );
    case "tool":
      return <ToolCallCard card={said.card} />;
    case "connection":
      return <ProblemBox title={`${said.server} could not be connected`} problem={said.problem} />;
  }
}
