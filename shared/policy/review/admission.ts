/** Reviews server entries: those that can never match, and those whose word never counts. */
import type { AdmissionEntry, Condition, Policy, ToolEntry } from "../language.ts";
import { compareEffects } from "../verdict.ts";
import { conditionCovers, isSameCondition, type Labels } from "./conditions.ts";
import { impossibleClient, impossibleServer } from "./impossible.ts";
import { allCovered, listOf } from "./patterns.ts";
import type { Remark } from "./review.ts";

const NO_LABELS: Labels = new Map();

export function reviewAdmission({ admission }: Policy): Remark[] {
  const { servers } = admission;
  return servers.flatMap((entry, at) => {
    const path = ["admission", "servers", at];
    const never = impossibleServer(entry.match) ?? (entry.client ? impossibleClient(entry.client) : null);
    const remarks: Remark[] = never ? [{ severity: "warning", code: "never-matches", path: [...path, ...(never.at[0] === "server" ? ["match", ...never.at.slice(1)] : never.at)], message: `this entry can never match: ${never.why}`, fix: "correct it, or remove it" }] : [];
    const stronger = never ? undefined : servers.find((other, place) => other !== entry && silences(other, entry, place < at));
    if (stronger) remarks.push(shadow(stronger, entry, path));
    for (const [place, tool] of (entry.tools ?? []).entries()) remarks.push(...reviewTool(tool, entry, [...path, "tools", place]));
    return remarks;
  });
}

function asked({ match, client, who }: AdmissionEntry): Condition {
  return { server: match, ...(client && { client }), ...(who && { who }) };
}

function silences(strong: AdmissionEntry, weak: AdmissionEntry, isEarlier: boolean): boolean {
  const order = compareEffects(strong.effect, weak.effect);
  if (order < 0 || (order === 0 && !isEarlier)) return false;
  // A tool may be treated otherwise by either; and an entry that vouches says more than its effect.
  if ((strong.tools?.length ?? 0) + (weak.tools?.length ?? 0) > 0 || (order === 0 && (strong.sanctioned !== weak.sanctioned || strong.message !== weak.message))) return false;
  return conditionCovers(asked(strong), asked(weak), NO_LABELS);
}

function shadow(strong: AdmissionEntry, weak: AdmissionEntry, path: readonly (string | number)[]): Remark {
  if (strong.effect === weak.effect) return { severity: "info", code: "redundant", path, message: `"${strong.id}" says the same for every server that this entry means`, fix: "remove this entry" };
  if (isSameCondition(asked(strong), asked(weak))) return { severity: "warning", code: "overlapping", path, message: `means the same servers as "${strong.id}" and wants ${weak.effect}, but ${strong.effect} is stricter and always wins`, fix: "keep one of the two" };
  return { severity: "warning", code: "shadowed", path, message: `never counts: "${strong.id}" means these servers too and wants ${strong.effect}, which is stricter than ${weak.effect}`, fix: `narrow "${strong.id}", or remove this entry` };
}

function reviewTool(tool: ToolEntry, entry: AdmissionEntry, path: readonly (string | number)[]): Remark[] {
  const stronger = (entry.tools ?? []).find((other) => other !== tool && compareEffects(other.effect, tool.effect) > 0 && allCovered(other.name, tool.name));
  if (stronger) return [{ severity: "warning", code: "shadowed", path, message: `never counts: "${listOf(stronger.name).join(", ")}" takes in these tools and wants ${stronger.effect}, which is stricter than ${tool.effect}`, fix: `narrow "${listOf(stronger.name).join(", ")}"; the strictest wins, so a wide pattern leaves no room for others` }];
  if (tool.effect === entry.effect && !tool.message) return [{ severity: "info", code: "redundant", path, message: `these tools would be ${tool.effect} without this line as well`, fix: "remove it" }];
  if (listOf(tool.name).some((name) => /^\*+$/.test(name))) return [{ severity: "warning", code: "everything", path, message: `"*" means every tool of this server`, fix: `name the tools that are meant, or give the entry itself the effect ${tool.effect}` }];
  return [];
}
