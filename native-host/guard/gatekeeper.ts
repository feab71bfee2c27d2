/** What every guard needs before its first message: policy, journal, the key of fingerprints, and sessions that know user and trust. */
import { randomBytes } from "node:crypto";
import { userInfo } from "node:os";
import process from "node:process";
import type { EventRecord } from "../../shared/events/record.ts";
import { createSession, type Effect, type Session } from "../../shared/gate/session.ts";
import { isServerRecord, observeServer, type ServerEntry } from "../../shared/inventory/inventory.ts";
import { scoreServer, type Score } from "../../shared/inventory/score.ts";
import type { Channel } from "../../shared/mcp/channel.ts";
import type { Facts } from "../../shared/policy/decision.ts";
import type { HostPaths } from "../home.ts";
import { openJournal, type JournalWriter } from "../journal/writer.ts";
import { openPolicy, type PolicyStore } from "../policy/store.ts";
import { installMachine } from "../sweep/machine.ts";
import { readHashKey } from "./hash-key.ts";

export interface GatekeeperOptions {
  readonly paths: HostPaths;
  /** Policy file named on the command line, for tests and development. */
  readonly policyFile?: string | undefined;
}

/** One connection: its session, and where its records go. */
export interface Gate {
  readonly session: Session;
  record(record: EventRecord): void;
  /** Carries out what concerns nobody but the journal. */
  note(effects: readonly Effect[]): void;
  close(reason: string): void;
}

export interface Gatekeeper {
  /** Begins a connection. */
  admit(channel: Channel): Gate;
  /** Tells a person, on standard error. */
  say(text: string): void;
  sayOnce(text: string): void;
  close(): Promise<void>;
}

export async function openGatekeeper(options: GatekeeperOptions): Promise<Gatekeeper> {
  const journal = openJournal(options.paths.journal, "guard");
  const policy = await openPolicy({ paths: options.paths, watch: true, ...(options.policyFile ? { file: options.policyFile } : {}) });
  const once = new Set<string>();
  const sayOnce = (text: string): void => {
    if (!once.has(text)) say(text);
    once.add(text);
  };
  const unwritten = `the journal in ${options.paths.journal} cannot be written; guarding goes on, but records may be lost`;
  sayRefusals(policy, journal);
  const user = userName();
  const random = randomSource();
  const key = readHashKey(options.paths.state);
  installMachine();
  let entry: ServerEntry | undefined;

  return {
    admit(channel) {
      const session = createSession({
        channel,
        by: "guard",
        policy: () => policy.current().compiled,
        key,
        now: Date.now,
        random,
        who: () => (user === undefined ? undefined : { user }),
        trust: () => entry && trustOf(entry),
      });
      const record = (each: EventRecord): void => {
        if (isServerRecord(each)) entry = observeServer(entry, each);
        journal.store([each]);
      };
      const note = (effects: readonly Effect[]): void => {
        for (const effect of effects) if (effect.kind === "record") record(effect.record);
      };
      note(session.step({ kind: "open" }));
      void journal.flush().then((written) => written || sayOnce(unwritten));
      return { session, record, note, close: (reason) => note(session.step({ kind: "close", reason })) };
    },
    say,
    sayOnce,
    async close() {
      policy.close();
      if (!(await journal.flush())) sayOnce(unwritten);
      await journal.close();
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
