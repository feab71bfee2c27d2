/** A whole message in, findings with their places out; and the message with chosen findings replaced. */
import type { JsonLeaf } from "../../base/json.ts";
import type { Redaction } from "../../policy/decision.ts";
import type { Finding } from "./finding.ts";

export interface LocatedFinding extends Finding {
  readonly leaf: JsonLeaf;
}

export interface Inspection {
  readonly findings: readonly LocatedFinding[];
  readonly unknown: readonly string[];
}

/** Judges every key, string and number of a scanned document. @param key for fingerprints. */
export function inspectJson(_text: string, _leaves: readonly JsonLeaf[], _key: Uint8Array): Inspection {
  return { findings: [], unknown: [] };
}

export interface Redacted {
  readonly text: string;
  readonly replaced: number;
  /** Findings that were to be replaced but stand where nothing may change (handles, keys, ids): the caller must block instead. */
  readonly untouchable: readonly LocatedFinding[];
}

export function redactJson(text: string, _inspection: Inspection, _redactions: readonly Redaction[]): Redacted {
  return { text, replaced: 0, untouchable: [] };
}
