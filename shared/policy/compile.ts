import type { Decision, Facts, PolicySource } from "./decision.ts";
import type { Policy } from "./language.ts";

/** A policy made ready to decide. Holds no input; safe to share. */
export interface CompiledPolicy {
  readonly policy: Policy;
  readonly source: PolicySource;
  decide(facts: Facts): Decision;
}

export declare function compile(policy: Policy, source: PolicySource): CompiledPolicy;
