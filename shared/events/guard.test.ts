import fc from "fast-check";
import { expect, test } from "vitest";
import { hasEnvelope, isEventRecord, isFromNewerBuild, RECORD_BOUNDS } from "./guard.ts";
import type { EventRecord, MessageRecord } from "./record.ts";

const base = { v: 1, id: "01890000-0000-7000-8000-000000000000", time: 1_700_000_000_000, by: "extension" } as const;
const channel = {
  ...base,
  channel: "c1",
  point: "page",
  transport: "streamable-http",
  client: { id: "app:https://chat.example", name: "chat.example" },
  server: { kind: "remote", id: "srv_0123456789abcdef", url: "https://desk.example/mcp" },
} as const;
const decision: MessageRecord["decision"] = {
  effect: "redact",
  enforced: "redact",
  decidedBy: "r",
  title: "t",
  message: null,
  learnMore: null,
  severity: "high",
  matched: [{ kind: "rule", id: "r", title: "t", effect: "redact", mode: "enforce", clauses: ["data pii.email (1)"] }],
  redactions: [{ finding: 0, style: "mask" }],
  policy: { id: "p", revision: 1, source: "local" },
};

const RECORDS: { readonly [K in EventRecord["kind"]]: EventRecord & { readonly kind: K } } = {
  "session.started": { ...channel, kind: "session.started" },
  "session.ended": { ...channel, kind: "session.ended", reason: "client closed" },
  initialized: { ...channel, kind: "initialized", protocolVersion: "2025-11-25", era: "legacy", serverInfo: { name: "desk", version: "1" }, clientInfo: null, capabilities: ["tools"], extensions: ["io.modelcontextprotocol/ui"], instructions: { length: 9, digest: "ab".repeat(32), opening: "Be polite" }, authentication: "bearer" },
  "tools.listed": { ...channel, kind: "tools.listed", tools: [{ name: "lookup", description: "Looks up", classes: ["read"], digest: "ab".repeat(32) }], apps: 1 },
  "prompts.listed": { ...channel, kind: "prompts.listed", prompts: [{ name: "greet", description: "Greets", digest: "ab".repeat(32) }] },
  "resources.listed": { ...channel, kind: "resources.listed", resources: [{ name: "Log", uri: "file:///var/log/x", template: false, mimeType: "text/plain", bytes: 5 }] },
  request: message("request"),
  response: { ...message("response"), ms: 12.5, failed: false },
  notification: { ...message("notification"), method: null },
  "approval.requested": { ...channel, kind: "approval.requested", direction: "to-server", method: "tools/call", tool: "refund", asks: "approve", rules: ["r"], call: "0123456789abcdef", until: 1_700_000_045_000, findings: [], decision },
  "approval.answered": { ...channel, kind: "approval.answered", direction: "to-server", request: base.id, asks: "approve", rules: ["r"], answer: "allowed", via: "popup", span: "call", reason: "because", waitedMs: 1200 },
  feedback: { ...base, kind: "feedback", about: base.id, wish: "mistake", reason: null },
  malformed: { ...channel, kind: "malformed", direction: "to-client", fault: "syntax", detail: "at 10", bytes: 12, outcome: "refused" },
  deployment: { ...base, kind: "deployment", change: "added", point: "stdio", client: channel.client, server: { kind: "local", id: "srv_1", command: "npx", args: ["-y", "x"], package: { registry: "npm", name: "x" } }, name: "x", where: "~/.cursor/mcp.json", guarded: false, transport: "stdio", notes: [] },
  "policy.applied": { ...base, kind: "policy.applied", policy: { id: "p", revision: 1, source: "local", digest: "d" } },
  "policy.rejected": { ...base, kind: "policy.rejected", source: "local", errors: ["policy.yaml:1: no"], kept: null },
  health: { ...base, kind: "health", what: "host.lost", detail: "" },
};

function message<K extends "request" | "response" | "notification">(kind: K): MessageRecord & { kind: K } {
  const finding = { class: "pii.email", count: 1, confidence: 0.9, previews: ["••••.com"], fingerprints: ["0123456789abcdef"], pointers: ["/params/arguments/to"] };
  return { ...channel, kind, direction: "to-server", method: "tools/call", tool: "lookup", bytes: 100, findings: [finding], decision, redacted: 1, exchange: "1" };
}

