/** A whole message in, findings with their places out; and the message with chosen findings replaced. */
import { fingerprint } from "../../base/digest.ts";
import { leafValue, pointerOf, type JsonLeaf, type JsonPath } from "../../base/json.ts";
import { fieldKind, NAME_FIELDS, VALUE_FIELDS } from "./field.ts";
import type { Finding } from "./finding.ts";
import { preview } from "./mask.ts";
import { scanValues } from "./scan.ts";

export { redactJson, type Redacted } from "./redact.ts";

export interface LocatedFinding extends Finding {
  readonly leaf: JsonLeaf;
}

export interface Inspection {
  readonly findings: readonly LocatedFinding[];
  readonly unknown: readonly string[];
}

/** Shorter texts hold nothing that could be found, unless their field says so. */
const SHORTEST = 6;
/** Numbers with fewer digits are no card and no phone number. */
const SHORTEST_NUMBER = 7;

/** Keys, method names, content types: the same short texts stand in every message, and what holds nothing today holds nothing tomorrow. */
const SHORT = 24;
const SHORT_KEY = 64;
const MAX_KNOWN = 4096;
const clean = new Set<string>();

function remember(known: string): void {
  if (clean.size >= MAX_KNOWN) clean.clear();
  clean.add(known);
}

/** Judges every key, string and number of a scanned document. @param key for fingerprints. */
export function inspectJson(text: string, leaves: readonly JsonLeaf[], key: Uint8Array): Inspection {
  const findings: LocatedFinding[] = [];
  const unknown = new Set<string>();
  const contexts = fieldContexts(text, leaves);
  for (const leaf of leaves) {
    const value = leafValue(text, leaf);
    const context = leaf.kind === "key" ? "" : contexts(leaf);
    const shortest = leaf.kind === "number" ? SHORTEST_NUMBER : SHORTEST;
    if (value.length < shortest && fieldKind(context) !== "password") continue;
    // The length says where the name ends, whatever either of them contains.
    const known = value.length <= (leaf.kind === "key" ? SHORT_KEY : SHORT) && context.length <= SHORT ? `${context.length} ${context}${value}` : null;
    if (known !== null && clean.has(known)) continue;
    const result = scanValues(value, { key: context });
    for (const name of result.unknown) unknown.add(name);
    if (result.matches.length === 0) {
      if (known !== null && result.unknown.length === 0) remember(known);
      continue;
    }
    const pointer = pointerOf(leaf.path);
    for (const { value: found, ...match } of result.matches) {
      findings.push({ ...match, pointer, preview: preview(match.class, found), fingerprint: fingerprint(key, found), leaf });
    }
  }
  return { findings, unknown: [...unknown] };
}

const LONGEST_NAME = 64;

/** The name under which a leaf stands: its own key, or for `{"name": "password", "value": "…"}` what its sibling says. */
function fieldContexts(text: string, leaves: readonly JsonLeaf[]): (leaf: JsonLeaf) => string {
  let names: Map<JsonPath | null, string> | null = null; // most messages are never asked
  return (leaf) => {
    let path = leaf.path;
    while (path && typeof path.step === "number") path = path.parent;
    if (!path) return "";
    const own = String(path.step);
    if (!VALUE_FIELDS.has(own.toLowerCase())) return own;
    names ??= namesByParent(text, leaves);
    const sibling = names.get(path.parent);
    if (sibling !== undefined && fieldKind(sibling) !== "other") return sibling;
    let above = path.parent;
    while (above && typeof above.step === "number") above = above.parent;
    return sibling ?? (above && fieldKind(String(above.step)) !== "other" ? String(above.step) : own);
  };
}

/** Members of one object share the same parent path. */
function namesByParent(text: string, leaves: readonly JsonLeaf[]): Map<JsonPath | null, string> {
  const names = new Map<JsonPath | null, string>();
  for (const leaf of leaves) {
    if (leaf.kind !== "string" || leaf.end - leaf.start > LONGEST_NAME + 2) continue;
    const step = leaf.path?.step;
    if (typeof step === "string" && NAME_FIELDS.has(step.toLowerCase()) && !names.has(leaf.path!.parent)) names.set(leaf.path!.parent, leafValue(text, leaf));
  }
  return names;
}
