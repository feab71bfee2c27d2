/** Facts about one message, and what policy says of it. */
import type { AuthenticationSeen, Channel, Direction } from "../mcp/channel.ts";
import type { Finding } from "../inspect/data/finding.ts";
import type { Effect, Mode, PinState, RedactionStyle, RiskLevel } from "./language.ts";

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
  /** Of a message about a task: the method of the request that began it. A rule on that method means what its task brings, too. */
  readonly began?: string | undefined;
  /** An answer to a question that is not known. It uses no tool, so admission has nothing to say on it, but what it tells may come from any: to content rules tool, prompt and resource are not known. */
  readonly unplaced?: boolean;
  /** The arguments of a call, as JSON. Null: the message has none. Undefined: it may have some, but they could not be read. */
  readonly arguments?: unknown;
  /** Length of the message in UTF-8. */
  readonly bytes?: number;
  readonly findings: readonly Finding[];
  /** Class globs that could not be judged. */
  readonly unknownClasses: readonly string[];
  readonly protocolVersion: string | undefined;
  readonly authentication: AuthenticationSeen;
  readonly trust: { readonly score: number; readonly level: RiskLevel } | undefined;
  readonly who: { readonly user?: string; readonly groups?: readonly string[]; readonly device?: string } | undefined;
  /** Of the server's program file, lower-case hex. Null: it has none. */
  readonly sha256?: string | null;
  /** Null: it is in no registry. */
  readonly registryName?: string | null;
  readonly pin?: PinState;
  /** Addresses of this computer's networks, where somebody can tell. */
  readonly addresses?: readonly string[];
  /** What went through before this message. */
  readonly rate?: RateReader;
  /** Unix milliseconds: exceptions end, windows open. */
  readonly now: number;
}

/** One count: what, in how long (milliseconds), for which tool, server or connection. */
export interface RateQuestion {
  readonly of: "calls" | "bytes";
  readonly per: number;
  readonly by: "tool" | "server" | "session";
}

/** Answers what was let through in the window that ends now, the message in question not included. */
export interface RateReader {
  read(question: RateQuestion, facts: Facts): number | undefined;
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

/** How long "yes" holds: for this one call, for the session, or for so many milliseconds. */
export type Span = "call" | "session" | number;

/** What a person may do about a message that is held. Where several rules hold it, all of them have to be content: the strictest terms. */
export type Hold =
  | { readonly kind: "coach"; readonly reason: "required" | "optional" | "none"; readonly for: Span; /** Going on also leaves out the redactions. */ readonly raw: boolean }
  /** An approval settles coaching rules that matched as well. */
  | { readonly kind: "approve"; readonly offer: readonly Span[]; /** Seconds until no answer means no. */ readonly within: number };

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
  /** In force for `redact`, and for what goes on after `coach` and `approve`. */
  readonly redactions: readonly Redaction[];
  /** Only where `enforced` is `coach` or `approve`. */
  readonly hold?: Hold;
  readonly policy: { readonly id: string; readonly revision: number; readonly source: PolicySource };
}

/** A rule or entry that failed by one clause only. */
export interface Near {
  readonly kind: "admission" | "rule";
  readonly id: string;
  readonly title: string;
  readonly effect: Effect;
  /** The clause that did not hold, or what spared it, for people: `tool delete_*`, `spared by: server is sanctioned`. */
  readonly failed: string;
}

/** A decision with what came near. */
export interface Explanation {
  readonly decision: Decision;
  readonly near: readonly Near[];
}

/** Id used in `decidedBy` when the admission default decided. */
export const ADMISSION_DEFAULT = "admission.default";
