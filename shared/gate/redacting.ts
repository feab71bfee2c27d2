/** Carries out a decision's redactions on one message, or stops the message where they cannot be. */
import type { SingleMessage, SkimmedMessage } from "../mcp/message.ts";
import { redactJson, type Inspection } from "../inspect/data/inspect.ts";
import type { Decision } from "../policy/decision.ts";
import { compareEffects } from "../policy/verdict.ts";
import { pointerMask } from "./summary.ts";

/** Stopped, one way or another. */
export function isHeld(decision: Decision): boolean {
  return compareEffects(decision.enforced, "redact") > 0;
}

/** Longest pointer that is told to a person. */
const MAX_PLACE = 200;

export interface Redacting {
  /** Null: nothing in the text changes. */
  readonly text: string | null;
  readonly replaced: number;
  readonly decision: Decision;
}

/** Applies the decision's redactions. A finding that stands where nothing may change turns the decision into a block: it is never let through. */
export function redactWhatMay(message: SingleMessage | SkimmedMessage, inspection: Inspection, decision: Decision): Redacting {
  // In a skimmed message nothing was found.
  if (!decision.redactions.length || isHeld(decision) || message.kind === "skimmed") return { text: null, replaced: 0, decision };
  const redacted = redactJson(message.text, inspection, decision.redactions);
  if (!redacted.untouchable.length) return { text: redacted.text === message.text ? null : redacted.text, replaced: redacted.replaced, decision };
  const where = redacted.untouchable[0]!;
  // Cut to size: the sender chooses how long its keys are, and a record that is too long would be lost.
  const place = pointerMask(inspection)(where.pointer).slice(0, MAX_PLACE).toWellFormed();
  const words = `${where.class} stands in a place that cannot be rewritten (${place || "the whole message"}), so the message was stopped.`;
  return { text: null, replaced: 0, decision: { ...decision, effect: "block", enforced: "block", redactions: [], message: decision.message ? `${decision.message} ${words}` : words } };
}
