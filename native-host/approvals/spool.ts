/** Where guards put their questions and find their answers: a folder that only its owner can open. Whoever can write there is the person, or a program that acts as the person. */
import { linkSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { misfit, type Answer, type Ask } from "../../shared/gate/ask.ts";
import { isAsk, isFreshAnswer, isTicket, receipt, type AnswerReceipt } from "../../shared/messages/asks.ts";
import { GRANT_FILE } from "./grant-shelf.ts";
import { draft, namesIn, prepareFolder, readOwn } from "./own-file.ts";

export interface Spool {
  readonly dir: string;
  /** @throws where the folder cannot be made or written. */
  put(ask: Ask): void;
  /** Open questions, oldest first. What a guard that was killed has left behind is taken away. */
  list(): Ask[];
  find(ticket: string): Ask | undefined;
  /** The first answer counts, whoever gives it. */
  answer(ticket: string, answer: Answer): AnswerReceipt;
  /** The answer to this question, if there is one that fits it. */
  answerTo(ask: Ask): Answer | undefined;
  /** The question is over: nothing of it stays on the disk, except for a moment that it had an answer. */
  end(ticket: string): void;
}

/** A guard ends its questions itself; what is this long past its time was left behind. */
const LEFT_MS = 10_000;

/** @param state folder of the host's state. */
export function openSpool(state: string, now: () => number = Date.now): Spool {
  const dir = join(state, "approvals");
  const place = (what: "ask" | "answer" | "done", ticket: string): string => join(dir, `${what}-${ticket}.json`);

  function find(ticket: string): Ask | undefined {
    const ask = isTicket(ticket) ? readOwn(place("ask", ticket)) : undefined;
    return isAsk(ask) && ask.ticket === ticket ? ask : undefined;
  }

  function tickets(what: string): string[] {
    return namesIn(dir).flatMap((name) => {
      const ticket = name.startsWith(`${what}-`) && name.endsWith(".json") ? name.slice(what.length + 1, -5) : "";
      return isTicket(ticket) ? [ticket] : [];
    });
  }

  function sweep(): void {
    for (const name of namesIn(dir)) {
      // Those end by themselves, much later.
      if (name.startsWith(GRANT_FILE)) continue;
      try {
        const file = join(dir, name);
        const old = now() - statSync(file).mtimeMs;
        // The longest question of all lasts five minutes.
        if (old > 300_000 + LEFT_MS || (name.startsWith("done-") && old > 60_000)) rmSync(file, { force: true });
      } catch {
        // Gone already.
      }
    }
  }

  return {
    dir,
    put(ask) {
      prepareFolder(dir);
      sweep();
      renameSync(draft(dir, ask), place("ask", ask.ticket));
    },
    list() {
      const asks: Ask[] = [];
      for (const ticket of tickets("ask")) {
        const ask = find(ticket);
        if (ask && ask.until + LEFT_MS >= now()) asks.push(ask);
        else rmSync(place("ask", ticket), { force: true });
      }
      // Answered, and only not yet seen by its guard.
      const answered = new Set(tickets("answer"));
      return asks.filter(({ ticket, until }) => !answered.has(ticket) && until > now()).toSorted((a, b) => a.opened - b.opened || (a.ticket < b.ticket ? -1 : 1));
    },
    find,
    answer(ticket, answer) {
      if (!isTicket(ticket)) return receipt(ticket, "unfit");
      const ask = find(ticket);
      if (!ask) return receipt(ticket, readOwn(place("done", ticket)) === undefined ? "gone" : "already");
      if (ask.until <= now()) return receipt(ticket, "gone", "The time to answer is over.");
      const why = misfit(ask, answer);
      if (why !== null) return receipt(ticket, "unfit", `${why.charAt(0).toUpperCase()}${why.slice(1)}.`);
      const file = draft(dir, answer);
      try {
        // Puts it there whole or not at all, and never over another's.
        linkSync(file, place("answer", ticket));
        return receipt(ticket, "taken");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EEXIST") return receipt(ticket, "already");
        throw error;
      } finally {
        rmSync(file, { force: true });
      }
    },
    answerTo(ask) {
      const answer = readOwn(place("answer", ask.ticket));
      return isFreshAnswer(answer) && misfit(ask, answer) === null ? answer : undefined;
    },
    end(ticket) {
      const answered = readOwn(place("answer", ticket)) !== undefined;
      try {
        // So that who comes second hears that it was answered, and not that it never was.
        if (answered) writeFileSync(place("done", ticket), "{}", { mode: 0o600 });
      } catch {
        // They hear "no longer waits" instead.
      }
      rmSync(place("ask", ticket), { force: true });
      rmSync(place("answer", ticket), { force: true });
    },
  };
}
