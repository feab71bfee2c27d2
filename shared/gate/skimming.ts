/** From the members of a skimmed message to what the gate asks of it. Whatever is unusual is read in full instead. */
import type { Inspection } from "../inspect/data/inspect.ts";
import type { SkimmedMember } from "../inspect/data/skim.ts";
import { readMessage, type Envelope, type JsonObject, type SingleMessage } from "../mcp/message.ts";
import { learnsFrom, methodNamed } from "../mcp/methods.ts";

/** What a skim has shown: it looked for everything. */
export const NOTHING_FOUND: Inspection = { findings: [], unknown: [] };

/** The few members of a message by which it is known. */
export interface Glance {
  /** As a JSON text; null where there is none. */
  readonly id: string | null;
  /** Null: a response. */
  readonly method: string | null;
  /** Strings in `params` that may say what it is about. */
  readonly named: Readonly<Record<string, string>>;
  /** A response's `isError`; undefined where it does not say. */
  readonly failed: boolean | undefined;
}

/** Null: not a usual message; read it in full. */
export function glanceAt(members: readonly SkimmedMember[]): Glance | null {
  let id: string | null = null;
  let method: string | null = null;
  let named: Record<string, string> = NOTHING_NAMED;
  let failed: boolean | undefined;
  let answers = false;
  for (let i = 0; i < members.length; i++) {
    const { depth, key, above, type, text } = members[i]!;
    if (depth === 1) {
      switch (key) {
        case "id":
          if (text === null || (type !== "n" && type !== "s")) return null;
          id = type === "n" ? text : JSON.stringify(text);
          break;
        case "method":
          if (text === null || type !== "s") return null;
          method = text;
          break;
        case "params":
          if (type !== "{") return null;
          break;
        case "result":
          answers = true;
          break;
        case "error":
          return null;
      }
    } else if (depth === 2 && above === "params") {
      if (type === "s" && text !== null) named = { ...named, [key]: text };
    } else if (depth === 2 && above === "result" && key === "isError") {
      if (type !== "t" && type !== "f") return null;
      failed = type === "t";
    }
  }
  return method === null && (!answers || id === null) ? null : { id, method, named, failed };
}

const NOTHING_NAMED: Readonly<Record<string, string>> = {};

/** The envelope, with no more of params and result than the gate looks at. Null: it should say what it is about, and does not. */
export function envelopeOf({ id, method, named, failed }: Glance): Envelope | null {
  if (method === null) return { kind: "response", id, result: failed === undefined ? {} : { isError: failed }, error: null };
  const at = methodNamed(method)?.subject?.at;
  const subject = at === undefined ? undefined : named[at];
  if (at !== undefined && subject === undefined) return null;
  const params: JsonObject = at === undefined ? {} : { [at]: subject };
  return id === null ? { kind: "notification", method, params } : { kind: "request", id, method, params };
}

/** Does the gate ask nothing of such a message but what the skimmed envelope tells? @param answered the method that a response answers. */
export function isRoutine(envelope: Envelope, answered: string | null): boolean {
  if (envelope.kind === "other") return false;
  if (envelope.kind === "response") return answered !== null && methodNamed(answered) !== undefined && !learnsFrom(answered, "result", "");
  return methodNamed(envelope.method) !== undefined && !learnsFrom(envelope.method, "params", "") && envelope.method !== "notifications/cancelled";
}

/** The message of these bytes, read in full after all. */
export function readInFull(parts: readonly Uint8Array[]): SingleMessage {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const text = parts.map((part) => decoder.decode(part, { stream: true })).join("") + decoder.decode();
  const read = readMessage(text);
  if (!read.ok || read.value.kind !== "single") throw new Error("a skimmed message that cannot be read");
  return read.value;
}
