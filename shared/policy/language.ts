/** The policy language as types. `schema.ts` checks untrusted text against it; `compile.ts` turns it into something that decides. YAML to write, canonical JSON to ship. */

/** In order of strictness. All rules that match count, the strictest wins. */
export const EFFECTS = ["allow", "monitor", "redact", "coach", "approve", "block"] as const;
export type Effect = (typeof EFFECTS)[number];

export type Mode = "monitor" | "enforce";

export type RiskLevel = "low" | "moderate" | "elevated" | "high" | "critical";

/** How a redacted value is replaced. `placeholder`: `[redacted secret.jwt]`; `mask`: `••••4242`. */
export type RedactionStyle = "placeholder" | "mask";

/** Which server. All given keys must hold; a list means "any of". Globs: `*` only. */
export interface ServerMatch {
  /** Id of an admission entry in this policy. */
  readonly id?: string | readonly string[];
  /** Glob over scheme + host + path. */
  readonly url?: string | readonly string[];
  /** Globs over command and arguments in order; a last `**` takes the rest. */
  readonly command?: readonly string[];
  /** Glob over the package name, `npm:@acme/*`. */
  readonly package?: string | readonly string[];
  readonly kind?: "remote" | "local";
  /** Marked `sanctioned: true` by the admission entry that matched. */
  readonly sanctioned?: boolean;
  readonly trust?: { readonly below?: number; readonly atLeast?: number };
  readonly riskLevel?: RiskLevel | readonly RiskLevel[];
}

export interface ClientMatch {
  /** Glob over the client id: `app:https://chat.example`, `client:cursor`. */
  readonly id?: string | readonly string[];
  readonly point?: "page" | "stdio" | "http" | readonly ("page" | "stdio" | "http")[];
}

export interface WhoMatch {
  readonly user?: string | readonly string[];
  readonly group?: string | readonly string[];
  readonly device?: string | readonly string[];
}

export interface DataMatch {
  /** Globs over data classes; `$name` takes a set from `labels`. */
  readonly any: readonly string[];
  /** `low` 0.3, `medium` 0.6 (default), `high` 0.85. */
  readonly minConfidence?: "low" | "medium" | "high";
  /** Distinct values (by fingerprint) needed; default 1. */
  readonly minCount?: number;
}

/** All given keys must hold. */
export interface Condition {
  readonly who?: WhoMatch;
  readonly client?: ClientMatch;
  readonly server?: ServerMatch;
  readonly method?: string | readonly string[];
  readonly tool?: string | readonly string[];
  readonly prompt?: string | readonly string[];
  readonly resource?: string | readonly string[];
  readonly direction?: "to-server" | "to-client";
  readonly data?: DataMatch;
  readonly transport?: string | readonly string[];
  readonly protocolVersion?: string | readonly string[];
  readonly authentication?: "none" | "bearer" | "other" | readonly ("none" | "bearer" | "other")[];
}

/** Admission: may this client use this server (and these tools) at all? */
export interface AdmissionEntry {
  readonly id: string;
  readonly title?: string;
  readonly match: ServerMatch;
  readonly client?: ClientMatch;
  readonly who?: WhoMatch;
  readonly effect: Effect;
  readonly sanctioned?: boolean;
  readonly owner?: string;
  /** Tools of this server by name glob; the strictest match wins, an unlisted tool takes the entry's effect. */
  readonly tools?: readonly { readonly name: string | readonly string[]; readonly effect: Effect; readonly message?: string }[];
  readonly message?: string;
}

export interface Rule {
  readonly id: string;
  readonly title: string;
  readonly when: Condition;
  readonly unless?: Condition;
  readonly effect: Effect;
  /** May only lower the policy's mode for this rule. */
  readonly mode?: Mode;
  readonly style?: RedactionStyle;
  /** For the person who is blocked: why, and what to do instead. */
  readonly message?: string;
  readonly learnMore?: string;
  readonly severity?: "low" | "medium" | "high" | "critical";
  readonly owner?: string;
  readonly tests?: readonly RuleTest[];
}

/** An inline example: `given` a message with these facts, this rule must (or must not) decide. */
export interface RuleTest {
  readonly given: {
    readonly tool?: string;
    readonly server?: string;
    readonly direction?: "to-server" | "to-client";
    readonly data?: readonly string[];
  };
  readonly expect: Effect;
}

export interface Exception {
  readonly rule: string;
  readonly when: Condition;
  readonly owner: string;
  /** Last day on which it holds, ISO date, UTC. */
  readonly until: string;
  readonly ticket: string;
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
  readonly support?: { readonly name?: string; readonly url?: string; readonly text?: string };
  readonly labels?: Readonly<Record<string, readonly string[]>>;
  readonly admission: {
    /** Effect for a server that no entry matches. */
    readonly default: Effect;
    readonly message?: string;
    readonly servers: readonly AdmissionEntry[];
  };
  readonly rules: readonly Rule[];
  readonly exceptions?: readonly Exception[];
}

/** Version of the decision engine, compared with a policy's `minEngine`. */
export const ENGINE = 1;
