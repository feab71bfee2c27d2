/** What every guard needs before its first message: policy, journal, the key of fingerprints, and sessions that know user and trust. */
import { randomBytes } from "node:crypto";
import process from "node:process";
import type { EventRecord } from "../../shared/events/record.ts";
import { Grants } from "../../shared/gate/grants.ts";
import { createSession, newSubstitutes, type Effect, type Session } from "../../shared/gate/session.ts";
import type { ServerEntry } from "../../shared/inventory/inventory.ts";
import { scoreServer, type Score } from "../../shared/inventory/score.ts";
import type { Channel } from "../../shared/mcp/channel.ts";
import type { CompiledPolicy } from "../../shared/policy/compile.ts";
import type { Facts } from "../../shared/policy/decision.ts";
import { RateCounter } from "../../shared/policy/rate-counter.ts";
import { refusalOfServer, sealed } from "../../shared/policy/whole-server.ts";
import { openDesk, type Desk } from "../approvals/desk.ts";
import { openGrantShelf } from "../approvals/grant-shelf.ts";
import { openSpool } from "../approvals/spool.ts";
import type { HostPaths } from "../home.ts";
import { openJournal, type JournalWriter } from "../journal/writer.ts";
import { openPolicy, type PolicyStore } from "../policy/store.ts";
import { installDigests } from "../digests.ts";
import { whoIsHere, whoIsHereWithGroups } from "../person.ts";
import { installMachine } from "../sweep/machine.ts";
import { addressBook } from "./addresses.ts";
import { readHashKey } from "./hash-key.ts";
import type { HeaderMemory } from "./http/request-headers.ts";
import { openKnowledge, type Knowledge } from "./knowledge.ts";

export interface GatekeeperOptions {
  readonly paths: HostPaths;
  /** Policy file named on the command line, for tests and development. */
  readonly policyFile?: string | undefined;
}

/** One connection: its session, and where its records go. */
export interface Gate {
  readonly session: Session;
  /** Headers that the server's tools want, as far as any guard of it has learned them. */
  readonly headers?: HeaderMemory;
  /** Where a person is asked about what this session holds. */
  readonly desk: Desk;
  record(record: EventRecord): void;
  /** Something has passed whose record the session makes later. */
  passed(): void;
  /** Carries out what concerns nobody but the journal. */
  note(effects: readonly Effect[]): void;
  close(reason: string): void;
  /** Calls back once, at once or later, when the policy refuses the server as a whole. From then on this gate refuses everything, and no later policy opens it again: its server is not there any more. */
  whenRefused(callback: () => void): void;
}

export interface Gatekeeper {
  /** Begins a connection. */
  admit(channel: Channel): Gate;
  /** Tells a person, on standard error. */
  say(text: string): void;
  sayOnce(text: string): void;
  /** Puts on record, once, that something could not be guarded. */
  gap(text: string): void;
  close(): Promise<void>;
}

