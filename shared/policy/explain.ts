/** Decisions in words: for popup, page, terminal and log, and the short text that a refused model or page gets. */
import { never } from "../base/result.ts";
import { ADMISSION_DEFAULT, type Decision, type Matched, type Near, type PolicySource } from "./decision.ts";
import type { Effect, Policy } from "./language.ts";
import { compareEffects, isRestricting } from "./verdict.ts";

/** Plain sentences: what happened, because of which rule, which class, under which policy, what to do next. */
export function explain(decision: Decision, support?: Policy["support"]): string[] {
  const sentences = [whatHappened(decision)];
  for (const matched of decision.matched) if (isRestricting(matched.effect)) sentences.push(because(matched));
  if (decision.message && isRestricting(decision.effect)) sentences.push(sentence(decision.message));
  sentences.push(`Policy ${decision.policy.id}, revision ${decision.policy.revision}, ${sourceText(decision.policy.source)}.`);
  if (compareEffects(decision.enforced, "redact") >= 0) sentences.push(...nextSteps(decision, support));
  return sentences;
}

/** A rule that did not match, and the one thing that kept it from it. */
export function nearText({ kind, id, title, effect, failed }: Near): string {
  const name = `${kind === "rule" ? "Rule" : "Server entry"} "${title}"${title === id ? "" : ` (${id})`}`;
  if (failed.startsWith("spared by")) return sentence(`${name} would ${would(effect)}, but this message is ${failed}`);
  return sentence(`${name} would ${would(effect)}, but it asks for ${failed}`);
}

/** What goes to the model or page instead of an answer. Names the rule, never a value and never what the rule looks for: whoever reads it may be the attacker. */
export function refusalText(decision: Decision, support: Policy["support"]): string {
  const name = decision.decidedBy === null || decision.decidedBy === ADMISSION_DEFAULT ? "" : `rule ${decision.decidedBy}, `;
  const parts = [
    `Blocked by Sluice: ${sentence(decision.title === null || decision.title === decision.decidedBy ? "the policy does not allow this" : decision.title)}`,
    ...(decision.message ? [sentence(decision.message)] : []),
    ...nextSteps(decision, support),
    `(${name}policy ${decision.policy.id}, revision ${decision.policy.revision})`,
  ];
  return parts.join(" ");
}

/** Where a policy came from, in words. */
export function sourceText(source: PolicySource): string {
  switch (source) {
    case "managed":
      return "set by your organization in the browser";
    case "machine":
      return "set by your organization on this computer";
    case "bundle":
      return "signed by your organization";
    case "local":
      return "from your own policy file";
    case "baseline":
      return "built into Sluice";
    default:
      return never(source);
  }
}

function whatHappened(decision: Decision): string {
  const { effect, enforced, redactions } = decision;
  const doneText = done(enforced, redactions.length);
  if (effect === enforced) return doneText;
  return `${doneText} The policy would ${would(effect)}, but it only watches here.`;
}

function done(enforced: Effect, redactions: number): string {
  switch (enforced) {
    case "allow":
      return "Allowed.";
    case "monitor":
      return "Allowed and recorded.";
    case "redact":
      return redactions === 1 ? "One value was replaced, and the rest was let through." : `${redactions} values were replaced, and the rest was let through.`;
    case "coach":
      return "Stopped until the person has confirmed it.";
    case "approve":
      return "Stopped until somebody has approved it.";
    case "block":
      return "Blocked.";
    default:
      return never(enforced);
  }
}

function would(effect: Effect): string {
  switch (effect) {
    case "allow":
      return "allow this";
    case "monitor":
      return "record this";
    case "redact":
      return "replace values";
    case "coach":
      return "ask the person first";
    case "approve":
      return "ask for approval";
    case "block":
      return "block this";
    default:
      return never(effect);
  }
}

function because({ kind, id, title, effect, mode, clauses }: Matched): string {
  const what = id === ADMISSION_DEFAULT ? title : kind === "admission" ? `${title}${title === id ? "" : ` (server entry ${id})`}` : `Rule "${title}"${title === id ? "" : ` (${id})`}`;
  const watching = mode === "monitor" && compareEffects(effect, "monitor") > 0 ? ", watching only" : "";
  return `${what}: ${effect}${watching}${clauses.length && id !== ADMISSION_DEFAULT ? `, because of ${clauses.join("; ")}` : ""}.`;
}

function nextSteps(decision: Decision, support: Policy["support"]): string[] {
  const steps: string[] = [];
  if (decision.learnMore) steps.push(`More about this: ${decision.learnMore}`);
  if (support?.text) steps.push(sentence(support.text));
  if (support?.url) steps.push(`Help${support.name ? ` from ${support.name}` : ""}: ${support.url}`);
  else if (support?.name) steps.push(`Help: ${support.name}.`);
  return steps;
}

function sentence(text: string): string {
  return /[.!?…:]$/.test(text) ? text : `${text}.`;
}
