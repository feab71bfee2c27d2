/** What happened: one record for page, pipe and host, in the journal and in the extension's store. Holds classes, counts, masked previews and keyed hashes; never a secret, a token, a message body or a URL with its query. */
import type { AuthenticationSeen, Direction, Point, Transport } from "../mcp/channel.ts";
import type { PartKind } from "../mcp/parts.ts";
import type { ClientIdentity, ServerIdentity } from "../mcp/identity.ts";
import type { Decision, Span } from "../policy/decision.ts";
import type { DataClass } from "../inspect/data/finding.ts";

/** Grows when a field changes its meaning; readers refuse records from the future. */
export const RECORD_VERSION = 1;

/** Which part of Sluice wrote it. */
export type Recorder = "extension" | "guard" | "host" | "cli";

export interface RecordBase {
  readonly v: typeof RECORD_VERSION;
  /** UUIDv7. */
  readonly id: string;
  /** Unix milliseconds. */
  readonly time: number;
  readonly by: Recorder;
}

/** Fields of everything that happens on a channel. */
export interface ChannelRecord extends RecordBase {
  readonly channel: string;
  readonly point: Point;
  readonly transport: Transport;
  readonly client: ClientIdentity;
  readonly server: ServerIdentity;
}

/** Findings of one class in one message, folded. */
export interface FindingSummary {
  readonly class: DataClass;
  readonly count: number;
  /** Highest confidence seen. */
  readonly confidence: number;
  /** Up to three masked previews. */
  readonly previews: readonly string[];
  /** Up to three keyed hashes, in step with `previews`. */
  readonly fingerprints: readonly string[];
  /** Up to three JSON pointers. */
  readonly pointers: readonly string[];
  /** What stands at each of them, in step with `pointers`. */
  readonly parts?: readonly PartKind[];
}

export interface SessionStarted extends ChannelRecord {
  readonly kind: "session.started";
}

export interface SessionEnded extends ChannelRecord {
  readonly kind: "session.ended";
  /** `client closed`, `server exited with code 1`, … */
  readonly reason: string;
}

/** What a handshake (or a discover, or a self-describing modern request) told of the two peers. Self-reported names: display only. */
export interface Initialized extends ChannelRecord {
  readonly kind: "initialized";
  readonly protocolVersion: string | null;
  readonly era: "legacy" | "modern";
  readonly serverInfo: { readonly name: string; readonly version?: string; readonly title?: string } | null;
  readonly clientInfo: { readonly name: string; readonly version?: string; readonly title?: string } | null;
  /** Top-level capability names of the server. */
  readonly capabilities: readonly string[];
  /** Names of the server's extensions: `io.modelcontextprotocol/ui`. */
  readonly extensions?: readonly string[];
  readonly instructions?: InstructionsSeen;
  readonly authentication: AuthenticationSeen;
}

/** What a server tells the model about how to use it. */
export interface InstructionsSeen {
  /** UTF-16 units. */
  readonly length: number;
  /** SHA-256 of the text: a change shows. */
  readonly digest: string;
  /** First 200 characters; withheld where something was found in them. */
  readonly opening: string;
}

export type ToolClass = "read" | "write" | "delete" | "execute" | "send" | "money" | "unknown";

export interface ToolSummary {
  readonly name: string;
  /** First 120 characters. */
  readonly description: string;
  readonly classes: readonly ToolClass[];
  /** SHA-256 of the definition's canonical text: a change under the same name shows. */
  readonly digest: string;
}

export interface ToolsListed extends ChannelRecord {
  readonly kind: "tools.listed";
  readonly tools: readonly ToolSummary[];
  /** How many of them bring an app of their own to show (MCP Apps). */
  readonly apps?: number;
}

export interface PromptSummary {
  readonly name: string;
  /** First 120 characters. */
  readonly description: string;
  /** SHA-256 of the definition's canonical text. */
  readonly digest: string;
}

export interface PromptsListed extends ChannelRecord {
  readonly kind: "prompts.listed";
  readonly prompts: readonly PromptSummary[];
}

export interface ResourceSummary {
  readonly name: string;
  /** URI or URI template, without user info, query and fragment. */
  readonly uri: string;
  readonly template: boolean;
  readonly mimeType?: string;
  readonly bytes?: number;
}

export interface ResourcesListed extends ChannelRecord {
  readonly kind: "resources.listed";
  readonly resources: readonly ResourceSummary[];
}

/** One judged JSON-RPC message. */
export interface MessageRecord extends ChannelRecord {
  readonly kind: "request" | "response" | "notification";
  readonly direction: Direction;
  /** For a response: the method it answers. Null: not known. */
  readonly method: string | null;
  readonly tool?: string;
  readonly prompt?: string;
  /** URI without query. */
  readonly resource?: string;
  /** UTF-8 bytes of the message as it came. */
  readonly bytes: number;
  /** Milliseconds from request to response. */
  readonly ms?: number;
  /** Of a response: `isError` result or JSON-RPC error. */
  readonly failed?: boolean;
  readonly findings: readonly FindingSummary[];
  readonly decision: Decision;
  /** How many values were replaced. */
  readonly redacted: number;
  /** Links a request and its reply. */
  readonly exchange?: string;
  /** Of whatever goes on with an earlier exchange (a task's progress and result, a further round of one call): the `exchange` that it began with. */
  readonly chain?: string;
  /** A person's word counted: said on being asked (`asked`), or given earlier and still good (`granted`). */
  readonly answer?: "allowed" | "granted" | "denied" | "expired";
  /** Id of the `approval.requested` record. */
  readonly asked?: string;
}

