/** Is this value, which came over a border (a browser, a file), really an event record of ours? Bounded, so that no record can smuggle a message body into the journal. */
import { isObject } from "../mcp/message.ts";
import type { ClientIdentity, ServerIdentity } from "../mcp/identity.ts";
import type { Decision, Hold, Matched, Redaction } from "../policy/decision.ts";
import { EFFECTS, REDACTION_STYLES } from "../policy/language.ts";
import { amount, authentication, boolean, client, count, isId, list, name, once, oneOf, optional, orNull, point, RECORD_BOUNDS, server, shape, short, string, text, toolClass, transport, type Check, type Fields } from "./checks.ts";
import { RECORD_VERSION, type BundleSeen, type EventKind, type EventRecord, type FindingSummary, type InstructionsSeen, type MessageRecord, type RecordBase, type PromptSummary, type ResourceSummary, type ToolSummary } from "./record.ts";

export { RECORD_BOUNDS } from "./checks.ts";

const effect = oneOf(...EFFECTS);
const mode = oneOf("monitor", "enforce");
const direction = oneOf("to-server", "to-client");
const span: Check = (value) => value === "call" || value === "session" || amount(value);
const coached = shape<Extract<Hold, { kind: "coach" }>>({ kind: oneOf("coach"), reason: oneOf("required", "optional", "none"), for: span, raw: boolean });
const approved = shape<Extract<Hold, { kind: "approve" }>>({ kind: oneOf("approve"), offer: list(span, 16), within: amount });

const finding = shape<FindingSummary>({
  class: short,
  count,
  confidence: amount,
  previews: list(string(80), 3),
  fingerprints: list(string(64), 3),
  pointers: list(text, 3),
  parts: optional(list(oneOf("data", "instruction", "both", "handle", "other"), 3)),
});
const matched = shape<Matched>({ kind: oneOf("admission", "rule"), id: short, title: name, effect, mode, clauses: list(text, 200) });
const decision = once(
  shape<Decision>({
    effect,
    enforced: effect,
    decidedBy: orNull(short),
    title: orNull(name),
    message: orNull(text),
    learnMore: orNull(text),
    severity: orNull(oneOf("low", "medium", "high", "critical")),
    matched: list(matched),
    hold: optional((value) => coached(value) || approved(value)),
    redactions: list(shape<Redaction>({ finding: count, style: oneOf(...REDACTION_STYLES) }), RECORD_BOUNDS.redactions),
    policy: shape<Decision["policy"]>({ id: short, revision: count, source: oneOf("managed", "machine", "bundle", "local", "baseline") }),
  }),
);
const peer = shape<{ name: string; version?: string; title?: string }>({ name, version: optional(short), title: optional(name) });
const tool = shape<ToolSummary>({
  name,
  description: string(480),
  classes: list(toolClass, 16),
  digest: string(64),
});

const base: Fields<RecordBase> = { v: oneOf(RECORD_VERSION), id: isId, time: amount, by: oneOf("extension", "guard", "host", "cli") };
const channel = { ...base, channel: short, point, transport, client, server };
const message = shape<MessageRecord>({
  ...channel,
  kind: oneOf("request", "response", "notification"),
  direction,
  method: orNull(name),
  tool: optional(name),
  prompt: optional(name),
  resource: optional(text),
  bytes: count,
  ms: optional(amount),
  failed: optional(boolean),
  findings: list(finding, 500),
  decision,
  redacted: count,
  exchange: optional(short),
  chain: optional(short),
  answer: optional(oneOf("allowed", "granted", "denied", "expired")),
  asked: optional(short),
});
const asks = oneOf("coach", "approve");
const rules = list(short, 200);

type OfKind<K extends EventKind> = Extract<EventRecord, { kind: K }>;
const kind = (value: EventKind): Check => oneOf(value);

const bundle = shape<BundleSeen>({ state: short, channel: short, version: count, cohort: amount, ageMs: orNull(amount) });

