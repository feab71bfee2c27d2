/** The policy language as types. `schema.ts` checks untrusted text against it; `compile.ts` turns it into something that decides. YAML to write, canonical JSON to ship. */
import type { ClientMatch, Condition, Duration, ServerMatch, WhoMatch } from "./language-conditions.ts";

export type * from "./language-conditions.ts";

/** In order of strictness. All rules that match count, the strictest wins. */
export const EFFECTS = ["allow", "monitor", "redact", "coach", "approve", "block"] as const;
export type Effect = (typeof EFFECTS)[number];

export type Mode = "monitor" | "enforce";

export type Severity = "low" | "medium" | "high" | "critical";

/**
 * How a redacted value is replaced, in the order of how little the result gives away.
 * `placeholder`: `[redacted secret.jwt]`. `token`: a stand-in of this session, put back for servers that `restoreFor` names.
 * `format-preserving`: another value of the same form. `mask`: `••••4242`.
 */
export const REDACTION_STYLES = ["placeholder", "token", "format-preserving", "mask"] as const;
export type RedactionStyle = (typeof REDACTION_STYLES)[number];

/** Style of a class. */
export interface RedactionTerms {
  readonly style: RedactionStyle;
  /** `token` only: servers for which Sluice puts the value back. Absent: for none. */
  readonly restoreFor?: ServerMatch;
}

/** Coach: on what terms the person may go on. */
export interface OverrideTerms {
  /** Must the person say why? Default `optional`. */
  readonly reason?: "required" | "optional" | "none";
  /** How long "go on" holds for the same rule, server and tool: this call (default), this session, or a while (`8h`, at most `7d`). */
  readonly for?: "call" | "session" | Duration;
  /** Go on without the redactions that also matched. */
  readonly raw?: boolean;
}

/** Approve: what may be granted, and how long the call is held. */
export interface ApproveTerms {
  /** `once`, `session` or a while (`1h`, at most `7d`); default: once. */
  readonly offer?: readonly ("once" | "session" | Duration)[];
  /** Time-out, which means "no"; 5 s to 300 s, default 45 s. */
  readonly within?: Duration;
}

/** What the person may do about a rule or entry that holds a call. */
export interface HoldWords {
  /** Only with effect `coach`. */
  readonly override?: OverrideTerms;
  /** Only with effect `approve`. */
  readonly approve?: ApproveTerms;
}

/** Admission: may this client use this server (and these tools) at all? */
export interface AdmissionEntry extends HoldWords {
  readonly id: string;
  readonly title?: string;
  readonly match: ServerMatch;
  readonly client?: ClientMatch;
  readonly who?: WhoMatch;
  readonly effect: Effect;
  readonly sanctioned?: boolean;
  readonly owner?: string;
  /** Tools of this server by name glob; the strictest match wins, an unlisted tool takes the entry's effect. */
  readonly tools?: readonly ToolEntry[];
  readonly message?: string;
}

/** `override` and `approve` of the entry hold for its tools, too. */
export interface ToolEntry {
  readonly name: string | readonly string[];
  readonly effect: Effect;
  readonly message?: string;
}

export interface AdmissionPart extends HoldWords {
  /** Effect for a server that no entry matches. */
  readonly default: Effect;
  readonly message?: string;
  readonly servers: readonly AdmissionEntry[];
}

export interface Rule extends HoldWords {
  readonly id: string;
  readonly title: string;
  readonly when: Condition;
  readonly unless?: Condition;
  readonly effect: Effect;
  /** May only lower the policy's mode for this rule. */
  readonly mode?: Mode;
  /** Style of this rule's redactions, whatever the policy says of their classes. */
  readonly style?: RedactionStyle;
  /** For the person who is blocked: why, and what to do instead. */
  readonly message?: string;
  readonly learnMore?: string;
  readonly severity?: Severity;
  readonly owner?: string;
  readonly tests?: readonly RuleTest[];
}

