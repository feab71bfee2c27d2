/** The gate: one message in, effects out. Pure: no sockets, no clock, no randomness of its own. The page relay, the stdio guard and the HTTP guard are adapters around it. */
import { byteLength } from "../base/bytes.ts";
import { fingerprint } from "../base/digest.ts";
import { uuidSequence } from "../base/uuid.ts";
import type { ApprovalAnswered, EventRecord, Unstamped } from "../events/record.ts";
import { RECORD_VERSION } from "../events/record.ts";
import { inspectJson } from "../inspect/data/inspect.ts";
import { standardScanner } from "../inspect/data/scan.ts";
import type { Substitutes } from "../inspect/data/substitutes.ts";
import { opposite, type AuthenticationSeen, type Channel, type Direction } from "../mcp/channel.ts";
import { guessMessage, readMessage, type Envelope, type SingleMessage, type SkimmedMessage } from "../mcp/message.ts";
import { partsOf } from "../mcp/parts.ts";
import type { Decision, Facts } from "../policy/decision.ts";
import { refusalText } from "../policy/explain.ts";
import { RateCounter } from "../policy/rate-counter.ts";
import { misfit, storableReason, type Answer, type Ask } from "./ask.ts";
import { answeredAs, Exchanges, type Exchange, type Relation } from "./exchanges.ts";
import { Grants, thingOf } from "./grants.ts";
import { answerWord, Holds, needsPerson, progressTokenOf, stopText, type Answered, type Held, type Questioned, type Stop } from "./holds.ts";
import { Introductions } from "./introductions.ts";
import { argumentsOf, foldFindings, namesOf, storableDecision, subjectOf, summarize } from "./summary.ts";
import { recordOf, Routine, type Place, type Situation } from "./routine.ts";
import { envelopeOf, glanceAt, isRoutine, NOTHING_FOUND, readInFull, type Glance } from "./skimming.ts";
import { putBack, type RestoredMessage } from "./put-back.ts";
import { isHeld, redactWhatMay } from "./redacting.ts";
import { newSubstitutes, PASSED, type Session, type SessionSetup } from "./setup.ts";
import type { Effect, Input, Outcome, Unanswered } from "./step.ts";
import { faultOf, idIn, notPassed } from "./unreadable.ts";
import { BLOCKED_BY_POLICY, NOT_JUDGEABLE, refusal } from "./refusal.ts";

export { newSubstitutes, PASSED, type Session, type SessionSetup } from "./setup.ts";
export type { Effect, Input, Outcome, Unanswered } from "./step.ts";

export function createSession(setup: SessionSetup): Session {
  return new GateSession(setup);
}

class GateSession implements Session {
  readonly channel: Channel;
  readonly #setup: SessionSetup;
  readonly #exchanges = new Exchanges();
  readonly #introductions = new Introductions();
  readonly #holds: Holds;
  readonly #routine: Routine;
  readonly #substitutes: Substitutes;
  readonly #rates: RateCounter;
  #authentication: AuthenticationSeen = "unknown";
  readonly #id: (ms: number) => string;
  #effects: Effect[] = [];

  constructor(setup: SessionSetup) {
    this.#setup = setup;
    this.channel = setup.channel;
    this.#id = uuidSequence(setup.random);
    this.#rates = setup.rates ?? new RateCounter();
    this.#routine = new Routine(this.#exchanges, this.#id);
    this.#substitutes = setup.substitutes ?? newSubstitutes(setup);
    this.#holds = new Holds(setup.grants ?? new Grants());
  }

  records(): EventRecord[] {
    const place = this.#place();
    return this.#routine.take().map((passed) => recordOf(passed, place, this.#setup.by, this.#id));
  }