const CHECKS: { readonly [K in EventKind]: Check } = {
  "session.started": shape<OfKind<"session.started">>({ ...channel, kind: kind("session.started") }),
  "session.ended": shape<OfKind<"session.ended">>({ ...channel, kind: kind("session.ended"), reason: text }),
  initialized: shape<OfKind<"initialized">>({
    ...channel,
    kind: kind("initialized"),
    protocolVersion: orNull(short),
    era: oneOf("legacy", "modern"),
    serverInfo: orNull(peer),
    clientInfo: orNull(peer),
    capabilities: list(short, 200),
    extensions: optional(list(short, 200)),
    instructions: optional(shape<InstructionsSeen>({ length: count, digest: string(64), opening: string(800) })),
    authentication,
  }),
  "tools.listed": shape<OfKind<"tools.listed">>({ ...channel, kind: kind("tools.listed"), tools: list(tool), apps: optional(count) }),
  "prompts.listed": shape<OfKind<"prompts.listed">>({ ...channel, kind: kind("prompts.listed"), prompts: list(shape<PromptSummary>({ name, description: string(480), digest: string(64) })) }),
  "resources.listed": shape<OfKind<"resources.listed">>({
    ...channel,
    kind: kind("resources.listed"),
    resources: list(shape<ResourceSummary>({ name, uri: name, template: boolean, mimeType: optional(short), bytes: optional(count) })),
  }),
  request: message,
  response: message,
  notification: message,
  "approval.requested": shape<OfKind<"approval.requested">>({
    ...channel,
    kind: kind("approval.requested"),
    direction,
    method: orNull(name),
    tool: optional(name),
    prompt: optional(name),
    resource: optional(text),
    asks,
    rules,
    call: short,
    until: amount,
    findings: list(finding, 500),
    decision,
  }),
  "approval.answered": shape<OfKind<"approval.answered">>({
    ...channel,
    kind: kind("approval.answered"),
    direction,
    request: short,
    asks,
    rules,
    answer: oneOf("allowed", "denied", "expired", "cancelled"),
    via: oneOf("popup", "cli", "timeout", "client", "granted"),
    span: orNull((value) => value === "call" || value === "session" || count(value)),
    reason: orNull(name),
    waitedMs: amount,
  }),
  feedback: shape<OfKind<"feedback">>({ ...base, kind: kind("feedback"), about: short, wish: oneOf("exception", "mistake"), reason: orNull(name) }),
  malformed: shape<OfKind<"malformed">>({
    ...channel,
    kind: kind("malformed"),
    direction,
    fault: oneOf("syntax", "duplicate-key", "lone-surrogate", "number-range", "depth", "nodes", "oversize", "encoding", "not-json", "content-type", "redirect", "headers"),
    detail: text,
    bytes: count,
    outcome: oneOf("refused", "passed", "dropped"),
  }),
  deployment: shape<OfKind<"deployment">>({
    ...base,
    kind: kind("deployment"),
    change: oneOf("added", "changed", "removed"),
    point,
    client,
    server,
    name,
    where: text,
    guarded: boolean,
    transport,
    notes: list(name, 200),
  }),
  "policy.applied": shape<OfKind<"policy.applied">>({
    ...base,
    kind: kind("policy.applied"),
    policy: shape<OfKind<"policy.applied">["policy"]>({ id: short, revision: count, source: short, digest: short }),
    bundle: optional(bundle),
  }),
  "policy.rejected": shape<OfKind<"policy.rejected">>({
    ...base,
    kind: kind("policy.rejected"),
    source: short,
    errors: list(text, 200),
    kept: orNull(shape<{ id: string; revision: number }>({ id: short, revision: count })),
    bundle: optional(bundle),
  }),
  health: shape<OfKind<"health">>({
    ...base,
    kind: kind("health"),
    what: oneOf("host.connected", "host.lost", "records.lost", "guard.failed", "coverage.gap", "extension.started"),
    detail: text,
  }),
};

/** The identities, for other seams that carry them. */
export const isClientIdentity = (value: unknown): value is ClientIdentity => client(value);
export const isServerIdentity = (value: unknown): value is ServerIdentity => server(value);

const KINDS = new Map<string, Check>(Object.entries(CHECKS));

/** Accepts a well-formed record of a kind this build knows, with every text and list inside its bound. */
export function isEventRecord(value: unknown): value is EventRecord {
  if (!isObject(value) || typeof value["kind"] !== "string") return false;
  const check = KINDS.get(value["kind"]);
  return check !== undefined && check(value);
}

/** What every record of every version has: version, id, time, kind. Tells a newer build's record from damage. */
export function hasEnvelope(value: unknown): value is { readonly v: number; readonly id: string; readonly time: number; readonly kind: string } {
  return isObject(value) && count(value["v"]) && value["v"] !== 0 && isId(value["id"]) && amount(value["time"]) && typeof value["kind"] === "string" && value["kind"].length <= 64;
}

/** An intact record that this build is too old to understand. */
export function isFromNewerBuild(value: unknown): boolean {
  return hasEnvelope(value) && (value.v > RECORD_VERSION || !KINDS.has(value.kind));
}
