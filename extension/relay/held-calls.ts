/** Calls of this frame that wait for a person: asks through the background, keeps the clock, and wakes the tap when there is a word. */
import browser, { type Runtime } from "webextension-polyfill";
import type { HttpExchange, Settling } from "../../shared/gate/http.ts";
import type { AskEnd, AskReceipt, ToBackground, ToRelay } from "../../shared/messages/extension.ts";
import { isAnswer } from "../../shared/messages/asks.ts";

export interface HeldCalls {
  /** Its verdict is a hold. @param wake called once, when the verdict has become another. */
  hold(exchange: HttpExchange, wake: () => void): void;
  /** The page no longer wants this call. */
  leave(ticket: string): void;
  /** The page goes away. */
  leaveAll(): void;
}

/** A worker that was just replaced misses a message now and then. */
const AGAIN_MS = 1000;

export function openHeldCalls(): HeldCalls {
  const held = new Map<string, { readonly exchange: HttpExchange; readonly wake: () => void; readonly clock: ReturnType<typeof setTimeout> }>();

  /** @returns whether the call still waited, and does no longer. */
  function settle(input: Settling, how: AskEnd["how"] | null): boolean {
    const one = held.get(input.ticket);
    if (!one) return false;
    if (one.exchange.settle(input).kind === "hold") return false;
    held.delete(input.ticket);
    clearTimeout(one.clock);
    if (how) void tell({ kind: "ask.gone", ticket: input.ticket, how });
    one.wake();
    return true;
  }

  async function tell(message: ToBackground): Promise<unknown> {
    return browser.runtime.sendMessage(message).catch(() => undefined);
  }

  async function ask(exchange: HttpExchange): Promise<void> {
    const { verdict } = exchange;
    if (verdict.kind !== "hold") return;
    const { ticket } = verdict.ask;
    while (held.has(ticket)) {
      const said = (await tell({ kind: "ask", ask: verdict.ask })) as { readonly [K in keyof AskReceipt]?: unknown } | undefined;
      if (said?.ok === true) {
        // An answer that does not fit its question is none, and then nobody was asked.
        if (said.answer !== undefined && !(isAnswer(said.answer) && settle({ kind: "answer", ticket, answer: said.answer }, null))) settle({ kind: "expire", ticket }, null);
        return;
      }
      if (said?.ok === false) return void settle({ kind: "expire", ticket }, null);
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  browser.runtime.onMessage.addListener((message: unknown, sender: Runtime.MessageSender) => {
    // Only our own background speaks to a relay; a page has no way to.
    if (sender.id !== browser.runtime.id || sender.tab !== undefined || typeof message !== "object" || message === null) return undefined;
    const { kind, ticket, answer } = message as Partial<ToRelay>;
    if (kind !== "answer" || typeof ticket !== "string" || !isAnswer(answer)) return undefined;
    // Of several frames only the one that holds it says a word.
    if (!held.has(ticket)) return undefined;
    return Promise.resolve({ ok: settle({ kind: "answer", ticket, answer }, null) });
  });

  return {
    hold(exchange, wake) {
      if (exchange.verdict.kind !== "hold") return;
      const { ticket, until } = exchange.verdict.ask;
      held.set(ticket, { exchange, wake, clock: setTimeout(() => settle({ kind: "expire", ticket }, "expired"), Math.max(0, until - Date.now())) });
      void ask(exchange);
    },
    leave(ticket) {
      settle({ kind: "leave", ticket }, "gone");
    },
    leaveAll() {
      for (const ticket of held.keys()) settle({ kind: "leave", ticket }, "gone");
    },
  };
}
