/** Reviews content rules: those that can never act, and those that say what others say already. */
import type { Policy, Rule } from "../language.ts";
import { compareEffects, isRestricting } from "../verdict.ts";
import { conditionCovers, conditionsExclude, isSameCondition, type Labels } from "./conditions.ts";
import { impossible } from "./impossible.ts";
import { listOf } from "./patterns.ts";
import type { Remark } from "./review.ts";

export function reviewRules(policy: Policy): Remark[] {
  const labels: Labels = new Map(Object.entries(policy.labels ?? {}));
  return [...policy.rules.flatMap((rule, at) => reviewRule(rule, at, policy, labels)), ...neighbours(policy, labels), ...lacking(policy)];
}

function reviewRule(rule: Rule, at: number, policy: Policy, labels: Labels): Remark[] {
  const { when, unless, effect, mode } = rule;
  const remarks: Remark[] = [];
  const warn = (code: Remark["code"], path: readonly (string | number)[], message: string, fix?: string): void => void remarks.push({ severity: "warning", code, path: ["rules", at, ...path], message, ...(fix !== undefined && { fix }) });
  const never = impossible(when, policy);
  if (never) warn("never-matches", ["when", ...never.at], `this rule can never match: ${never.why}`, "correct the condition, or remove the rule");
  if (unless) {
    const idle = impossible(unless, policy);
    if (idle) warn("never-matches", ["unless", ...idle.at], `this exemption can never match: ${idle.why}`, 'correct it, or remove "unless"');
    else if (conditionCovers(unless, when, labels)) warn("never-applies", ["unless"], 'everything that "when" matches is exempt, so this rule never applies', 'narrow "unless"');
    else if (!never && conditionsExclude(when, unless)) warn("never-matches", ["unless"], 'nothing that "when" matches is ever exempt', 'correct "unless", or remove it');
  }
  if (!isRestricting(effect)) warn("no-effect", ["effect"], 'a rule that allows changes nothing: what is not restricted is allowed already, and a stricter rule always wins', 'to spare something from another rule, use that rule\'s "unless" or an exception');
  if (when.tool !== undefined && listOf(when.tool).some((pattern) => /^\*+$/.test(pattern))) warn("everything", ["when", "tool"], 'tool "*" matches every tool call', Object.keys(when).length > 1 ? "leave it out, or write method: tools/call" : "name the tools that are meant; for every call write method: tools/call");
  if (mode === "monitor" && policy.mode === "enforce" && compareEffects(effect, "monitor") > 0) remarks.push({ severity: "info", code: "watching-only", path: ["rules", at, "mode"], message: "this rule is on trial: it only watches" });
  return remarks;
}

/** Rules seen in pairs. The strictest effect wins, so a rule speaks in vain where a stricter one always speaks as well. */
function neighbours(policy: Policy, labels: Labels): Remark[] {
  const remarks: Remark[] = [];
  for (const [at, rule] of policy.rules.entries()) {
    const stronger = policy.rules.find((other, place) => other !== rule && (place < at || other.effect !== rule.effect) && silences(other, rule, policy, labels));
    if (!stronger) continue;
    const path = ["rules", at];
    if (compareEffects(stronger.effect, rule.effect) === 0) {
      remarks.push({ severity: "info", code: "redundant", path, message: `"${stronger.id}" does the same wherever this rule matches`, fix: "remove this rule, unless it has words of its own for the person" });
    } else if (isSameCondition(stronger.when, rule.when)) {
      remarks.push({ severity: "warning", code: "overlapping", path, message: `asks the same as "${stronger.id}" and wants ${rule.effect}, but ${stronger.effect} is stricter and always wins`, fix: "keep one of the two" });
    } else {
      remarks.push({ severity: "warning", code: "shadowed", path, message: `never decides: wherever it matches, "${stronger.id}" matches too and wants ${stronger.effect}, which is stricter than ${rule.effect}`, fix: `narrow "${stronger.id}", or remove this rule` });
    }
  }
  return remarks;
}

/** Wherever `weak` matches, `strong` speaks too, and is obeyed. */
function silences(strong: Rule, weak: Rule, { exceptions = [] }: Policy, labels: Labels): boolean {
  if (compareEffects(strong.effect, weak.effect) < 0 || !isRestricting(weak.effect)) return false;
  if (strong.mode === "monitor" && weak.mode !== "monitor") return false;
  if (!conditionCovers(strong.when, weak.when, labels)) return false;
  // Redactions of both add up, so a second one for other words or another style is no repetition.
  if (strong.effect === weak.effect && (strong.style !== weak.style || strong.message !== weak.message)) return false;
  if (exceptions.some(({ rule }) => rule === strong.id)) return false;
  return !strong.unless || (weak.unless !== undefined && conditionCovers(weak.unless, strong.unless, labels));
}

const SHOWN = 8;

function lacking({ rules }: Policy): Remark[] {
  const first = (which: readonly Rule[]): number => rules.indexOf(which[0]!);
  const names = (which: readonly Rule[]): string => which.slice(0, SHOWN).map(({ id }) => id).join(", ") + (which.length > SHOWN ? ` and ${which.length - SHOWN} more` : "");
  const ownerless = rules.filter(({ owner }) => owner === undefined);
  const untested = rules.filter(({ tests }) => !tests?.length);
  const remarks: Remark[] = [];
  if (ownerless.length) remarks.push({ severity: "info", code: "no-owner", path: ["rules", first(ownerless)], message: `nobody is named as owner of ${names(ownerless)}`, fix: 'add "owner", so that people know whom to ask' });
  if (untested.length) remarks.push({ severity: "info", code: "no-tests", path: ["rules", first(untested)], message: `without examples: ${names(untested)}`, fix: 'add "tests", so that a slip shows before it matters' });
  return remarks;
}
