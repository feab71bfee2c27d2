/** The host's side of a question: tells the browser what guards ask and what is over, and hands a person's word to the guard that waits. */
import type { Answer } from "../../shared/gate/ask.ts";
import { isFreshAnswer, isTicket, receipt, type AnswerReceipt } from "../../shared/messages/asks.ts";
import type { FromHost } from "../../shared/messages/host.ts";
import type { Spool } from "./spool.ts";

export interface AskRelay {
  close(): void;
}

/** Looking costs one reading of an empty folder; notices of a folder that may not exist yet do not come everywhere. */
const LOOK_MS = 300;

export function relayAsks(spool: Spool, send: (message: Extract<FromHost, { kind: "ask" | "ask.gone" }>) => void): AskRelay {
  let known = new Set<string>();

  function look(): void {
    const asks = spool.list();
    const now = new Set(asks.map(({ ticket }) => ticket));
    for (const ticket of known) if (!now.has(ticket)) send({ kind: "ask.gone", ticket });
    for (const ask of asks) if (!known.has(ask.ticket)) send({ kind: "ask", ask });
    known = now;
  }

  look();
  const timer = setInterval(look, LOOK_MS).unref();
  return { close: () => clearInterval(timer) };
}

/** What a browser says is checked like everything that comes from there. It can answer a question that is open, and do nothing else with this folder. */
export function takeAnswer(spool: Spool, ticket: unknown, answer: unknown): AnswerReceipt {
  if (!isTicket(ticket) || !isFreshAnswer(answer)) return receipt(String(ticket).slice(0, 64), "unfit");
  const word: Answer = { ...answer, via: "popup" };
  try {
    return spool.answer(ticket, word);
  } catch (error) {
    return receipt(ticket, "unfit", `The answer could not be written (${(error as NodeJS.ErrnoException).code ?? "error"}).`);
  }
}
