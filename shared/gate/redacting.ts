/** Carries out a decision's redactions on one message, or stops the message where they cannot be. */
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

/** Applies the decision's redactions. A finding that stands where nothing may change turns the decision into a block: it is never let through. */
export function redactWhatMay(text: string, inspection: Inspection, decision: Decision): { text: string; replaced: number; decision: Decision } {
  if (!decision.redactions.length || isHeld(decision)) return { text, replaced: 0, decision };
  const redacted = redactJson(text, inspection, decision.redactions);
  if (!redacted.untouchable.length) return { text: redacted.text, replaced: redacted.replaced, decision };
  const where = redacted.untouchable[0]!;
  // Cut to size: the sender chooses how long its keys are, and a record that is too long would be lost.
  const place = pointerMask(inspection)(where.pointer).slice(0, MAX_PLACE).toWellFormed();
  const message = `${where.class} stands in a place that cannot be rewritten (${place || "the whole message"}), so the message was stopped.`;
  return { text, replaced: 0, decision: { ...decision, effect: "block", enforced: "block", redactions: [], message: decision.message ? `${decision.message} ${message}` : message } };
}
