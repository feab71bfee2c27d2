/** Messages that wait for a person: which there are, what was asked of each, and what has been allowed for longer. Pure; who asks and who runs the clock is the adapter's business. */
import { never } from "../base/result.ts";
import type { Inspection } from "../inspect/data/inspect.ts";
import type { Channel, Direction } from "../mcp/channel.ts";
import { member, type Envelope } from "../mcp/message.ts";
import { sameId } from "../mcp/request-id.ts";
import type { MessageRecord, Recorder } from "../events/record.ts";
import type { Decision, Matched } from "../policy/decision.ts";
import type { Policy } from "../policy/language.ts";
import { callHash, showCall, type Answer, type Ask } from "./ask.ts";
import type { Exchange } from "./exchanges.ts";
import type { Begun } from "./tasks.ts";
import type { Grantable, Grants } from "./grants.ts";
import type { RestoredMessage } from "./put-back.ts";
import { askingIn, termsOf } from "./terms.ts";

/** One message that waits. */
export interface Held {
  readonly ask: Ask;
  readonly direction: Direction;
  readonly thing: string | null;
  readonly message: RestoredMessage;
  readonly bytes: number;
  /** By which it was held. */
  readonly policy: Policy;
  /** Of a response, whose exchange is closed by now; a request opens its own again when it goes on. */
  readonly exchange: Exchange | null;
}

/** Why a message that wants an answer is stopped instead of asked about. */
export type Stop = "cannot-wait" | "too-many" | "too-long" | "denied" | "expired" | "policy-changed";

/** A peer that sends what must be asked about chooses how often. */
const MAX_HELD = 16;
const MAX_HELD_CHARS = 4 * 1024 * 1024;

/** The message as the question needs it. */
export interface Questioned {
  readonly channel: Channel;
  readonly direction: Direction;
  readonly method: string | null;
  readonly subject: string | null;
  /** What a yes for longer is about (`thingOf`). */
  readonly thing: string | null;
  readonly message: RestoredMessage;
  readonly bytes: number;
  readonly inspection: Inspection;
  readonly exchange: Exchange | null;
  /** Of a message about a task: the request that began it. */
  readonly begun: Begun | null;
  readonly decision: Decision;
  readonly policy: Policy;
  readonly now: number;
}

/** A held message on its second way through the gate. */
export interface Answered {
  readonly held: Held;
  /** Null: it shall not go on, because of `stop`. */
  readonly go: Answer | null;
  readonly stop: Stop;
}

/** What happens to a message about which rules want a person's word. */
export type Word =
  /** It goes on as `decision` says. `rules`: those that had asked. */
  | { readonly kind: "go"; readonly decision: Decision; readonly rules: readonly string[] }
  | { readonly kind: "stop"; readonly decision: Decision; readonly why: Stop }
  /** A person is to be asked; `decision` is what would come of a yes. */
  | { readonly kind: "ask"; readonly decision: Decision; readonly asking: readonly Matched[] };

export class Holds {
  readonly #held = new Map<string, Held>();
  readonly #grants: Grants;
  #chars = 0;

  constructor(grants: Grants) {
    this.#grants = grants;
  }

  consult(about: Questioned, waits: boolean, answered: Answered | null): Word {
    const { decision, message, channel, policy, now } = about;
    const all = askingIn(decision);
    if (answered && !answered.go) return stopped(decision, answered.stop);
    // Values were turned back by the terms of that policy; this one may have others.
    if (answered && message.restored && policy !== answered.held.policy) return stopped(decision, "policy-changed");
    if (all.length === 0) return { kind: "go", decision, rules: [] };
    const asking = this.#unsettled(about, all);
    const go: Word = { kind: "go", decision: goneOn(decision, termsOf(decision, all).raw), rules: all.map(({ id }) => id) };
    if (answered?.go) {
      const { ask } = answered.held;
      const isNews = asking.some(({ id, effect }) => !ask.rules.includes(id) || (effect === "approve" && ask.effect === "coach"));
      if (isNews) return stopped(decision, "policy-changed");
      this.#remember(answered.held, answered.go, asking, channel, now);
      return go;
    }
    if (asking.length === 0) return go;
    const { kind } = message.envelope;
    if (!waits || (kind !== "request" && kind !== "response")) return stopped(decision, "cannot-wait");
    return { kind: "ask", decision: go.decision, asking };
  }

