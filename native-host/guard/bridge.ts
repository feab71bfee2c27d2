/** The two directions between client and server, joined by one session: policy in, records out, until the server has ended and its last words are through. */
import { randomBytes, randomUUID } from "node:crypto";
import { userInfo } from "node:os";
import process from "node:process";
import { createSession, type Effect, type Session } from "../../shared/gate/session.ts";
import { isServerRecord, observeServer, type ServerEntry } from "../../shared/inventory/inventory.ts";
import { scoreServer, type Score } from "../../shared/inventory/score.ts";
import type { Channel } from "../../shared/mcp/channel.ts";
import { launchedServer, unwrapGuard } from "../../shared/mcp/launch.ts";
import type { Facts } from "../../shared/policy/decision.ts";
import { openJournal, type JournalWriter } from "../journal/writer.ts";
import { openPolicy, type PolicyStore } from "../policy/store.ts";
import type { GuardedChild } from "./child.ts";
import type { Ending } from "./ending.ts";
import { readHashKey } from "./hash-key.ts";
import { lastWords } from "./last-words.ts";
import { pump } from "./pump.ts";
import type { GuardOptions } from "./stdio.ts";

/** @returns the exit code to end with. */
export async function bridge(child: GuardedChild, ending: Ending, options: GuardOptions): Promise<number> {
  const journal = openJournal(options.paths.journal, "guard");
  const policy = await openPolicy({ paths: options.paths, watch: true, ...(options.policyFile ? { file: options.policyFile } : {}) });
  const once = new Set<string>();
  const sayOnce = (text: string): void => {
    if (!once.has(text)) say(text);
    once.add(text);
  };
  sayRefusals(policy, journal);
  if (unwrapGuard(options).kind === "guarded") say("this command starts a guard of its own; one is enough, and two judge everything twice");

  const { session, record } = openSession(options, policy, journal);
  const run = (effects: readonly Effect[]): void => {
    for (const effect of effects) if (effect.kind === "record") record(effect);
  };
  run(session.step({ kind: "open" }));
  const unwritten = `the journal in ${options.paths.journal} cannot be written; guarding goes on, but records may be lost`;
  void journal.flush().then((written) => written || sayOnce(unwritten));

  const common = {
    session,
    onRecord: record,
    onStray: (bytes: Uint8Array) => void process.stderr.write(bytes),
    onFailure: (name: string) => sayOnce(`a message could not be judged because of an error in Sluice (${name}); it was not handed on`),
  };
  const toServer = pump({ ...common, direction: "to-server", from: process.stdin, to: child.stdin, back: process.stdout });
  const toClient = pump({ ...common, direction: "to-client", from: child.stdout, to: process.stdout, back: child.stdin });
  void toServer.done.then(() => ending.inputClosed(child.stdin));
  child.stdout.on("data", () => ending.heard());
  child.listening();
  // That it breaks is how we learn that the client is gone.
  process.stdout.on("error", () => ending.clientGone(child.stdin));

  const end = await ending.ended;
  // Nothing is left to pass signals on to: from here on they end the guard.
  ending.release();
  await lastWords(toClient);
  run(session.step({ kind: "close", reason: end.reason }));
  policy.close();
  if (!(await journal.flush())) sayOnce(unwritten);
  await journal.close();
  return end.code;
}

function say(text: string): void {
  process.stderr.write(`sluice: ${text}\n`);
}

function sayRefusals(policy: PolicyStore, journal: JournalWriter): void {
  policy.onRejected(({ source, errors, kept }) => {
    journal.append({ kind: "policy.rejected", source, errors, kept });
    const { policy: held, source: from } = policy.current();
    const stays = from === "baseline" ? "Only the built-in baseline is in force" : `In force stays "${held.id}", revision ${held.revision}`;
    say(`the policy was refused. ${stays}.\n${errors.map((error) => `  ${error}`).join("\n")}`);
  });
}

function openSession(options: GuardOptions, policy: PolicyStore, journal: JournalWriter): { session: Session; record(effect: Extract<Effect, { kind: "record" }>): void } {
  const channel: Channel = { id: randomUUID(), point: "stdio", transport: "stdio", client: options.client, server: launchedServer(options.command, options.args) };
  const user = userName();
  let entry: ServerEntry | undefined;
  const session = createSession({
    channel,
    by: "guard",
    policy: () => policy.current().compiled,
    key: readHashKey(options.paths.state),
    now: Date.now,
    random: randomSource(),
    who: () => (user === undefined ? undefined : { user }),
    trust: () => entry && trustOf(entry),
  });
  return {
    session,
    record({ record }) {
      if (isServerRecord(record)) entry = observeServer(entry, record);
      journal.store([record]);
    },
  };
}

/** Scored when a rule asks, and only then: most policies never do. */
function trustOf(entry: ServerEntry): NonNullable<Facts["trust"]> {
  let found: Score | undefined;
  const score = (): Score => (found ??= scoreServer(entry));
  return {
    get score() {
      return score().score;
    },
    get level() {
      return score().level;
    },
  };
}

/** Undefined where the system has no name for this user (a container with a bare number): rules on names then count as unknown. */
function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

/** Random bytes in small portions from a larger draw: one draw a message would cost more than judging a short one. */
function randomSource(): (bytes: number) => Uint8Array {
  const portion = 4096;
  let pool = randomBytes(portion);
  let at = 0;
  return (bytes) => {
    if (bytes > portion) return randomBytes(bytes);
    if (at + bytes > portion) {
      pool = randomBytes(portion);
      at = 0;
    }
    return pool.subarray(at, (at += bytes));
  };
}
