/** Carries out a decision's redactions on one message, or stops the message where they cannot be. */
import { leafValue } from "../base/json.ts";
import type { SkimmedMessage } from "../mcp/message.ts";
import { redactJson, type Inspection, type LocatedFinding } from "../inspect/data/inspect.ts";
import type { Substitutes } from "../inspect/data/substitutes.ts";
import type { Decision } from "../policy/decision.ts";
import { compareEffects } from "../policy/verdict.ts";
import type { RestoredMessage } from "./put-back.ts";
import { pointerMask } from "./summary.ts";

/** Stopped, one way or another. */
export function isHeld(decision: Decision): boolean {
  return compareEffects(decision.enforced, "redact") > 0;
}

/** Longest pointer that is told to a person. */
const MAX_PLACE = 200;

export interface Redacting {
  /** Null: the message goes on as it came. */
  readonly text: string | null;
  readonly replaced: number;
  readonly decision: Decision;
}

/** Applies the decision's redactions. A finding that stands where nothing may change turns the decision into a block: it is never let through. */
export function redactWhatMay(message: RestoredMessage | SkimmedMessage, inspection: Inspection, decision: Decision, substitutes: Substitutes): Redacting {
  // In a skimmed message nothing was found.
  if (message.kind === "skimmed") return { text: null, replaced: 0, decision };
  const { text, restored } = message;
  const asItIs = restored ? text : null;
  if (!decision.redactions.length || isHeld(decision)) return { text: asItIs, replaced: 0, decision };
  // What was just turned back for this server is not taken out again on the same terms; a rule that blocks it, or takes it out for good, still counts.
  const redactions = restored ? decision.redactions.filter(({ finding, style }) => style !== "token" || !restored.has(valueAt(text, inspection.findings[finding]))) : decision.redactions;
  const redacted = redactJson(text, inspection, redactions, substitutes);
  if (!redacted.untouchable.length) return { text: redacted.text === text ? asItIs : redacted.text, replaced: redacted.replaced, decision };
  const where = redacted.untouchable[0]!;
  // Cut to size: the sender chooses how long its keys are, and a record that is too long would be lost.
  const place = pointerMask(inspection)(where.pointer).slice(0, MAX_PLACE).toWellFormed();
  const words = `${where.class} stands in a place that cannot be rewritten (${place || "the whole message"}), so the message was stopped.`;
  return { text: null, replaced: 0, decision: { ...decision, effect: "block", enforced: "block", redactions: [], message: decision.message ? `${decision.message} ${words}` : words } };
}

function valueAt(text: string, finding: LocatedFinding | undefined): string {
  return finding ? leafValue(text, finding.leaf).slice(finding.start, finding.end) : "";
}