  step(input: Input): Effect[] {
    this.#begin();
    switch (input.kind) {
      case "open":
        this.#record({ kind: "session.started", ...this.#place() });
        break;
      case "close":
        for (const { ask } of this.#holds.all()) this.#leave(ask.ticket);
        this.#record({ kind: "session.ended", ...this.#place(), reason: input.reason });
        break;
      case "authentication":
        this.#authentication = input.seen;
        break;
      case "knock":
        this.#knock(input.what);
        break;
      case "unreadable":
        this.#refuseUnreadable(input);
        break;
      case "unanswered":
        this.#unanswered(input.head, input.because);
        break;
      case "abandoned":
        // Judged like an answer, so that it is refused and recorded like one.
        for (const id of this.#exchanges.waiting("to-server")) this.#message("to-client", `{"jsonrpc":"2.0","id":${id},"error":{"code":${BLOCKED_BY_POLICY},"message":"the server was ended"}}`, 0, false);
        break;
      case "message":
        this.#message(input.direction, input.text, input.bytes ?? byteLength(input.text), input.waits === true);
        break;
      case "answer":
        this.#answer(input.ticket, input.answer);
        break;
      case "expire":
        this.#answer(input.ticket, null);
        break;
      case "leave":
        this.#leave(input.ticket);
        break;
    }
    return this.#effects;
  }

  skim(direction: Direction, parts: readonly Uint8Array[], bytes: number, waits: boolean): readonly Effect[] | null {
    // What might take a held call back, or hold a token to turn back, is read.
    if (!this.#holds.isEmpty || (direction === "to-server" && !this.#substitutes.isEmpty)) return null;
    const policy = this.#setup.policy();
    const members = standardScanner().skimmer.skim(parts);
    const glance = members && glanceAt(members);
    if (!glance) return null;
    const situation: Situation = { policy, protocolVersion: this.#introductions.protocolVersion, authentication: this.#authentication, who: this.#setup.who?.() };
    if (this.#introductions.settled && this.#routine.passes(direction, glance, bytes, this.#setup.now(), situation)) return PASSED;
    const envelope = envelopeOf(glance);
    if (!envelope) return null;
    const answered = envelope.kind === "response" && envelope.id !== null ? this.#exchanges.find(opposite(direction), envelope.id) : null;
    if (!isRoutine(envelope, answered?.sure ? answered.method : null)) return null;
    if (envelope.kind !== "response" && policy.readsArguments(this.#factsBefore(direction, envelope))) return null;
    this.#begin();
    const outcome = this.#judge(direction, { kind: "skimmed", envelope, parts }, bytes, waits);
    if (outcome.passed) this.#remember(direction, glance, outcome.passed, situation);
    this.#carryOut(outcome);
    return this.#effects;
  }

  #remember(direction: Direction, glance: Glance, { exchange, decision, facts }: NonNullable<Outcome["passed"]>, situation: Situation): void {
    const until = exchange ? situation.policy.standsUntil(facts) : 0;
    if (!exchange || until === 0) return;
    this.#routine.remember(direction, glance, exchange, decision, facts.now, until, situation);
    const { skimmer } = standardScanner();
    for (const word of [exchange.method, exchange.subject.tool, exchange.subject.prompt]) if (word) skimmer.learn(word);
  }

  /** What has passed comes before what follows. */
  #begin(): void {
    this.#effects = this.records().map((record) => ({ kind: "record", record }));
  }

  #message(direction: Direction, text: string, bytes: number, waits: boolean): void {
    const read = readMessage(text);
    if (read.ok) standardScanner().skimmer.meet(read.value);
    if (!read.ok) {
      this.#refuseUnreadable({ direction, ...faultOf(read.why), bytes, head: text });
      return;
    }
    if (read.value.kind === "single") {
      const cancelled = this.#holds.cancelledBy(direction, read.value.envelope);
      if (cancelled) {
        // The receiver has never heard of the request, so it does not hear of its end either.
        this.#leave(cancelled.ask.ticket);
        this.#carryOut({ fate: "drop", text: null, reply: null });
        return;
      }
      this.#carryOut(this.#judge(direction, this.#putBack(direction, read.value), bytes, waits));
      return;
    }
    // A batch stays one batch and loses only what may not pass; what is refused of it is answered as a batch, too.
    const outcomes = read.value.members.map((member) => this.#judge(direction, this.#putBack(direction, member), byteLength(member.text), false));
    const replies = outcomes.flatMap((outcome) => (outcome.reply === null ? [] : [outcome.reply]));
    const passing = read.value.members.flatMap((member, i) => (outcomes[i]!.fate === "drop" ? [] : [outcomes[i]!.text ?? member.text]));
    const reply = replies.length ? `[${replies.join(",")}]` : null;
    if (outcomes.every((outcome) => outcome.fate === "forward")) this.#carryOut({ fate: "forward", text: null, reply });
    else if (passing.length) this.#carryOut({ fate: "replace", text: `[${passing.join(",")}]`, reply });
    else this.#carryOut({ fate: "drop", text: null, reply });
  }

  /** What is known of a message before it is judged. */
  #factsBefore(direction: Direction, envelope: Envelope): Facts {
    return { channel: this.channel, direction, method: "method" in envelope ? envelope.method : undefined, ...subjectOf(envelope), findings: [], unknownClasses: [], protocolVersion: this.#introductions.protocolVersion ?? undefined, authentication: this.#authentication, trust: this.#setup.trust?.(), who: this.#setup.who?.(), now: this.#setup.now() };
  }

  #putBack(direction: Direction, message: SingleMessage): RestoredMessage {
    if (direction !== "to-server" || this.#substitutes.isEmpty) return message;
    const { envelope } = message;
    const facts = this.#factsBefore(direction, envelope);
    return putBack(message, this.#substitutes, (name) => this.#setup.policy().restores(name, facts));
  }

  #judge(direction: Direction, message: RestoredMessage | SkimmedMessage, bytes: number, waits: boolean, answered: Answered | null = null): Outcome {
    const now = this.#setup.now();
    const { envelope } = message;
    // The exchange of a response that waited was closed when it came; its id may belong to another by now.
    const exchange = answered && envelope.kind === "response" ? answered.held.exchange : this.#exchanges.of(direction, envelope, now, () => this.#id(now));
    const method = envelope.kind === "request" || envelope.kind === "notification" ? envelope.method : (exchange?.method ?? null);
    const inspection = message.kind === "skimmed" ? NOTHING_FOUND : inspectJson(message.text, message.leaves, this.#setup.key);
    const introduced = this.#introductions.learn(envelope, method, this.#authentication, inspection);
    const policy = this.#setup.policy();
    const relation = this.#exchanges.relate(direction, envelope, exchange);
    const { subject, unplaced, begun } = relation;
    const facts: Facts = {
      channel: this.channel,
      direction,
      method: unplaced ? undefined : (method ?? undefined),
      ...subject,
      began: begun?.method,
      unplaced,
      arguments: argumentsOf(envelope),
      bytes,
      findings: inspection.findings,
      unknownClasses: inspection.unknown,
      protocolVersion: this.#introductions.protocolVersion ?? undefined,
      authentication: this.#authentication,
      trust: this.#setup.trust?.(),
      who: this.#setup.who?.(),
      addresses: this.#setup.addresses?.(),
      rate: this.#rates,
      now,
    };
    let decision = policy.decide(facts);
    const id = this.#id(now);
    let stop: Stop | null = null;
    let agreed: readonly string[] = [];
    if (answered || needsPerson(decision)) {
      // What a person is asked about is shown to them, and their word holds for exactly that.
      if (message.kind === "skimmed") message = readInFull(message.parts);
      const about: Questioned = { channel: this.channel, direction, method, subject: subject.tool ?? subject.prompt ?? subject.resource ?? null, thing: thingOf(subject), message, bytes, inspection, exchange, begun, decision, policy: policy.policy, now };
      const word = this.#holds.consult(about, waits && !unplaced, answered);
      decision = word.decision;
      if (word.kind === "stop") stop = word.why;
      if (word.kind === "go") agreed = word.rules;
      // What cannot be redacted is stopped below: nobody is asked about what may not pass anyway.
      if (word.kind === "ask" && !isHeld(redactWhatMay(message, inspection, decision, this.#substitutes).decision)) {
        const ask = this.#holds.open(about, word.asking, id);
        if (typeof ask !== "string") return this.#ask(ask, about, relation, id);
        stop = ask;
        decision = { ...decision, enforced: "block", redactions: [] };
      }
    }
    const redacted = redactWhatMay(message, inspection, decision, this.#substitutes);
    decision = redacted.decision;
    if (!isHeld(decision)) this.#rates.add(facts);
    const names = envelope.kind === "response" ? (exchange?.names ?? { method }) : namesOf(method, subject, inspection, begun);
    if (exchange && envelope.kind === "request") exchange.names = names;
    if (exchange && agreed.length > 0) exchange.agreed = agreed;
    const summary = summarize(direction, message, bytes, exchange, relation, names, inspection, decision, redacted.replaced, now);
    const person = answered || agreed.length > 0 ? { answer: answerWord(answered), ...(answered ? { asked: answered.held.ask.ticket } : {}) } : {};
    this.#effects.push({ kind: "record", record: this.#stamp({ ...this.#place(), ...summary, ...person }, id, now) });
    if (introduced) this.#record({ kind: "initialized", ...this.#place(), ...introduced });
    if (!isHeld(decision)) {
      const listed = this.#introductions.listedIn(envelope, method, inspection);
      if (listed) this.#record({ ...this.#place(), ...listed });
    }

    if (isHeld(decision)) return this.#refuse(direction, message, exchange, decision, stop && stopText(stop, this.#setup.by, answered ? now - answered.held.ask.opened : 0), id, inspection.findings.some(({ pointer }) => pointer === "/id"));
    if (redacted.text !== null) return { fate: "replace", text: redacted.text, reply: null };
    // What a person's word has opened is asked about anew each time: the word may have run out.
    return { fate: "forward", text: null, reply: null, ...(answered || agreed.length > 0 ? {} : { passed: { exchange, decision, facts } }) };
  }

  /** The question is on record before anybody is asked. */
  #ask(ask: Ask, { direction, message, method, inspection, exchange, decision, now }: Questioned, { subject, begun }: Relation, id: string): Outcome {
    const { envelope } = message;
    const names = envelope.kind === "response" ? { method } : namesOf(method, subject, inspection, begun);
    const call = fingerprint(this.#setup.key, ask.call);
    const asked = { kind: "approval.requested" as const, ...this.#place(), direction, ...names, asks: ask.effect, rules: ask.rules, call, until: ask.until, findings: foldFindings(inspection, () => partsOf(message, { method: exchange?.method ?? null, began: begun?.method ?? null })), decision: storableDecision(decision) };
    this.#effects.push({ kind: "record", record: this.#stamp(asked, id, now) });
    // While it waits nobody can have answered it.
    if (envelope.kind === "request") this.#exchanges.forget(direction, envelope.id);
    const progress = envelope.kind === "request" ? progressTokenOf(envelope) : null;
    return { fate: "hold", text: null, reply: null, hold: { kind: "hold", ticket: ask.ticket, ask, progress } };
  }

  /** An answer that does not fit its question is none: the message goes on waiting. @param answer null: nobody has answered in time. */
  #answer(ticket: string, answer: Answer | null): void {
    const held = this.#holds.find(ticket);
    if (!held || (answer && misfit(held.ask, answer) !== null)) return;
    const go = answer?.say === "go" ? answer : null;
    this.#settle(held, answer ? (go ? "allowed" : "denied") : "expired", answer?.via ?? "timeout", go?.span ?? null, storableReason(answer?.reason ?? null));
    this.#carryOut(this.#judge(held.direction, held.message, held.bytes, false, { held, go, stop: answer ? "denied" : "expired" }));
  }

  #leave(ticket: string): void {
    const held = this.#holds.find(ticket);
    if (!held) return;
    this.#settle(held, "cancelled", "client", null, null);
    this.#effects.push({ kind: "release", ticket });
  }

  #settle({ ask, direction }: Held, answer: ApprovalAnswered["answer"], via: ApprovalAnswered["via"], span: ApprovalAnswered["span"], reason: string | null): void {
    this.#holds.take(ask.ticket);
    const waitedMs = Math.max(0, this.#setup.now() - ask.opened);
    this.#record({ kind: "approval.answered", ...this.#place(), direction, request: ask.ticket, asks: ask.effect, rules: ask.rules, answer, via, span, reason, waitedMs });
  }

  /** A refused request is answered; a refused reply is replaced by a refusal for whoever waits; a refused notification is gone. */
  #refuse(direction: Direction, { envelope }: SingleMessage | SkimmedMessage, exchange: Exchange | null, decision: Decision, why: string | null, reference: string, idFound: boolean): Outcome {
    const text = `${why ?? ""}${refusalText(decision, this.#setup.policy().policy.support)}`;
    const data = { reason: "policy" as const, rule: decision.decidedBy, reference };
    if (envelope.kind === "request") {
      this.#exchanges.forget(direction, envelope.id);
      return { fate: "drop", text: null, reply: refusal(envelope.id, envelope.method, exchange?.era ?? "legacy", BLOCKED_BY_POLICY, text, data) };
    }
    if (envelope.kind === "response") {
      // Nobody waits for it, and the id that the refusal would repeat is itself what may not pass.
      if (exchange === null && idFound) return { fate: "drop", text: null, reply: null };
      return { fate: "replace", text: refusal(envelope.id, exchange ? answeredAs(exchange) : null, exchange?.era ?? "legacy", BLOCKED_BY_POLICY, text, data), reply: null };
    }
    return { fate: "drop", text: null, reply: null };
  }

  /** What cannot be judged is not handed on. Whoever waits for it is told, as far as its id can be guessed. */
  #refuseUnreadable(input: Omit<Extract<Input, { kind: "unreadable" }>, "kind">): void {
    const now = this.#setup.now();
    const reference = this.#id(now);
    const { direction, fault, detail, bytes } = input;
    const guess = input.answers === undefined ? guessMessage(input.head) : { id: idIn(input.answers), kind: "response" };
    const { id } = guess;
    // Where nothing tells, the client asks and the server answers. Both sides may use the same ids. And whoever sent headers that say something else is told, whatever it was.
    const asks = fault === "headers" || (guess.kind === null ? direction === "to-server" : guess.kind === "request");
    const data = { reason: input.fault === "oversize" ? ("oversize" as const) : ("malformed" as const), rule: null, reference };
    const text = notPassed(input.detail, reference);
    const waiting = !asks && id !== null ? this.#exchanges.take(opposite(direction), id) : null;
    // A client that sent what nobody can read is told even where no id can be seen; a server waits for nothing then.
    const isTold = asks && (id !== null || direction === "to-server");
    const outcome: Outcome = waiting
      ? { fate: "replace", text: refusal(id, waiting.method, waiting.era, NOT_JUDGEABLE, text, data), reply: null }
      : { fate: "drop", text: null, reply: isTold ? refusal(id, null, "legacy", NOT_JUDGEABLE, text, data) : null };
    const record = { kind: "malformed" as const, ...this.#place(), direction, fault, detail, bytes, outcome: outcome.fate === "drop" && !outcome.reply ? ("dropped" as const) : ("refused" as const) };
    this.#effects.push({ kind: "record", record: this.#stamp(record, reference, now) });
    this.#carryOut(outcome);
  }

  /** Nothing where the request has its answer already, or where nobody waits. */
  #unanswered(head: string, because: Unanswered): void {
    const id = idIn(head);
    const waiting = id === null ? null : this.#exchanges.take("to-server", id);
    if (id === null || !waiting) return;
    if (because.fault === "batch") {
      // Its own record says what was decided of it; this says why it was not sent all the same.
      const text = `Sluice did not send this message: ${because.detail}.`;
      this.#carryOut({ fate: "replace", text: refusal(id, waiting.method, waiting.era, BLOCKED_BY_POLICY, text, { reason: "policy", rule: null, reference: because.id }), reply: null });
      return;
    }
    const data = { reason: because.fault === "oversize" ? ("oversize" as const) : ("malformed" as const), rule: null, reference: because.id };
    this.#carryOut({ fate: "replace", text: refusal(id, waiting.method, waiting.era, NOT_JUDGEABLE, notPassed(because.detail, because.id), data), reply: null });
  }

  #knock(what: string): void {
    const now = this.#setup.now();
    const decision = this.#setup.policy().decide({
      channel: this.channel,
      direction: "to-server",
      method: what,
      tool: null,
      prompt: null,
      resource: null,
      arguments: null,
      bytes: 0,
      findings: [],
      unknownClasses: [],
      protocolVersion: this.#introductions.protocolVersion ?? undefined,
      authentication: this.#authentication,
      trust: this.#setup.trust?.(),
      who: this.#setup.who?.(),
      addresses: this.#setup.addresses?.(),
      rate: this.#rates,
      now,
    });
    const id = this.#id(now);
    const base = { kind: "request" as const, ...this.#place(), direction: "to-server" as const, method: what, bytes: 0, findings: [], decision: storableDecision(decision), redacted: 0 };
    if (!isHeld(decision) || this.#holds.admits(decision, this.channel, now)) {
      this.#carryOut({ fate: "forward", text: null, reply: null });
      return;
    }
    this.#effects.push({ kind: "record", record: this.#stamp(base, id, now) });
    const text = refusalText(decision, this.#setup.policy().policy.support);
    this.#carryOut({ fate: "drop", text: null, reply: refusal(null, null, "legacy", BLOCKED_BY_POLICY, text, { reason: "policy", rule: decision.decidedBy, reference: id }) });
  }

  #carryOut(outcome: Outcome): void {
    if (outcome.fate === "replace") this.#effects.push({ kind: "replace", text: outcome.text ?? "" });
    else if (outcome.fate === "hold") this.#effects.push(outcome.hold!);
    else this.#effects.push({ kind: outcome.fate });
    if (outcome.reply !== null) this.#effects.push({ kind: "reply", text: outcome.reply });
  }

  #place(): Place {
    // Asked anew each time: a connection may turn out to speak the older transport.
    const { id, point, transport, client, server } = this.channel;
    return { channel: id, point, transport, client, server };
  }

  #record(record: Unstamped): void {
    const now = this.#setup.now();
    this.#effects.push({ kind: "record", record: this.#stamp(record, this.#id(now), now) });
  }

  #stamp(record: Unstamped, id: string, time: number): EventRecord {
    return { v: RECORD_VERSION, id, time, by: this.#setup.by, ...record };
  }
}
