/** What the rules that ask allow a person to do: which answers they offer, whether they want a reason, how long they wait. */
import type { Decision, Hold, Matched, Span } from "../policy/decision.ts";
import type { Ask } from "./ask.ts";
import { isAboutTool } from "./grants.ts";

export interface Terms extends Pick<Ask, "reason" | "spans"> {
  /** Milliseconds until silence means no. */
  readonly within: number;
  /** The message goes on as it is: redactions of other rules do not apply. */
  readonly raw: boolean;
}

/** Ends before the usual patience of MCP clients, 60 seconds. */
const WITHIN_MS = 45_000;

/** The voices that want a person to answer, and are obeyed. Empty where none does, or where the message is blocked anyway. */
export function askingIn(decision: Decision): readonly Matched[] {
  if (decision.enforced !== "coach" && decision.enforced !== "approve") return [];
  return decision.matched.filter(({ effect, mode }) => mode === "enforce" && (effect === "coach" || effect === "approve"));
}

export function termsOf({ hold, enforced }: Decision, asking: readonly Matched[]): Terms {
  const { spans, ...rest } = plain(hold ?? (enforced === "coach" ? { kind: "coach", reason: "optional", for: "call", raw: false } : { kind: "approve", offer: ["call"], within: WITHIN_MS / 1000 }));
  // A server is admitted for as long as the connection lasts: one message of it alone is of no use to anybody.
  const isWhole = asking.length > 0 && asking.every((matched) => matched.kind === "admission" && !isAboutTool(matched));
  return { ...rest, spans: isWhole ? [...new Set(spans.map((span) => (span === "call" ? "session" : span)))] : spans };
}

function plain(hold: Hold): Terms {
  return hold.kind === "coach"
    ? { reason: hold.reason, spans: [hold.for], within: WITHIN_MS, raw: hold.raw }
    : { reason: "optional", spans: hold.offer.length > 0 ? hold.offer : (["call"] satisfies Span[]), within: hold.within * 1000, raw: false };
}
