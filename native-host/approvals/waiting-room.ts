/** Messages of one pipe that wait for a person: keeps their bytes, tells the sender to be patient, and carries out what came of the answer. */
import type { Effect, Input } from "../../shared/gate/session.ts";
import { waitingNotice } from "../../shared/gate/holds.ts";
import type { Desk } from "./desk.ts";

export interface WaitingRoom {
  take(hold: Extract<Effect, { kind: "hold" }>, original: Uint8Array): void;
  release(ticket: string): void;
  /** The sender has closed its side. @param how what becomes of those who still wait. */
  empty(how: "leave" | "expire"): void;
  readonly isEmpty: boolean;
}

export interface RoomParts {
  readonly desk: Desk;
  /** Asks the gate, and does what it says with the message. */
  carryOut(input: Extract<Input, { kind: "answer" | "expire" | "leave" }>, original: Uint8Array): void;
  /** Tells the sender; null where it did not ask to hear. */
  tell(line: string): void;
}

/** Clients that count progress as a sign of life wait a minute or so from one to the next. */
const PROGRESS_MS = 5_000;

export function openWaitingRoom({ desk, carryOut, tell }: RoomParts): WaitingRoom {
  const waiting = new Map<string, { readonly original: Uint8Array; readonly clock: NodeJS.Timeout | undefined }>();

  /** @returns its bytes, if it still waited. */
  function dismiss(ticket: string): Uint8Array | undefined {
    const one = waiting.get(ticket);
    waiting.delete(ticket);
    clearInterval(one?.clock);
    return one?.original;
  }

  return {
    take({ ticket, ask, progress }, original) {
      let step = 0;
      const notice = (): void => tell(waitingNotice(progress!, ++step));
      if (progress !== null) notice();
      waiting.set(ticket, { original, clock: progress === null ? undefined : setInterval(notice, PROGRESS_MS).unref() });
      void desk.ask(ask).then((input) => {
        if (input && dismiss(ticket)) carryOut(input, original);
      });
    },
    release(ticket) {
      dismiss(ticket);
      desk.withdraw(ticket);
    },
    empty(how) {
      for (const ticket of waiting.keys()) {
        const original = dismiss(ticket)!;
        desk.withdraw(ticket);
        carryOut({ kind: how, ticket }, original);
      }
    },
    get isEmpty() {
      return waiting.size === 0;
    },
  };
}
