/** What a team may write: nothing by which anything passes that the organization would have stopped. */
import type { PolicyPart } from "./language.ts";
import type { ProblemList } from "./problem-list.ts";

/** Reports whatever would loosen. Rules of any effect are fine: the strictest match wins. */
export function checkTeam(list: ProblemList, part: PolicyPart): void {
  if (part.redaction) list.report(["redaction"], { message: "how values are replaced is for the organization to say", fix: 'remove "redaction"; a rule of your own may have a "style"' });
  for (const [at, entry] of (part.admission?.servers ?? []).entries()) {
    const path = ["admission", "servers", at];
    if (entry.effect !== "block") list.report([...path, "effect"], { message: "a team's server entries can only block: a server is opened by the organization", fix: "write effect: block, or a rule that says more about this server" });
    if (entry.tools?.some(({ effect }) => effect !== "block")) list.report([...path, "tools"], { message: "a team's server entries can only block, so no tool can be opened", fix: 'remove "tools"; for single tools write a rule' });
    if (entry.sanctioned !== undefined) list.report([...path, "sanctioned"], { message: "whether a server is sanctioned is for the organization to say", fix: 'remove "sanctioned"' });
  }
  if (part.mode === "monitor" && part.admission) list.report(["admission"], { message: "server entries cannot be on trial by themselves", fix: 'remove "admission", or write mode: enforce' });
  if (part.admission?.override?.raw) list.report(["admission", "override", "raw"], RAW);
  for (const [at, rule] of (part.rules ?? []).entries())
    if (rule.override?.raw) list.report(["rules", at, "override", "raw"], RAW);
}

const RAW = { message: "it would also leave out what the organization's rules redact", fix: 'remove "raw"' };
