/** What of a message goes into its record: names, sizes, classes, masked previews. Never its text. */
import type { FindingSummary, MessageRecord } from "../events/record.ts";
import type { Inspection } from "../inspect/data/inspect.ts";
import type { Direction } from "../mcp/channel.ts";
import { member, type Envelope, type SingleMessage, type SkimmedMessage } from "../mcp/message.ts";
import { partsOf, type PartKind, type Parts } from "../mcp/parts.ts";
import { methodNamed } from "../mcp/methods.ts";
import { MASK } from "../mcp/opaque.ts";
import type { Decision } from "../policy/decision.ts";
import type { Exchange, Relation } from "./exchanges.ts";
import type { Begun } from "./tasks.ts";

/** What a request is about. Null: nothing of that kind. Undefined: it should say, but does not. */
export interface SubjectFacts {
  readonly tool: string | null | undefined;
  readonly prompt: string | null | undefined;
  readonly resource: string | null | undefined;
}

export const NO_SUBJECT: SubjectFacts = { tool: null, prompt: null, resource: null };
const UNKNOWN_SUBJECT: SubjectFacts = { tool: undefined, prompt: undefined, resource: undefined };

export function subjectOf(envelope: Envelope): SubjectFacts {
  // A peer may see a call in what is no message to us.
  if (envelope.kind === "other") return UNKNOWN_SUBJECT;
  if (envelope.kind !== "request" && envelope.kind !== "notification") return NO_SUBJECT;
  const subject = methodNamed(envelope.method)?.subject;
  // What a task is about, only those know who saw it begin.
  if (!subject || subject.kind === "task") return NO_SUBJECT;
  const named = member(envelope.params, subject.at);
  return { ...NO_SUBJECT, [subject.kind]: typeof named === "string" ? named : undefined };
}

export function isSameSubject(a: SubjectFacts, b: SubjectFacts): boolean {
  return a.tool === b.tool && a.prompt === b.prompt && a.resource === b.resource;
}

/** Characters that it holds. */
export function sizeOfSubject({ tool, prompt, resource }: SubjectFacts): number {
  return (tool?.length ?? 0) + (prompt?.length ?? 0) + (resource?.length ?? 0);
}

/** The arguments of a call; a call without any has none of them. Null: no call. Undefined: nobody knows what it is. */
export function argumentsOf(envelope: Envelope): unknown {
  if (envelope.kind === "other") return undefined;
  if (envelope.kind === "response") return null;
  const subject = methodNamed(envelope.method)?.subject;
  return subject && subject.kind !== "task" ? (member(envelope.params, "arguments") ?? {}) : null;
}

const MAX_NAME = 200;
const KEPT = 3;

/** What a record calls the things that a message is about. */
export type Names = Pick<MessageRecord, "method" | "tool" | "prompt" | "resource">;

/** Of a request or notification: names come from its own text, so what was found there is withheld. @param begun of one about a task: its things were named before. */
export function namesOf(method: string | null, subject: SubjectFacts, inspection: Inspection, begun: Begun | null): Names {
  if (begun) return { ...begun.names, method: method === null ? null : storable(method, "/method", inspection) };
  return {
    method: method === null ? null : storable(method, "/method", inspection),
    ...(subject.tool ? { tool: storable(subject.tool, "/params/name", inspection) } : {}),
    ...(subject.prompt ? { prompt: storable(subject.prompt, "/params/name", inspection) } : {}),
    ...(subject.resource ? { resource: storable(withoutQuery(subject.resource), "/params/uri", inspection) } : {}),
  };
}

export function summarize(
  direction: Direction,
  message: SingleMessage | SkimmedMessage,
  bytes: number,
  exchange: Exchange | null,
  relation: Relation,
  names: Names,
  inspection: Inspection,
  decision: Decision,
  redacted: number,
  now: number,
): Pick<MessageRecord, "kind" | "direction" | "method" | "tool" | "prompt" | "resource" | "bytes" | "ms" | "failed" | "findings" | "decision" | "redacted" | "exchange" | "chain"> {
  const { envelope } = message;
  const kind = envelope.kind === "request" ? "request" : envelope.kind === "response" ? "response" : "notification";
  return {
    kind,
    direction,
    ...names,
    bytes,
    ...(kind === "response" && exchange ? { ms: Math.max(0, now - exchange.startedAt) } : {}),
    ...(envelope.kind === "response" ? { failed: envelope.error !== null || member(envelope.result, "isError") === true } : {}),
    findings: message.kind === "skimmed" ? [] : foldFindings(inspection, () => partsOf(message, { method: exchange?.method ?? null, began: relation.begun?.method ?? null })),
    decision: storableDecision(decision),
    redacted,
    ...(exchange ? { exchange: exchange.id } : {}),
    ...(relation.chain !== null && relation.chain !== exchange?.id ? { chain: relation.chain } : {}),
  };
}

/** The decision without its list of places: how many values went is in `redacted`, and a hostile result may hold very many. */
export function storableDecision(decision: Decision): Decision {
  return decision.redactions.length === 0 ? decision : { ...decision, redactions: [] };
}

/** A name from the wire, fit to be kept: cut to size, and withheld when it itself carries what we protect. */
export function storable(name: string, pointer: string, inspection: Inspection): string {
  const finding = inspection.findings.find((each) => each.pointer.startsWith(pointer));
  return finding ? `[withheld: ${finding.class}]` : name.slice(0, MAX_NAME);
}

function withoutQuery(uri: string): string {
  return uri.replace(/[?#].*$/s, "");
}

/** Pointers fit to be kept: a key in which something was found (maps by e-mail address are common) stands masked. */
export function pointerMask(inspection: Inspection): (pointer: string) => string {
  const keys = new Set(inspection.findings.flatMap((finding) => (finding.leaf.kind === "key" ? [finding.pointer] : [])));
  if (keys.size === 0) return (pointer) => pointer;
  return (pointer) => {
    let at = "";
    let out = "";
    for (const step of pointer.split("/").slice(1)) {
      at += `/${step}`;
      out += `/${keys.has(at) ? MASK : step}`;
    }
    return out;
  };
}

/** One summary a class, with up to three previews of distinct values. */
export function foldFindings(inspection: Inspection, partsOfMessage: () => Parts): FindingSummary[] {
  if (inspection.findings.length === 0) return [];
  const parts = partsOfMessage();
  const shown = pointerMask(inspection);
  const byClass = new Map<string, { count: number; confidence: number; previews: string[]; fingerprints: string[]; pointers: string[]; parts: PartKind[] }>();
  for (const finding of inspection.findings) {
    let row = byClass.get(finding.class);
    if (!row) byClass.set(finding.class, (row = { count: 0, confidence: 0, previews: [], fingerprints: [], pointers: [], parts: [] }));
    row.count++;
    row.confidence = Math.max(row.confidence, finding.confidence);
    if (row.fingerprints.length < KEPT && !row.fingerprints.includes(finding.fingerprint)) {
      row.fingerprints.push(finding.fingerprint);
      row.previews.push(finding.preview);
      row.pointers.push(shown(finding.pointer).slice(0, MAX_NAME));
      row.parts.push(parts.of(finding.pointer));
    }
  }
  return [...byClass].map(([name, row]) => ({ class: name, ...row }));
}
