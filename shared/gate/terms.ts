/** What the rules that ask allow a person to do: which answers they offer, whether they want a reason, how long they wait. */
import type { Decision, Matched } from "../policy/decision.ts";
import type { Policy } from "../policy/language.ts";
import type { Ask, Scope } from "./ask.ts";
import { isAboutTool } from "./grants.ts";

export interface Terms extends Pick<Ask, "reason" | "reasons" | "scopes"> {
  /** Milliseconds until silence means no. */
  readonly within: number;
  /** The message goes on as it is: redactions of other rules do not apply. */
  readonly raw: boolean;
}

/** Ends before the usual patience of MCP clients, 60 seconds. */
export const DEFAULT_WITHIN_MS = 45_000;

/** The voices that want a person to answer, and are obeyed. Empty where none does, or where the message is blocked anyway. */
export function askingIn(decision: Decision): readonly Matched[] {
  if (decision.enforced !== "coach" && decision.enforced !== "approve") return [];
  return decision.matched.filter(({ effect, mode }) => mode === "enforce" && (effect === "coach" || effect === "approve"));
}

/** Of several that ask at once, the strictest terms. */
export function termsOf(asking: readonly Matched[], policy: Policy): Terms {
  return asking.map((matched) => ownTerms(matched, policy)).reduce(strictest);
}

function ownTerms(matched: Matched, policy: Policy): Terms {
  void policy;
  const scopes: Scope[] = matched.kind === "admission" && !isAboutTool(matched) ? ["session", "hour"] : matched.effect === "coach" ? ["once", "session"] : ["once", "session", "hour"];
  return { reason: "optional", reasons: [], scopes, within: DEFAULT_WITHIN_MS, raw: false };
}

function strictest(a: Terms, b: Terms): Terms {
  const scopes = a.scopes.filter((scope) => b.scopes.includes(scope));
  return {
    reason: a.reason === "required" || b.reason === "required" ? "required" : a.reason === "optional" || b.reason === "optional" ? "optional" : "none",
    // Two lists of reasons are each meant for their own rule: then the words are free.
    reasons: a.reasons.length > 0 && b.reasons.length > 0 ? [] : [...a.reasons, ...b.reasons],
    scopes: scopes.length > 0 ? scopes : ["once"],
    within: Math.min(a.within, b.within),
    raw: a.raw && b.raw,
  };
}
