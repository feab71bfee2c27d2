/** The listening stream of the legacy era: what a server says by itself, taken up again where it ended, for as long as the session lasts. */
import { setTimeout as sleep } from "node:timers/promises";
import type { HttpExchange } from "../../../shared/gate/http.ts";
import { readReply, type ReplyOutcome } from "./reply-lines.ts";
import type { Target } from "./target.ts";
import { WireFailure, type Answer, type Wire } from "./wire.ts";

export interface ListeningParts {
  readonly target: Target;
  readonly wire: Wire;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Before it is taken up again, where the server names no time. */
  readonly retryMs: number;
  /** Of the session. */
  headers(): Record<string, string>;
  /** Judges one stream. */
  exchange(): HttpExchange;
  line(text: string): Promise<void>;
  onSent(): void;
  /** A stream that had been open is not there any more. */
  onGone(answer: Answer): void;
  /** Sluice itself failed. */
  onFailure(error: unknown): void;
}

const MAX_RETRY_MS = 30_000;

/** Resolves when there is none, or none any more. Never rejects. */
export async function hear(parts: ListeningParts): Promise<void> {
  const { target, wire, signal, onSent } = parts;
  let since: string | null = null;
  let { retryMs } = parts;
  for (let vain = 0; !signal.aborted; vain++) {
    try {
      const exchange = parts.exchange();
      if (exchange.verdict.kind !== "pass") return;
      const headers = { ...target.headers, accept: "text/event-stream", ...parts.headers(), ...(since === null ? {} : { "last-event-id": since }) };
      const answer = await wire.ask({ method: "GET", url: target.url, headers, body: null, signal, onSent });
      if (isStream(answer)) {
        let heard = false;
        const outcome: ReplyOutcome = await readReply(answer, exchange, { line: parts.line, event: () => void (heard = true), resumes: () => true }, 0);
        since = outcome.lastEventId ?? since;
        retryMs = outcome.retryMs ?? retryMs;
        if (heard) vain = -1;
      } else {
        answer.discard();
        // 405: the server has none. Nobody waits for one.
        if (answer.status === 404 && vain > 0) parts.onGone(answer);
        if (answer.status < 500) return;
      }
    } catch (error) {
      if (!(error instanceof WireFailure) && !signal.aborted) parts.onFailure(error);
    }
    await sleep(delayOf(retryMs, vain + 1), undefined, { signal, ref: false }).catch(() => {});
  }
}

export function isStream(answer: Answer): boolean {
  return answer.status === 200 && /^\s*text\/event-stream\b/i.test(answer.type);
}

/** @param vain attempts that brought nothing new. */
export function delayOf(retryMs: number, vain: number): number {
  return Math.min(MAX_RETRY_MS, retryMs * 1.5 ** Math.max(0, vain));
}
