/** Facts about one message, and what policy says of it. */
import type { AuthenticationSeen, Channel, Direction } from "../mcp/channel.ts";
import type { Finding } from "../inspect/data/finding.ts";
import type { Effect, Mode, RedactionStyle, RiskLevel } from "./language.ts";

/** Where the policy in force came from, strongest first (DESIGN.md, "Sources"). */
export type PolicySource = "managed" | "machine" | "bundle" | "local" | "baseline";

/** Everything a decision may look at. `undefined` means "not known": a restricting condition on it counts as matched. */
export interface Facts {
  readonly channel: Channel;
  readonly direction: Direction;
  readonly method: string | undefined;
  /** Null: the message has none. Undefined: it should have one, but it could not be read. */
  readonly tool: string | null | undefined;
  readonly prompt: string | null | undefined;
  readonly resource: string | null | undefined;
  /** An answer to a question that is not known. It uses no tool, so admission has nothing to say on it, but what it tells may come from any: to content rules tool, prompt and resource are not known. */
  readonly unplaced?: boolean;
  readonly findings: readonly Finding[];
  /** Class globs that could not be judged. */
  readonly unknownClasses: readonly string[];
  readonly protocolVersion: string | undefined;
  readonly authentication: AuthenticationSeen;
  readonly trust: { readonly score: number; readonly level: RiskLevel } | undefined;
  readonly who: { readonly user?: string; readonly groups?: readonly string[]; readonly device?: string } | undefined;
  /** Unix milliseconds: exceptions end. */
  readonly now: number;
}

/** One rule (or admission entry) that matched, and by which clauses. Classes, never values. */
export interface Matched {
  readonly kind: "admission" | "rule";
  readonly id: string;
  readonly title: string;
  readonly effect: Effect;
  readonly mode: Mode;
  /** For people: `data secret.aws-access-key (1)`, `server is not on the list`, `tool delete_*`. */
  readonly clauses: readonly string[];
}

/** Which findings to replace, by index into `Facts.findings`. */
export interface Redaction {
  readonly finding: number;
  readonly style: RedactionStyle;
}

export interface Decision {
  /** What policy said. */
  readonly effect: Effect;
  /** What happened: equal to `effect` under enforce; `monitor` where a monitoring mode held the effect back. */
  readonly enforced: Effect;
  /** Id of the admission entry or rule whose effect won; `admission.default` when no entry matched; null when nothing restricted it. */
  readonly decidedBy: string | null;
  readonly title: string | null;
  /** The rule's own words for the person, if it has any. */
  readonly message: string | null;
  readonly learnMore: string | null;
  readonly severity: "low" | "medium" | "high" | "critical" | null;
  readonly matched: readonly Matched[];
  readonly redactions: readonly Redaction[];
  readonly policy: { readonly id: string; readonly revision: number; readonly source: PolicySource };
}

/** Id used in `decidedBy` when the admission default decided. */
export const ADMISSION_DEFAULT = "admission.default";
