/** Records for tests of the inventory. */
import type { Deployment, EventRecord, Initialized, MessageRecord, PromptsListed, ResourcesListed, SessionStarted, ToolsListed } from "../events/record.ts";
import { localServer, remoteServer, type ClientIdentity, type ServerIdentity } from "../mcp/identity.ts";
import type { Decision, Matched } from "../policy/decision.ts";
import { uuidv7 } from "../base/uuid.ts";
import { promptSummary, resourceSummary } from "./definitions.ts";
import { toolSummary } from "./tool-class.ts";

export const CURSOR: ClientIdentity = { id: "client:cursor", name: "Cursor" };

export function remote(url: string): ServerIdentity {
  const identity = remoteServer(url);
  if (!identity) throw new Error(`no URL: ${url}`);
  return identity;
}

export const NOTES = localServer("npx", ["-y", "@acme/notes@1.2.3"]);

type Common = { time?: number; server?: ServerIdentity; client?: ClientIdentity };

function base(time: number) {
  const random = new Uint8Array(10).fill(time % 251);
  return { v: 1, id: uuidv7(time, random), time, by: "guard" } as const;
}

function channel({ time = 1000, server = NOTES, client = CURSOR }: Common) {
  const isRemote = server.kind === "remote";
  return { ...base(time), channel: "c1", point: isRemote ? "http" : "stdio", transport: isRemote ? "streamable-http" : "stdio", client, server } as const;
}

export function initialized(fields: Common & Partial<Initialized> = {}): Initialized {
  const { time, server, client, ...rest } = fields;
  return { ...channel({ ...(time === undefined ? {} : { time }), ...(server ? { server } : {}), ...(client ? { client } : {}) }), kind: "initialized", protocolVersion: "2025-11-25", era: "legacy", serverInfo: { name: "notes", version: "9" }, clientInfo: { name: "cursor-vscode", version: "1" }, capabilities: ["tools"], authentication: "unknown", ...rest };
}

export function tools(definitions: readonly { name: string; description?: string }[], common: Common = {}): ToolsListed {
  return { ...channel(common), kind: "tools.listed", tools: definitions.map(toolSummary).filter((tool) => tool !== undefined) };
}

export function prompts(definitions: readonly { name: string; description?: string }[], common: Common = {}): PromptsListed {
  return { ...channel(common), kind: "prompts.listed", prompts: definitions.map(promptSummary).filter((prompt) => prompt !== undefined) };
}

export function resources(definitions: readonly object[], common: Common = {}): ResourcesListed {
  return { ...channel(common), kind: "resources.listed", resources: definitions.map(resourceSummary).filter((resource) => resource !== undefined) };
}

export function started(common: Common = {}): SessionStarted {
  return { ...channel(common), kind: "session.started" };
}

export function listChanged(list: string, common: Common = {}): MessageRecord {
  return message({ ...common, kind: "notification", direction: "to-client", method: `notifications/${list}/list_changed` });
}

export function decision(fields: Partial<Decision> = {}): Decision {
  return { effect: "allow", enforced: "allow", decidedBy: null, title: null, message: null, learnMore: null, severity: null, matched: [], redactions: [], policy: { id: "p", revision: 1, source: "local" }, ...fields };
}

export function admitted(id: string, effect: Matched["effect"] = "allow"): Matched {
  return { kind: "admission", id, title: id, effect, mode: "enforce", clauses: [] };
}

export function message(fields: Common & Partial<MessageRecord> = {}): MessageRecord {
  const { time, server, client, ...rest } = fields;
  return { ...channel({ ...(time === undefined ? {} : { time }), ...(server ? { server } : {}), ...(client ? { client } : {}) }), kind: "request", direction: "to-server", method: "tools/call", bytes: 10, findings: [], decision: decision(), redacted: 0, ...rest };
}

export function found(name: string, count = 1): MessageRecord["findings"][number] {
  return { class: name, count, confidence: 0.9, previews: [], fingerprints: [], pointers: [] };
}

export function deployment(fields: Common & Partial<Deployment> = {}): Deployment {
  const { time = 1000, server = NOTES, client = CURSOR, ...rest } = fields;
  return { ...base(time), kind: "deployment", change: "added", point: "stdio", client, server, name: "notes", where: "~/.cursor/mcp.json", guarded: false, transport: server.kind === "local" ? "stdio" : "streamable-http", notes: [], ...rest };
}

export function shuffled(records: readonly EventRecord[], seed: number): EventRecord[] {
  const out = [...records];
  let state = seed + 1;
  for (let i = out.length - 1; i > 0; i--) {
    state = (state * 48271) % 2147483647;
    const j = state % (i + 1);
    [out[i], out[j]] = [out[j] as EventRecord, out[i] as EventRecord];
  }
  return out;
}