  /** Whose question is still open: neither a standing grant nor the request that this message answers, or that began its task, settles it. */
  #unsettled({ decision, channel, direction, thing, exchange, begun, message, policy, now }: Questioned, all: readonly Matched[]): readonly Matched[] {
    const { spans } = termsOf(decision, all);
    const agreed = message.envelope.kind === "response" ? exchange?.agreed : begun?.agreed;
    return all.filter((matched) => {
      if (agreed?.includes(matched.id) && !isAboutData(matched, policy)) return false;
      return !this.#grants.covers(aboutOf(matched, channel, direction, thing), spans, now);
    });
  }

  /** May a connection without a message be opened? Nobody is asked about one, but who has admitted the server has admitted it too. */
  admits(decision: Decision, channel: Channel, now: number): boolean {
    const asking = askingIn(decision);
    const { spans } = termsOf(decision, asking);
    return asking.length > 0 && asking.every((matched) => this.#grants.covers(aboutOf(matched, channel, "to-server", null), spans, now));
  }

  /** Keeps the message and says what to ask, or why it cannot be asked. */
  open(about: Questioned, asking: readonly Matched[], ticket: string): Ask | Stop {
    const { channel, direction, method, subject, thing, message, bytes, inspection, exchange, decision, policy, now } = about;
    if (this.#held.size >= MAX_HELD || this.#chars + message.text.length > MAX_HELD_CHARS) return "too-many";
    const shown = showCall(message, inspection, subject);
    if (shown === null) return "too-long";
    const { within, reason, spans } = termsOf(decision, asking);
    // The loudest rule may be one on trial: the words are those of one that asks.
    const speaker = asking.find(({ id }) => id === decision.decidedBy);
    const ask: Ask = {
      ticket,
      effect: asking.some(({ effect }) => effect === "approve") ? "approve" : "coach",
      call: callHash(channel.server, direction, method, message.envelope),
      point: channel.point,
      client: channel.client,
      server: channel.server,
      direction,
      method,
      subject,
      shown: shown.text,
      masked: shown.masked,
      title: speaker ? decision.title : asking[0]!.title,
      message: speaker ? decision.message : null,
      learnMore: speaker ? decision.learnMore : null,
      rules: asking.map(({ id }) => id),
      policy: decision.policy,
      reason,
      spans,
      opened: now,
      until: now + within,
    };
    this.#held.set(ticket, { ask, direction, thing, message, bytes, policy, exchange: message.envelope.kind === "response" ? exchange : null });
    this.#chars += message.text.length;
    return ask;
  }

  get isEmpty(): boolean {
    return this.#held.size === 0;
  }

  find(ticket: string): Held | undefined {
    return this.#held.get(ticket);
  }

  take(ticket: string): Held | undefined {
    const held = this.#held.get(ticket);
    if (held) this.#chars -= held.message.text.length;
    this.#held.delete(ticket);
    return held;
  }

  /** The held request that this message takes back. */
  cancelledBy(direction: Direction, envelope: Envelope): Held | undefined {
    if (this.#held.size === 0 || envelope.kind !== "notification" || envelope.method !== "notifications/cancelled") return undefined;
    const requestId = envelope.params["requestId"];
    if (typeof requestId !== "string" && typeof requestId !== "number") return undefined;
    const id = sameId(JSON.stringify(requestId));
    return this.all().find((held) => held.direction === direction && held.message.envelope.kind === "request" && sameId(held.message.envelope.id) === id);
  }

  all(): readonly Held[] {
    return [...this.#held.values()];
  }

  /** Remembers an answer that counts for more than this call. */
  #remember({ direction, thing }: Held, answer: Answer, asking: readonly Matched[], channel: Channel, now: number): void {
    if (answer.span === "call") return;
    for (const matched of asking) this.#grants.add(aboutOf(matched, channel, direction, thing), answer.span, answer.given ?? now);
  }
}

/** What policy still asks of a message after a yes: its redactions, unless the rules let it go on as it is. */
function goneOn(decision: Decision, raw: boolean): Decision {
  const redactions = raw ? [] : decision.redactions;
  const { hold: _, ...rest } = decision;
  return { ...rest, enforced: redactions.length > 0 ? "redact" : "allow", redactions };
}

function stopped(decision: Decision, why: Stop): Word {
  const { hold: _, ...rest } = decision;
  return { kind: "stop", why, decision: { ...rest, enforced: "block", redactions: [] } };
}

function aboutOf(matched: Matched, channel: Channel, direction: Direction, thing: string | null): Grantable {
  return { matched, client: channel.client, server: channel.server, thing, direction };
}

/** A rule on data speaks anew for the answer: other data stands there. */
function isAboutData({ id }: Matched, { rules }: Policy): boolean {
  return rules.some((rule) => rule.id === id && rule.when.data !== undefined);
}

/** Coach and approve want a person's word (DESIGN.md, "Holds"). */
export function needsPerson({ enforced }: Decision): boolean {
  return enforced === "coach" || enforced === "approve";
}

/** For the record of a message that a person's word decided. */
export function answerWord(answered: Answered | null): NonNullable<MessageRecord["answer"]> {
  if (!answered) return "granted";
  if (answered.go) return answered.go.via === "granted" ? "granted" : "allowed";
  return answered.stop === "expired" ? "expired" : "denied";
}

/** Raw JSON of the token under which the sender wants to hear of progress, or null. */
export function progressTokenOf({ params }: Extract<Envelope, { kind: "request" }>): string | null {
  const token = member(params, "_meta", "progressToken");
  return typeof token === "string" || typeof token === "number" ? JSON.stringify(token) : null;
}

/** Tells a client that asked for progress that its call waits, so that it stays patient. The steps are tiny: whatever the server counts afterwards is more. @param step 1, 2, … */
export function waitingNotice(token: string, step: number): string {
  return `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},"progress":${step / 1_000_000},"message":"Waiting for a person to allow this (Sluice)"}}`;
}

/** What a stopped message's sender reads first. */
export function stopText(stop: Stop, by: Recorder, waited: number): string {
  switch (stop) {
    case "cannot-wait":
      return "This needs a person's answer, and it came in a way that cannot wait for one. ";
    case "too-many":
      return "This needs a person's answer, and too many messages wait for one already. ";
    case "too-long":
      return "This needs a person's answer, and it is too long for a person to read. ";
    case "denied":
      return "A person was asked and did not allow this. ";
    case "expired":
      if (waited < 1000) return "This needs a person's answer, and nobody could be asked, so it was not sent. ";
      return `Nobody answered within ${Math.round(waited / 1000)} seconds, so it was not sent. ${WHERE[by]} Then try again. `;
    case "policy-changed":
      return "The policy changed while this waited for an answer. Try again. ";
    default:
      return never(stop);
  }
}

const HERE = "Questions can be answered in Sluice's window in the browser toolbar, or in a terminal with: sluice approvals.";
const WHERE: Readonly<Record<Recorder, string>> = { extension: "Questions are answered in Sluice's window: the Sluice icon in the browser toolbar.", guard: HERE, host: HERE, cli: HERE };
