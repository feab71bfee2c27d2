/** The conditions of the policy language: what a rule, an `unless`, an exception or a server entry may ask about a message. */

export type RiskLevel = "low" | "moderate" | "elevated" | "high" | "critical";

/** What is remembered of a server's definitions: nothing yet, the same as before, or other ones than before. */
export type PinState = "new" | "pinned" | "changed";

/** Whole text or each of a list: "any of". */
type OneOrMany<T> = T | readonly T[];

/** `10s`, `5m`, `1h`, `1d`. */
export type Duration = string;

/** Both ends count. */
export interface Range {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** Which server. All given keys must hold; a list means "any of". Globs: `*` only. */
export interface ServerMatch {
  /** Id of an admission entry in this policy. */
  readonly id?: OneOrMany<string>;
  /** Glob over scheme + host + path. */
  readonly url?: OneOrMany<string>;
  /** Globs over command and arguments in order; a last `**` takes the rest. */
  readonly command?: readonly string[];
  /** Glob over the package name, `npm:@acme/*`. */
  readonly package?: OneOrMany<string>;
  /** Range of the package's version, `>=1.4 <2`, `^1.4 || ~2.0.3`. A command that takes whatever is newest has no known version. */
  readonly version?: string;
  /** Glob over the name in the MCP registry, `io.github.acme/*`. */
  readonly registryName?: OneOrMany<string>;
  /** SHA-256 of the program's file, 64 hex digits. */
  readonly sha256?: OneOrMany<string>;
  readonly pin?: OneOrMany<PinState>;
  readonly kind?: "remote" | "local";
  /** Marked `sanctioned: true` by the admission entry that matched. */
  readonly sanctioned?: boolean;
  readonly trust?: { readonly below?: number; readonly atLeast?: number };
  readonly riskLevel?: OneOrMany<RiskLevel>;
}

export interface ClientMatch {
  /** Glob over the client id: `app:https://chat.example`, `client:cursor`. */
  readonly id?: OneOrMany<string>;
  /** URL pattern over the origin of a web app, `https://*.chat.example/*`. A desktop client has none. */
  readonly webApp?: OneOrMany<string>;
  readonly point?: OneOrMany<"page" | "stdio" | "http">;
}

export interface WhoMatch {
  readonly user?: OneOrMany<string>;
  readonly group?: OneOrMany<string>;
  readonly device?: OneOrMany<string>;
}

export interface DataMatch {
  /** Globs over data classes; `$name` takes a set from `labels`. */
  readonly any: readonly string[];
  /** `low` 0.3, `medium` 0.6 (default), `high` 0.85. */
  readonly minConfidence?: "low" | "medium" | "high";
  /** Distinct values (by fingerprint) needed; default 1. */
  readonly minCount?: number;
  /** Values needed in all, repetitions included; default 1. */
  readonly minTotal?: number;
}

/** A value without parts. */
export type Scalar = string | number | boolean | null;

/** One argument of a tool call (or prompt), by place. All given tests must hold for one value at that place. */
export interface ArgumentMatch {
  /** JSON pointer into the arguments, `/path`; a step `*` stands for every member: `/files/*` and so on. Empty: the arguments as a whole. */
  readonly at: string;
  readonly equals?: Scalar;
  readonly in?: readonly Scalar[];
  /** Over texts; numbers and yes/no are compared as they are written. */
  readonly glob?: OneOrMany<string>;
  /** Over numbers, also such as are written as text. */
  readonly range?: Range;
  /** Length of a text (UTF-16 units), number of entries of a list, number of keys of an object. */
  readonly size?: Range;
  /** Is there anything at this place (null counts)? */
  readonly exists?: boolean;
}

/** A weekly window. One that runs over midnight belongs to the day on which it starts. */
export interface TimeWindow {
  /** `mon` … `sun`, or spans such as `mon-fri`; default: every day. */
  readonly days?: OneOrMany<string>;
  /** `08:00`; default: 00:00. */
  readonly from?: string;
  /** First minute that is outside, `18:00`; default: 24:00. Earlier than `from`: over midnight. */
  readonly to?: string;
  /** IANA name, `Europe/Berlin`, or `UTC`. */
  readonly zone: string;
}

/** So much in so much time, this message included. What Sluice refused does not count. Exactly one of `calls` and `bytes`. */
export interface RateMatch {
  /** Calls of tools, prompts and resources. Matches calls only. */
  readonly calls?: { readonly over: number };
  /** Bytes in the direction of the message. */
  readonly bytes?: { readonly over: number };
  /** `10s` to `1d`. */
  readonly per: Duration;
  /** Counted for each tool, each server, or each connection (default). */
  readonly by?: "tool" | "server" | "session";
}

/** Declared so that editors and readers know it; refused at load until the detectors exist. */
export interface ThreatMatch {
  /** Globs over threat findings, `hidden-text.*`. */
  readonly any: readonly string[];
  readonly tier?: OneOrMany<"evidence" | "likely" | "certain">;
}

/** Declared; refused at load until marks are kept. */
export interface FlowMatch {
  /** Marks that the conversation carries: `private-data`, `untrusted-content`, `data-out`. */
  readonly has: readonly string[];
}

/** All given keys must hold. */
export interface Condition {
  readonly who?: WhoMatch;
  readonly client?: ClientMatch;
  readonly server?: ServerMatch;
  readonly method?: OneOrMany<string>;
  readonly tool?: OneOrMany<string>;
  readonly prompt?: OneOrMany<string>;
  /** Globs over resource URIs. */
  readonly resource?: OneOrMany<string>;
  /** All must hold. */
  readonly arguments?: readonly ArgumentMatch[];
  readonly direction?: "to-server" | "to-client";
  readonly data?: DataMatch;
  readonly threat?: ThreatMatch;
  readonly flow?: FlowMatch;
  readonly transport?: OneOrMany<string>;
  readonly protocolVersion?: OneOrMany<string>;
  readonly authentication?: OneOrMany<"none" | "bearer" | "other">;
  /** Any of the windows. */
  readonly time?: OneOrMany<TimeWindow>;
  /** Names from the policy's `networks`: this computer has an address in one of them. */
  readonly network?: OneOrMany<string>;
  readonly rate?: RateMatch;
}
