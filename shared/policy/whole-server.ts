/** Does the policy refuse a server as a whole, so that nothing it could be asked would ever pass? What runs on this machine need not run then. */
import type { CompiledPolicy } from "./compile.ts";
import { ADMISSION_DEFAULT, type Decision, type Facts, type Matched } from "./decision.ts";
import type { Policy } from "./language.ts";

/** What is known of a connection before its first message. */
export type LaunchFacts = Pick<Facts, "channel" | "trust" | "who" | "now">;

/** The decision that refuses it, or null: it may be used, at least in part, or the policy only watches. Rules are not asked: they judge messages. */
export function refusalOfServer(compiled: CompiledPolicy, facts: LaunchFacts): Decision | null {
  const decision = compiled.decide({
    ...facts,
    direction: "to-server",
    method: "server/launch",
    tool: null,
    prompt: null,
    resource: null,
    findings: [],
    unknownClasses: [],
    protocolVersion: undefined,
    authentication: "unknown",
  });
  const refusing = decision.matched.find((matched) => refuses(matched, compiled.policy));
  return refusing ? { ...decision, effect: "block", enforced: "block", decidedBy: refusing.id, title: refusing.title, message: messageOf(refusing.id, compiled.policy), learnMore: null, severity: null, matched: [refusing], redactions: [] } : null;
}

/** A policy that stays with one refusal, whatever is asked and whatever changes. */
export function sealed(compiled: CompiledPolicy, decision: Decision): CompiledPolicy {
  return { ...compiled, decide: () => decision };
}

/** An entry may block a server and still open single tools of it. */
function refuses({ kind, id, effect, mode }: Matched, { admission }: Policy): boolean {
  if (kind !== "admission" || effect !== "block" || mode !== "enforce") return false;
  return id === ADMISSION_DEFAULT || (admission.servers.find((entry) => entry.id === id)?.tools ?? []).every((tool) => tool.effect === "block");
}

function messageOf(id: string, { admission }: Policy): string | null {
  return (id === ADMISSION_DEFAULT ? admission.message : admission.servers.find((entry) => entry.id === id)?.message) ?? null;
}