/** A message waits for a person. Its id is the ticket. */
export interface ApprovalRequested extends ChannelRecord {
  readonly kind: "approval.requested";
  readonly direction: Direction;
  readonly method: string | null;
  readonly tool?: string;
  readonly prompt?: string;
  readonly resource?: string;
  readonly asks: "coach" | "approve";
  /** Rules and entries that ask. */
  readonly rules: readonly string[];
  /** Keyed hash of the exact call: two tries of the same one show. */
  readonly call: string;
  /** Unix milliseconds at which silence means no. */
  readonly until: number;
  readonly findings: readonly FindingSummary[];
  readonly decision: Decision;
}

/** What became of an `approval.requested`. */
export interface ApprovalAnswered extends ChannelRecord {
  readonly kind: "approval.answered";
  readonly direction: Direction;
  /** Id of the `approval.requested` record. */
  readonly request: string;
  readonly asks: "coach" | "approve";
  readonly rules: readonly string[];
  /** `expired`: nobody answered in time. `cancelled`: whoever asked has left. */
  readonly answer: "allowed" | "denied" | "expired" | "cancelled";
  /** `granted`: by an earlier yes for a while that is not over. */
  readonly via: "popup" | "cli" | "timeout" | "client" | "granted";
  /** How long a yes holds; null: it was none. */
  readonly span: Span | null;
  /** The person's own words; withheld when they carry what we protect. */
  readonly reason: string | null;
  readonly waitedMs: number;
}

/** A person asks for an exception, or says that Sluice is wrong. */
export interface Feedback extends RecordBase {
  readonly kind: "feedback";
  /** Id of the event it is about. */
  readonly about: string;
  readonly wish: "exception" | "mistake";
  /** Withheld when it carries what we protect. */
  readonly reason: string | null;
}

/** A message that could not be judged: broken or ambiguous JSON, too large, not UTF-8. */
export interface Malformed extends ChannelRecord {
  readonly kind: "malformed";
  readonly direction: Direction;
  readonly fault: "syntax" | "duplicate-key" | "lone-surrogate" | "number-range" | "depth" | "nodes" | "oversize" | "encoding" | "not-json" | "content-type" | "redirect" | "headers";
  readonly detail: string;
  readonly bytes: number;
  readonly outcome: "refused" | "passed" | "dropped";
}

/** A server or connector was added, changed or removed: in a client's configuration file, or in a web app. */
export interface Deployment extends RecordBase {
  readonly kind: "deployment";
  readonly change: "added" | "changed" | "removed";
  readonly point: Point;
  readonly client: ClientIdentity;
  readonly server: ServerIdentity;
  /** Name the configuration gives the server. */
  readonly name: string;
  /** Configuration file (home folder as `~`), or web app origin. */
  readonly where: string;
  readonly guarded: boolean;
  readonly transport: Transport;
  /** What the entry shows: `header Authorization`, `environment GITHUB_TOKEN`, `literal secret in arguments`. Names only. */
  readonly notes: readonly string[];
}

/** Where a signed bundle stands on this machine: together, these show who in a fleet runs what. */
export interface BundleSeen {
  /** `fresh`, `cached` (source not reached), `grace`, `expired` or `none`. */
  readonly state: string;
  readonly channel: string;
  /** Version of the signed list. */
  readonly version: number;
  /** This machine's place in staged rollouts, 0 up to 100. */
  readonly cohort: number;
  /** Milliseconds since the source last confirmed it; null: never. */
  readonly ageMs: number | null;
}

export interface PolicyApplied extends RecordBase {
  readonly kind: "policy.applied";
  readonly policy: { readonly id: string; readonly revision: number; readonly source: string; readonly digest: string };
  readonly bundle?: BundleSeen;
}

export interface PolicyRejected extends RecordBase {
  readonly kind: "policy.rejected";
  readonly source: string;
  /** File, line and fix for each. */
  readonly errors: readonly string[];
  /** What stays in force. */
  readonly kept: { readonly id: string; readonly revision: number } | null;
  readonly bundle?: BundleSeen;
}

/** State of protection: host lost or back, records lost, tamper. */
export interface Health extends RecordBase {
  readonly kind: "health";
  readonly what: "host.connected" | "host.lost" | "records.lost" | "guard.failed" | "coverage.gap" | "extension.started";
  readonly detail: string;
}

export type EventRecord =
  | SessionStarted
  | SessionEnded
  | Initialized
  | ToolsListed
  | PromptsListed
  | ResourcesListed
  | MessageRecord
  | ApprovalRequested
  | ApprovalAnswered
  | Feedback
  | Malformed
  | Deployment
  | PolicyApplied
  | PolicyRejected
  | Health;

export type EventKind = EventRecord["kind"];

/** A record before whoever stores it adds id, time and writer. */
export type Unstamped<R extends EventRecord = EventRecord> = R extends EventRecord ? Omit<R, "v" | "id" | "time" | "by"> : never;
