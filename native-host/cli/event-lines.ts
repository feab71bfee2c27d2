/** One record as one line for people: who → whom, what, what came of it, and why. */
import { never } from "../../shared/base/result.ts";
import type { EventRecord, MessageRecord } from "../../shared/events/record.ts";
import { addressOf, type ServerIdentity } from "../../shared/mcp/identity.ts";
import { spanWords } from "../../shared/gate/ask.ts";
import { explain } from "../../shared/policy/explain.ts";

export type Outcome = "passed" | "noted" | "redacted" | "blocked" | "info" | "problem";

export interface EventLine {
  /** `Cursor → npx -y desk`, or the part of Sluice that reports. */
  readonly who: string;
  readonly what: string;
  readonly outcome: Outcome;
  /** `blocked`, `2 redacted`, `passed (would be blocked)`. */
  readonly result: string;
  /** May be empty. */
  readonly why: string;
}

export function describeRecord(record: EventRecord): EventLine {
  switch (record.kind) {
    case "session.started":
      return { who: pair(record), what: "session started", outcome: "info", result: "", why: record.transport };
    case "session.ended":
      return { who: pair(record), what: "session ended", outcome: "info", result: "", why: record.reason };
    case "initialized": {
      const server = record.serverInfo;
      const name = server ? `${server.title ?? server.name}${server.version ? ` ${server.version}` : ""}` : "the server did not name itself";
      return { who: pair(record), what: "connected", outcome: "info", result: "", why: `${name}, MCP ${record.protocolVersion ?? "version unknown"}, authentication: ${record.authentication}${record.instructions ? `, instructions of ${record.instructions.length} characters` : ""}` };
    }
    case "tools.listed":
      return { who: pair(record), what: "tools listed", outcome: "info", result: "", why: count(record.tools.length, "tool") };
    case "prompts.listed":
      return { who: pair(record), what: "prompts listed", outcome: "info", result: "", why: count(record.prompts.length, "prompt") };
    case "resources.listed": {
      const patterns = record.resources.filter(({ template }) => template).length;
      return { who: pair(record), what: "resources listed", outcome: "info", result: "", why: patterns > 0 ? count(patterns, "pattern") : count(record.resources.length, "resource") };
    }
    case "request":
    case "response":
    case "notification":
      return { who: pair(record), what: messageName(record), ...decided(record) };
    case "approval.requested":
      return { who: pair(record), what: `asks about ${named(record)}`, outcome: "noted", result: "waiting", why: explain(record.decision).slice(1).join(" ") };
    case "approval.answered":
      return { who: pair(record), what: "answer", outcome: record.answer === "allowed" ? "passed" : "blocked", result: record.answer, why: [ANSWERED[record.via], record.span && spanWords(record.span), record.reason && `"${record.reason}"`].filter(Boolean).join(", ") };
    case "feedback":
      return { who: record.by, what: record.wish === "exception" ? "exception wished" : "mistake reported", outcome: "noted", result: "", why: `event ${record.about}${record.reason === null ? "" : `: "${record.reason}"`}` };
    case "malformed":
      return { who: pair(record), what: "unreadable message", outcome: record.outcome === "passed" ? "noted" : "blocked", result: record.outcome, why: `${record.fault}: ${record.detail}` };
    case "deployment":
      return {
        who: `${record.client.name} → ${record.name || address(record.server)}`,
        what: `server ${record.change}`,
        outcome: record.guarded ? "info" : "noted",
        result: record.guarded ? "guarded" : "not guarded",
        why: [`in ${record.where}`, ...record.notes].join(", "),
      };
    case "policy.applied":
      return { who: record.by, what: "policy applied", outcome: "info", result: "", why: `${record.policy.id} revision ${record.policy.revision} (${record.policy.source}${record.bundle ? `, channel ${record.bundle.channel}, ${record.bundle.state}` : ""})` };
    case "policy.rejected":
      return { who: record.by, what: "policy rejected", outcome: "problem", result: record.kept ? `revision ${record.kept.revision} stays` : "", why: record.errors.join("; ") };
    case "health":
      return { who: record.by, what: record.what, outcome: record.what === "host.connected" || record.what === "extension.started" ? "info" : "problem", result: "", why: record.detail };
    default:
      return never(record);
  }
}

const ANSWERED = { popup: "in the browser", cli: "in a terminal", timeout: "nobody answered in time", client: "the app no longer waits", granted: "allowed earlier for a while" } as const;

/** Blocked by a decision, or refused because it could not be judged. */
export function isBlocked(record: EventRecord): boolean {
  return ("decision" in record && record.decision.enforced === "block") || (record.kind === "malformed" && record.outcome !== "passed");
}

/** The server a record is about, if any. */
export function serverOf(record: EventRecord): ServerIdentity | undefined {
  return "server" in record ? record.server : undefined;
}

function pair(record: { client: { name: string; id: string }; server: ServerIdentity }): string {
  return `${record.client.name || record.client.id} → ${address(record.server)}`;
}

function address(server: ServerIdentity): string {
  return server.kind === "remote" ? server.url.replace(/^https?:\/\//, "") : addressOf(server);
}

function named(record: Pick<MessageRecord, "method" | "tool" | "prompt" | "resource">): string {
  const about = record.tool ?? record.prompt ?? record.resource;
  return `${record.method ?? "message"}${about ? ` ${about}` : ""}`;
}

function messageName(record: MessageRecord): string {
  const name = named(record);
  return record.kind === "response" ? `reply to ${name}` : name;
}

function decided(record: MessageRecord): Pick<EventLine, "outcome" | "result" | "why"> {
  const { decision, redacted } = record;
  const quiet = decision.decidedBy === null && decision.matched.length === 0;
  // The first sentence says what happened; the result column does that already.
  const why = quiet ? "" : explain(decision).slice(1).join(" ");
  if (decision.enforced === "block") return { outcome: "blocked", result: record.answer === "expired" ? "not answered" : (record.answer ?? "blocked"), why };
  if (record.answer && redacted === 0) return { outcome: "passed", result: record.answer, why };
  if (redacted > 0) return { outcome: "redacted", result: `${redacted} redacted`, why };
  if (decision.effect !== decision.enforced) return { outcome: "noted", result: `passed (policy says ${decision.effect})`, why };
  return { outcome: "passed", result: "passed", why };
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