/** Every place in a value that holds a string, as a function that replaces it. */
function stringPlaces(value: unknown): ((text: string) => unknown)[] {
  if (typeof value === "string") return [(text) => text];
  if (Array.isArray(value)) return value.flatMap((item, i) => stringPlaces(item).map((put) => (text: string) => value.with(i, put(text))));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => stringPlaces(item).map((put) => (text: string) => ({ ...value, [key]: put(text) })));
}

test("a record of every kind is accepted, also after a trip through JSON", () => {
  for (const record of Object.values(RECORDS)) {
    expect(record).toSatisfy(isEventRecord);
    expect(JSON.parse(JSON.stringify(record))).toSatisfy(isEventRecord);
  }
});

test("no string anywhere in a record may be long enough to carry a body", () => {
  for (const record of Object.values(RECORDS)) {
    for (const put of stringPlaces(record)) expect(put("x".repeat(RECORD_BOUNDS.text + 1))).not.toSatisfy(isEventRecord);
    expect({ ...record, body: "x".repeat(300) }).not.toSatisfy(isEventRecord);
    expect({ ...record, body: { text: "nested" } }).not.toSatisfy(isEventRecord);
    expect({ ...record, body: Array.from({ length: 100 }, () => "x") }).not.toSatisfy(isEventRecord);
  }
});

test("previews are short and few: a value does not fit", () => {
  const request = message("request");
  const finding = request.findings[0]!;
  expect({ ...request, findings: [{ ...finding, previews: ["x".repeat(81)] }] }).not.toSatisfy(isEventRecord);
  expect({ ...request, findings: [{ ...finding, previews: ["a", "b", "c", "d"] }] }).not.toSatisfy(isEventRecord);
});

test("every field is needed, and of its type", () => {
  for (const record of Object.values(RECORDS)) {
    for (const key of Object.keys(record)) {
      if (["tool", "exchange", "ms", "failed", "extensions", "instructions", "apps"].includes(key)) continue;
      const { [key as keyof EventRecord]: _gone, ...rest } = record as EventRecord & Record<string, unknown>;
      expect({ kind: record.kind, key, accepted: isEventRecord(rest) }).toEqual({ kind: record.kind, key, accepted: false });
      expect({ kind: record.kind, key, accepted: isEventRecord({ ...record, [key]: true }) }).toEqual({ kind: record.kind, key, accepted: key === "guarded" });
    }
  }
});

test("a small field of a newer version is no reason to refuse a record", () => {
  expect({ ...RECORDS.health, hint: "short", counts: [1, 2] }).toSatisfy(isEventRecord);
});

test("a newer build's record is told from damage", () => {
  expect({ ...RECORDS.health, v: 2 }).not.toSatisfy(isEventRecord);
  expect({ ...RECORDS.health, v: 2 }).toSatisfy(isFromNewerBuild);
  expect({ ...base, kind: "teleported" }).toSatisfy(isFromNewerBuild);
  expect({ ...RECORDS.health, what: "unheard" }).not.toSatisfy(isFromNewerBuild);
  expect({ ...base, kind: "teleported", id: "../x" }).not.toSatisfy(hasEnvelope);
});

test("anything at all is judged without throwing", () => {
  fc.assert(fc.property(fc.anything(), (value) => void (isEventRecord(value), isFromNewerBuild(value))));
  const mutation = fc.constantFrom(...Object.values(RECORDS)).chain((record) => fc.tuple(fc.constant(record), fc.constantFrom(...Object.keys(record)), fc.anything()));
  fc.assert(fc.property(mutation, ([record, key, value]) => void isEventRecord({ ...record, [key]: value })));
});

test("what only a prototype says does not count for a field, nor hide one too many", () => {
  const tooMany = Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`new${at}`, 1]));
  expect(isEventRecord({ ...RECORDS.health, ...tooMany })).toBe(false);
  expect(isEventRecord(Object.assign(Object.create({ detail: "" }) as object, { ...RECORDS.health, detail: undefined, body: "x".repeat(5000) }))).toBe(false);
});
