/** Replaces chosen findings inside valid JSON; every other byte stays. */
import { leafValue, pointerOf, scanJson, spliceJson, type JsonLeaf } from "../../base/json.ts";
import type { Redaction } from "../../policy/decision.ts";
import { asciiToBase64 } from "../../base/base64.ts";
import { isBase64Field, isUntouchable } from "./handles.ts";
import type { Inspection, LocatedFinding } from "./inspect.ts";
import { mask, replacement } from "./mask.ts";
import type { Substitutes } from "./substitutes.ts";

export interface Redacted {
  readonly text: string;
  readonly replaced: number;
  /** Findings that were to be replaced but stand where nothing may change (handles, keys, ids): the caller must block instead. */
  readonly untouchable: readonly LocatedFinding[];
}

interface Cut {
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

/**
 * Replaces findings, each in the style that is asked for. The same value gets the same replacement everywhere: copies of it in
 * other strings (`content[].text` beside `structuredContent`) go too, also where no detector named them.
 */
export function redactJson(text: string, inspection: Inspection, redactions: readonly Redaction[], stand?: Substitutes): Redacted {
  const untouchable: LocatedFinding[] = [];
  const cuts = new Map<JsonLeaf, Cut[]>();
  const substitutes = new Map<string, string>();
  const origins = new Map<string, LocatedFinding>();
  const values = new Map<JsonLeaf, string>();
  const valueOf = (leaf: JsonLeaf): string => {
    let value = values.get(leaf);
    if (value === undefined) values.set(leaf, (value = leafValue(text, leaf)));
    return value;
  };

  for (const { finding: index, style } of redactions) {
    const finding = inspection.findings[index];
    if (!finding) continue;
    if (isUntouchable(finding.leaf)) {
      untouchable.push(finding);
      continue;
    }
    const original = valueOf(finding.leaf).slice(finding.start, finding.end);
    let value = substitutes.get(original) ?? replacement(finding.class, original, style, stand);
    // A whole base64 field stays base64, so that the receiver can still decode it.
    if (isBase64Field(finding.leaf) && finding.start === 0 && finding.end === valueOf(finding.leaf).length) value = asciiToBase64(value.replaceAll("•", "*"));
    else {
      substitutes.set(original, value);
      origins.set(value, finding);
    }
    const list = cuts.get(finding.leaf);
    if (list) list.push({ start: finding.start, end: finding.end, value });
    else cuts.set(finding.leaf, [{ start: finding.start, end: finding.end, value }]);
  }
  if (cuts.size === 0) return { text, replaced: 0, untouchable };

  const copies = copyFinder(substitutes);
  const scanned = scanJson(text);
  const leaves = scanned.ok ? scanned.value : [...cuts.keys()];
  const named = new Map([...cuts].map(([leaf, list]) => [leaf.start, list]));
  const edits: { leaf: JsonLeaf; value: string }[] = [];
  let replaced = 0;
  for (const leaf of leaves) {
    const chosen = named.get(leaf.start);
    if (!chosen && !copies.mayHold(leaf)) continue;
    const before = valueOf(leaf);
    if (isUntouchable(leaf)) {
      // A copy of the value in a handle or key: nothing can be done about it here, so the caller has to know.
      for (const copy of copies.find(before)) {
        const finding = origins.get(copy.value);
        const isNamed = untouchable.some((other) => other.leaf.start === leaf.start && other.start < copy.end && copy.start < other.end);
        if (finding && !isNamed && copy.end - copy.start >= LONG_COPY) untouchable.push({ ...finding, leaf, pointer: pointerOf(leaf.path), start: copy.start, end: copy.end });
      }
      continue;
    }
    const all = disjoint([...(chosen ?? []), ...copies.find(before)]);
    if (all.length === 0) continue;
    let value = "";
    let at = 0;
    for (const cut of all) {
      value += before.slice(at, cut.start) + cut.value;
      at = cut.end;
    }
    edits.push({ leaf, value: value + before.slice(at) });
    replaced += all.length;
  }
  return { text: spliceJson(text, edits), replaced, untouchable };
}

/** Sorted, and of two that overlap the earlier and longer one: a replaced stretch is never left half in clear. */
function disjoint(cuts: Cut[]): Cut[] {
  cuts.sort((a, b) => a.start - b.start || b.end - a.end);
  const kept: Cut[] = [];
  for (const cut of cuts) {
    const last = kept.at(-1);
    if (!last || cut.start >= last.end) kept.push(cut);
    else if (cut.end > last.end) kept[kept.length - 1] = { ...last, end: cut.end };
  }
  return kept;
}

/** Values shorter than this are replaced in copies only where they stand alone: `1234` must not vanish from every number. */
const FREE_STANDING = 8;
/** From this length on, a copy in an untouchable place cannot be chance. */
const LONG_COPY = 12;
/** Values shorter than this are replaced only where they were found. */
const SHORTEST_COPY = 4;

interface CopyFinder {
  mayHold(leaf: JsonLeaf): boolean;
  find(value: string): Cut[];
}

/** Looks for further copies of the replaced values, also escaped once or twice as inside nested JSON. */
function copyFinder(substitutes: ReadonlyMap<string, string>): CopyFinder {
  const forms = new Map<string, string>();
  let shortest = Infinity;
  for (const [value, substitute] of substitutes) {
    if (value.length < SHORTEST_COPY || substitute === value || mask(value) === value) continue;
    let form = value;
    for (let depth = 0; depth < 3; depth++) {
      if (!forms.has(form)) forms.set(form, substitute);
      shortest = Math.min(shortest, form.length);
      form = JSON.stringify(form).slice(1, -1);
    }
  }
  // One alternation, the longest first, so the cost does not grow with text times values for every value apart.
  const ordered = [...forms.keys()].sort((a, b) => b.length - a.length);
  const pattern = ordered.length > 0 ? new RegExp(ordered.map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"), "g") : null;
  return {
    mayHold: (leaf) => pattern !== null && leaf.end - leaf.start - 2 >= shortest,
    find(value) {
      if (!pattern) return [];
      const cuts: Cut[] = [];
      for (const match of value.matchAll(pattern)) {
        const start = match.index, end = start + match[0].length;
        if (match[0].length < FREE_STANDING && (isPart(value, start - 1) || isPart(value, end))) continue;
        cuts.push({ start, end, value: forms.get(match[0])! });
      }
      return cuts;
    },
  };
}

function isPart(text: string, at: number): boolean {
  return /[\p{L}\p{N}_]/u.test(text.charAt(at));
}
