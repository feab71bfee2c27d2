/** Made-up records and states for tests and screenshots. Development only; nothing in the product imports this. */
import { uuidv7 } from "../../shared/base/uuid.ts";
import type { FindingSummary, Malformed, MessageRecord, RecordBase } from "../../shared/events/record.ts";
import { localServer, remoteServer, type ServerIdentity } from "../../shared/mcp/identity.ts";
import type { ProtectionState } from "../../shared/messages/extension.ts";
import type { Decision } from "../../shared/policy/decision.ts";
import type { Effect } from "../../shared/policy/language.ts";

let made = 0;

/** Ids grow, so that records made later sort later. */
export function base(time = 1_785_585_600_000): Pick<RecordBase, "v" | "id" | "time" | "by"> {
  const bytes = new Uint8Array(10);
  new DataView(bytes.buffer).setUint32(2, ++made);
  return { v: 1, id: uuidv7(time, bytes), time, by: "extension" };
}

export const CHAT = { id: "app:https://chat.example", name: "chat.example" } as const;
export const CURSOR = { id: "client:cursor", name: "Cursor", version: "2.4.1" } as const;
export const DESK: ServerIdentity = remoteServer("https://desk.example/mcp")!;
export const NOTES: ServerIdentity = localServer("npx", ["-y", "@example/notes-server@1.4.2"]);

export interface MessageOptions {
  readonly effect?: Effect;
  readonly enforced?: Effect;
  readonly redacted?: number;
  readonly time?: number;
  readonly server?: ServerIdentity;
  readonly client?: MessageRecord["client"];
  readonly tool?: string;
  readonly method?: string;
  readonly kind?: MessageRecord["kind"];
  readonly direction?: MessageRecord["direction"];
  readonly findings?: readonly FindingSummary[];
  readonly decision?: Partial<Decision>;
}

export function aDecision(effect: Effect, enforced: Effect, more: Partial<Decision> = {}): Decision {
  return { effect, enforced, decidedBy: null, title: null, message: null, learnMore: null, severity: null, matched: [], redactions: [], policy: { id: "acme", revision: 12, source: "local" }, ...more };
}

export function aMessage(options: MessageOptions): MessageRecord {
  const { effect = "allow", enforced = effect, redacted = 0, time, server = DESK, client = CHAT, method = "tools/call", kind = "request", direction = "to-server", findings = [], decision, tool } = options;
  const named = method === "tools/call" ? { tool: tool ?? "create_ticket" } : {};
  const point = server.kind === "local" ? ("stdio" as const) : ("page" as const);
  return { ...base(time), channel: "c1", point, transport: server.kind === "local" ? "stdio" : "streamable-http", client, server, kind, direction, method, ...named, bytes: 412, findings, decision: aDecision(effect, enforced, decision), redacted };
}

export function aMalformed(outcome: Malformed["outcome"], time?: number): Malformed {
  return { ...base(time), channel: "c1", point: "page", transport: "streamable-http", client: CHAT, server: DESK, kind: "malformed", direction: "to-client", fault: "duplicate-key", detail: "the key id stands twice in one object", bytes: 96, outcome };
}

export function aFinding(name: string, preview: string, count = 1): FindingSummary {
  return { class: name, count, confidence: 0.95, previews: [preview], fingerprints: ["0123456789abcdef"], pointers: ["/params/arguments/text"] };
}

export function aState(more: Partial<ProtectionState> = {}): ProtectionState {
  return {
    policy: { id: "acme", title: "Acme sample policy", revision: 12, source: "local", mode: "enforce", appliedAt: 1_785_585_600_000 },
    management: "unmanaged",
    host: { state: "connected", version: "0.1.0", error: null, since: 1_785_585_600_000 },
    rejected: null,
    support: { name: "Acme IT help desk", url: "https://help.acme.example/ai" },
    organization: null,
    notices: [],
    blocking: "page-only",
    ...more,
  };
}