export async function openGatekeeper(options: GatekeeperOptions): Promise<Gatekeeper> {
  installDigests();
  installMachine();
  const journal = openJournal(options.paths.journal, "guard");
  const policy = await openPolicy({ paths: options.paths, watch: true, ...(options.policyFile ? { file: options.policyFile } : {}) });
  const once = new Set<string>();
  const gaps = new Set<string>();
  const sayOnce = (text: string): void => {
    if (!once.has(text)) say(text);
    once.add(text);
  };
  const unwritten = `the journal in ${options.paths.journal} cannot be written; guarding goes on, but records may be lost`;
  sayRefusals(policy, journal);
  const random = randomSource();
  // Connections to one server come and go: what is counted by server or tool outlives them.
  const rates = new RateCounter();
  const addresses = addressBook(() => performance.now());
  const key = readHashKey(options.paths.state);
  const desk = openDesk(openSpool(options.paths.state), sayOnce);
  const shelf = openGrantShelf(options.paths.state);
  const grants = new Grants({ policy: () => policy.current().digest, find: shelf.find, keep: shelf.keep });
  const substitutes = newSubstitutes({ key, random });
  /** One in truth: a guard stands before one server. */
  const known = new Map<string, Knowledge>();
  const knowledgeOf = (server: string): Knowledge => {
    let knowledge = known.get(server);
    if (!knowledge) known.set(server, (knowledge = openKnowledge(options.paths.state, server)));
    return knowledge;
  };
  const here = whoIsHere();
  /** The groups are looked up only for a policy that speaks of them. */
  let withGroups: Facts["who"];
  const who = (): Facts["who"] => (policy.current().compiled.asksGroups ? (withGroups ??= whoIsHereWithGroups()) : here);

  return {
    admit(channel) {
      const knowledge = knowledgeOf(channel.server.id);
      const trust = (): Facts["trust"] => trustOf(knowledge);
      let last: CompiledPolicy | null = null;
      let refused: (() => void) | null = null;
      const check = (): void => {
        if (last || !refused) return;
        const { compiled } = policy.current();
        const decision = refusalOfServer(compiled, { channel, trust: trust(), who: who(), now: Date.now() });
        if (!decision) return;
        last = sealed(compiled, { ...decision, message: decision.message === null ? ENDED : `${decision.message.replace(/[^.!?…:]$/, "$&.")} ${ENDED}` });
        refused();
      };
      const session = createSession({
        channel,
        by: "guard",
        policy: () => last ?? policy.current().compiled,
        key,
        now: Date.now,
        random,
        who,
        trust,
        addresses,
        rates,
        grants,
        substitutes,
      });
      const record = (each: EventRecord): void => {
        knowledge.observe(each);
        journal.store([each]);
        // What is known of the server may change the answer, not the policy's text alone.
        if (refused && each.kind === "request" && each.decision.enforced === "block") check();
      };
      const makeRecords = (): EventRecord[] => {
        const records = session.records();
        records.forEach(knowledge.observe);
        return records;
      };
      const note = (effects: readonly Effect[]): void => {
        for (const effect of effects) if (effect.kind === "record") record(effect.record);
      };
      note(session.step({ kind: "open" }));
      void journal.flush().then((written) => written || sayOnce(unwritten));
      return {
        session,
        headers: knowledge.headers,
        desk,
        record,
        passed: () => journal.expect(makeRecords),
        note,
        close: (reason) => note(session.step({ kind: "close", reason })),
        whenRefused(callback) {
          refused = callback;
          policy.onApplied(check);
          check();
        },
      };
    },
    say,
    sayOnce,
    gap(text) {
      if (!gaps.has(text)) journal.append({ kind: "health", what: "coverage.gap", detail: text });
      gaps.add(text);
    },
    async close() {
      desk.close();
      policy.close();
      await Promise.all([...known.values()].map((knowledge) => knowledge.close()));
      if (!(await journal.flush())) sayOnce(unwritten);
      await journal.close();
    },
  };
}

/** What a client reads besides the policy's own words. */
const ENDED = "Sluice has ended this server. Once the policy allows it, restart this server in your app.";

/** Scored when a rule asks, and only then: most policies never do. */
function trustOf(knowledge: Knowledge): NonNullable<Facts["trust"]> {
  let found: Score | undefined;
  const score = (): Score => (found ??= scoreOf(knowledge.entry()!));
  return {
    get score() {
      return score().score;
    },
    get level() {
      return score().level;
    },
  };
}

const scores = new WeakMap<ServerEntry, Score>();

function scoreOf(entry: ServerEntry): Score {
  let score = scores.get(entry);
  if (!score) scores.set(entry, (score = scoreServer(entry)));
  return score;
}

function say(text: string): void {
  process.stderr.write(`sluice: ${text}\n`);
}

function sayRefusals(policy: PolicyStore, journal: JournalWriter): void {
  policy.onRejected(({ source, errors, kept }) => {
    const { policy: held, source: from, seen } = policy.current();
    journal.append({ kind: "policy.rejected", source, errors, kept, ...(seen && { bundle: seen }) });
    const stays = from === "baseline" ? "Only the built-in baseline is in force" : `In force stays "${held.id}", revision ${held.revision}`;
    say(`the policy was refused. ${stays}.\n${errors.map((error) => `  ${error}`).join("\n")}`);
  });
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
