/** Questions and answers on their way between whoever holds a message and whoever asks the person: relay ↔ background, guard ↔ host ↔ extension, guard ↔ command line. Checked at every border. */
import { isClientIdentity, isServerIdentity } from "../events/guard.ts";
import { MAX_SHOWN, type Answer, type AnswerPlace, type Ask } from "../gate/ask.ts";
import type { KeptGrant } from "../gate/grants.ts";
import { isObject } from "../mcp/message.ts";
import type { PolicySource, Span } from "../policy/decision.ts";

/** What came of an answer. `already`: another one was first. `gone`: the question has ended without one. `unfit`: it does not answer this question. */
export interface AnswerReceipt {
  readonly ticket: string;
  readonly outcome: "taken" | "already" | "gone" | "unfit";
  /** In words, for a person. */
  readonly why: string;
}

export const RECEIPT_WORDS: Readonly<Record<AnswerReceipt["outcome"], string>> = {
  taken: "The answer was taken.",
  already: "This was answered already.",
  gone: "This no longer waits for an answer.",
  unfit: "That does not answer this question.",
};

export function receipt(ticket: string, outcome: AnswerReceipt["outcome"], why: string = RECEIPT_WORDS[outcome]): AnswerReceipt {
  return { ticket, outcome, why };
}

const TICKET = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export function isTicket(value: unknown): value is string {
  return typeof value === "string" && TICKET.test(value);
}

const SOURCES: readonly PolicySource[] = ["managed", "machine", "bundle", "local", "baseline"];
const PLACES: readonly AnswerPlace[] = ["popup", "cli", "timeout", "client", "granted"];

const text = (value: unknown, max = 4096): value is string => typeof value === "string" && value.length <= max;
const orNull = (value: unknown): boolean => value === null || text(value);
const moment = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value) && value >= 0;
const oneOf = (value: unknown, ...allowed: readonly unknown[]): boolean => allowed.includes(value);

function isSpan(value: unknown): value is Span {
  return value === "call" || value === "session" || (typeof value === "number" && Number.isSafeInteger(value) && value > 0);
}

export function isAsk(value: unknown): value is Ask {
  if (!isObject(value)) return false;
  const { policy, rules, spans } = value;
  return (
    isTicket(value["ticket"]) &&
    oneOf(value["effect"], "coach", "approve") &&
    typeof value["call"] === "string" &&
    /^[0-9a-f]{64}$/.test(value["call"]) &&
    oneOf(value["point"], "page", "stdio", "http") &&
    isClientIdentity(value["client"]) &&
    isServerIdentity(value["server"]) &&
    oneOf(value["direction"], "to-server", "to-client") &&
    orNull(value["method"]) &&
    orNull(value["subject"]) &&
    text(value["shown"], MAX_SHOWN) &&
    moment(value["masked"]) &&
    orNull(value["title"]) &&
    orNull(value["message"]) &&
    orNull(value["learnMore"]) &&
    Array.isArray(rules) &&
    rules.length <= 200 &&
    rules.every((rule) => text(rule, 256)) &&
    isObject(policy) &&
    text(policy["id"], 256) &&
    moment(policy["revision"]) &&
    oneOf(policy["source"], ...SOURCES) &&
    oneOf(value["reason"], "none", "optional", "required") &&
    Array.isArray(spans) &&
    spans.length > 0 &&
    spans.length <= 16 &&
    spans.every(isSpan) &&
    moment(value["opened"]) &&
    moment(value["until"])
  );
}

export function isAnswer(value: unknown): value is Answer {
  return (
    isObject(value) &&
    text(value["call"], 64) &&
    oneOf(value["say"], "go", "deny") &&
    isSpan(value["span"]) &&
    (value["reason"] === null || text(value["reason"], 2000)) &&
    oneOf(value["via"], ...PLACES) &&
    (value["given"] === undefined || moment(value["given"]))
  );
}

/** A person's own word, said just now: what claims to come from a grant is none. */
export function isFreshAnswer(value: unknown): value is Answer {
  return isAnswer(value) && value.via !== "granted" && value.given === undefined;
}

const DIGEST = /^[0-9a-f]{64}$/;

export function isKeptGrant(value: unknown): value is KeptGrant {
  return (
    isObject(value) &&
    isDigest(value["id"]) &&
    text(value["rule"], 256) &&
    isClientIdentity(value["client"]) &&
    isServerIdentity(value["server"]) &&
    orNull(value["thing"]) &&
    isDigest(value["policy"]) &&
    moment(value["given"]) &&
    typeof value["span"] === "number" &&
    isSpan(value["span"])
  );
}

function isDigest(value: unknown): value is string {
  return typeof value === "string" && DIGEST.test(value);
}

export function isReceipt(value: unknown): value is AnswerReceipt {
  return isObject(value) && isTicket(value["ticket"]) && oneOf(value["outcome"], "taken", "already", "gone", "unfit") && text(value["why"]);
}