/** An inline example: `given` a message with these facts, the policy must decide so. */
export interface RuleTest {
  readonly given: Given;
  readonly expect: Effect;
}

/** Facts of an imagined message. What is left out is ordinary: a call of some tool on some server that may be used. */
export interface Given {
  /** An address, a command line, or the id of a server entry. */
  readonly server?: string;
  /** `client:cursor`, `app:https://chat.example`. */
  readonly client?: string;
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly device?: string;
  readonly method?: string;
  readonly tool?: string;
  readonly prompt?: string;
  readonly resource?: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly direction?: "to-server" | "to-client";
  /** Classes as they are found, one for each different value. */
  readonly data?: readonly (string | DataExample)[];
  readonly transport?: string;
  readonly protocolVersion?: string;
  readonly authentication?: "none" | "bearer" | "other";
  /** Trust score of the server, 0 to 100. */
  readonly trust?: number;
  /** Moment with offset, `2027-03-01T09:00:00+01:00`. */
  readonly at?: string;
  /** Addresses of this computer. */
  readonly addresses?: readonly string[];
  /** Calls and bytes so far in any window, this message not included. */
  readonly calls?: number;
  readonly bytes?: number;
  /** Things that are not known in this message. */
  readonly unknown?: readonly UnknownFact[];
}

/** So many different values of a class. */
export interface DataExample {
  readonly class: string;
  /** Default 1. */
  readonly count?: number;
  /** Default `high`. */
  readonly confidence?: "low" | "medium" | "high";
}

/** What a message may leave unknown; rules that ask for it then apply, exemptions do not. */
export const UNKNOWN_FACTS = ["user", "groups", "device", "client", "method", "tool", "prompt", "resource", "arguments", "data", "protocolVersion", "authentication", "trust", "version", "addresses", "rate"] as const;
export type UnknownFact = (typeof UNKNOWN_FACTS)[number];

export interface Exception {
  readonly rule: string;
  readonly when: Condition;
  readonly owner: string;
  /** Last day on which it holds, ISO date, UTC. */
  readonly until: string;
  readonly ticket: string;
}

export interface Support {
  readonly name?: string;
  readonly url?: string;
  readonly text?: string;
}

export interface Policy {
  /** Version of this language. */
  readonly version: 1;
  readonly id: string;
  readonly title?: string;
  /** Grows with every change; a lower one is refused. */
  readonly revision: number;
  /** Oldest engine (`ENGINE`) that understands this policy. */
  readonly minEngine?: number;
  readonly mode: Mode;
  readonly support?: Support;
  readonly labels?: Readonly<Record<string, readonly string[]>>;
  /** Names for address ranges, `office: [10.0.0.0/8, fd00::/8]`. */
  readonly networks?: Readonly<Record<string, readonly string[]>>;
  /** Style by glob over classes; of several that match, the one with most letters counts. */
  readonly redaction?: Readonly<Record<string, RedactionStyle | RedactionTerms>>;
  readonly admission: AdmissionPart;
  readonly rules: readonly Rule[];
  readonly exceptions?: readonly Exception[];
}

/** Another file to put under this one: the name of a pack that comes with Sluice, a path, or a team's part, which may only tighten. */
export type Include = string | { readonly team: string };

/** A policy as its author writes it: `mergePolicies` makes one policy of it and of what it includes. */
export interface PolicySource extends Policy {
  readonly include?: readonly Include[];
}

/** An included file. It needs neither revision nor mode, because the file that includes it has them. */
export interface PolicyPart extends Partial<Omit<Policy, "version" | "id" | "admission">> {
  readonly version: 1;
  readonly id: string;
  readonly include?: readonly Include[];
  readonly admission?: Partial<AdmissionPart>;
}

/** Version of the decision engine, compared with a policy's `minEngine`. 2: arguments, time, network, rate, versions, coach and approve. */
export const ENGINE = 2;
