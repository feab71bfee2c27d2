/** What is suspicious in a policy that is formally right: rules that never act, entries that shadow each other, exceptions that have ended, things without an owner or a test. */
import type { Policy } from "../language.ts";
import { reviewAdmission } from "./admission.ts";
import { reviewExceptions } from "./exceptions.ts";
import { reviewRules } from "./rules.ts";

export type RemarkCode =
  | "never-matches"
  | "never-applies"
  | "shadowed"
  | "overlapping"
  | "redundant"
  | "no-effect"
  | "everything"
  | "watching-only"
  | "exception-expired"
  | "exception-ends-soon"
  | "exception-idle"
  | "no-owner"
  | "no-tests"
  | "unused-label"
  | "open-default";

export interface Remark {
  /** `warning`: very likely not what was meant. `info`: worth knowing. */
  readonly severity: "warning" | "info";
  readonly code: RemarkCode;
  /** Where, from the top. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly fix?: string;
}

/** @param now Unix milliseconds: exceptions end. Quadratic in rules, a few microseconds a pair. */
export function reviewPolicy(policy: Policy, now: number): Remark[] {
  return [...reviewWhole(policy), ...reviewAdmission(policy), ...reviewRules(policy), ...reviewExceptions(policy, now), ...reviewLabels(policy)];
}

function reviewWhole({ mode, admission }: Policy): Remark[] {
  const remarks: Remark[] = [];
  if (mode === "monitor") remarks.push({ severity: "warning", code: "watching-only", path: ["mode"], message: "this policy only watches: nothing is blocked or replaced", fix: "write mode: enforce once its log looks right" });
  if (admission.default === "allow") remarks.push({ severity: "info", code: "open-default", path: ["admission", "default"], message: "a server that nobody listed may be used, and no rule remarks on it", fix: 'write "monitor" to have it noted, "block" to allow listed servers only' });
  return remarks;
}

function reviewLabels({ labels = {}, rules, exceptions = [] }: Policy): Remark[] {
  const used = new Set([...rules.flatMap(({ when, unless }) => [when, unless]), ...exceptions.map(({ when }) => when)].flatMap((condition) => condition?.data?.any ?? []));
  return Object.keys(labels)
    .filter((name) => !used.has(`$${name}`))
    .map((name) => ({ severity: "info", code: "unused-label", path: ["labels", name], message: `no rule uses $${name}`, fix: "use it or remove it" }));
}
