/** Reviews exceptions: ended, ending, idle, or nobody's. */
import type { Policy } from "../language.ts";
import { isRestricting } from "../verdict.ts";
import { conditionsExclude } from "./conditions.ts";
import { impossible } from "./impossible.ts";
import type { Remark } from "./review.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const SOON_DAYS = 14;

export function reviewExceptions(policy: Policy, now: number): Remark[] {
  return (policy.exceptions ?? []).flatMap((exception, at) => {
    const path = ["exceptions", at];
    const remarks: Remark[] = [];
    const ends = Date.parse(`${exception.until}T00:00:00Z`) + DAY_MS;
    const days = Math.ceil((ends - now) / DAY_MS);
    if (days <= 0) remarks.push({ severity: "warning", code: "exception-expired", path: [...path, "until"], message: `this exception to "${exception.rule}" (${exception.ticket}) ended on ${exception.until} and spares nobody any more`, fix: "remove it, or have it renewed" });
    else if (days <= SOON_DAYS) remarks.push({ severity: "info", code: "exception-ends-soon", path: [...path, "until"], message: `this exception to "${exception.rule}" (${exception.ticket}) ends ${days === 1 ? "today" : `in ${days} days`}, after ${exception.until}`, fix: `ask ${exception.owner || "its owner"} whether it is still needed` });
    if (!exception.owner?.trim()) remarks.push({ severity: "warning", code: "no-owner", path, message: `nobody is named as owner of this exception to "${exception.rule}"`, fix: 'add "owner"' });
    const rule = policy.rules.find(({ id }) => id === exception.rule);
    const never = impossible(exception.when, policy);
    if (never) remarks.push({ severity: "warning", code: "never-matches", path: [...path, "when", ...never.at], message: `this exception can never match: ${never.why}`, fix: "correct it, or remove it" });
    else if (rule && (!isRestricting(rule.effect) || conditionsExclude(rule.when, exception.when))) {
      remarks.push({ severity: "warning", code: "exception-idle", path, message: isRestricting(rule.effect) ? `"${rule.id}" never matches what this exception spares` : `"${rule.id}" restricts nothing, so there is nothing to spare`, fix: "correct it, or remove it" });
    }
    return remarks;
  });
}
