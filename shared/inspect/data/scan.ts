/** Text in, matches out. */
import { ALL_CLASSES, CLASSES, classInfo } from "./classes.ts";
import { decodeViews } from "./decode.ts";
import { isWord, type Candidate, type Detector } from "./detector.ts";
import { fieldKind } from "./field.ts";
import type { Match } from "./finding.ts";
import { buildPrefilter, type Prefilter, type Swept } from "./prefilter.ts";
import { DETECTORS } from "./registry.ts";
import { createSkimmer, type Skimmer } from "./skim.ts";
import { plainView, rewrite, type View } from "./view.ts";

export interface ScanContext {
  /** The JSON key (or header, or form field) under which the text stands; context for weak patterns (`password`, `iban`). */
  readonly key?: string;
}

export interface ScanResult {
  /** Sorted by start, none overlapping (the more specific class wins). Only an encoded run may carry several classes: same range, one match each. */
  readonly matches: readonly Match[];
  /** Class globs that could not be judged (a detector threw or ran out of budget); restricting rules treat them as found. */
  readonly unknown: readonly string[];
}

/** A match and the decoded value it stands for; stays inside this folder, for previews and fingerprints. */
export interface ValuedMatch extends Match {
  readonly value: string;
}

export interface Scanner {
  /** Judges whole messages by their bytes, where there is a machine. */
  readonly skimmer: Skimmer;
  scan(text: string, context?: ScanContext): { readonly matches: readonly ValuedMatch[]; readonly unknown: readonly string[] };
}

/** Scans one decoded string with every detector of this build. Linear in `text.length`. */
export function scan(text: string, context: ScanContext = {}): ScanResult {
  const { matches, unknown } = scanValues(text, context);
  return { matches: matches.map(({ value: _, ...match }) => match), unknown };
}

/** Characters that all attempts of one detector may read in one view: linear, generous for real text, soon spent by a text made of anchors. */
const READS_PER_CHARACTER = 96;
const FREE_READS = 65_536;
/** Joins tried per view for tokens that a line break or a string concatenation has split. */
const MAX_JOINS = 64;
/** What stands in place of a redacted value is not looked at again. Sixteen digits in a token are: hardly any token has them, and every card number does. */
const PLACEHOLDER = /\[redacted ([a-z]{1,10}\.[a-z0-9-]{1,40})\]|\[\[sluice:([a-z]{1,10}\.[a-z0-9-]{1,40}):(?!\d{16}\])[0-9a-f]{16}\]\]/g;
/** What may stand between two halves of one token: a line break with its continuation mark, or closing and opening quotes. */
const SEAM = /["'`][ \t]{0,8}[+.&]?[ \t]{0,8}(?:\\?\r?\n)?[ \t]{0,16}[+.&]?[ \t]{0,8}["'`]|[\\+]?\r?\n[ \t]{0,16}/g;

const NOBODY: ReadonlySet<number> = new Set();
const NOWHERE: readonly number[] = [];

/** Builds a scanner; tests give it detectors that fail. */
export function createScanner(detectors: readonly Detector[]): Scanner {
  const prefilter: Prefilter = buildPrefilter(detectors);
  const wanting = new Map<string, ReadonlySet<number>>(); // by field name: the same few names come again and again

  function wantedBy(key: string): ReadonlySet<number> {
    let wanted = wanting.get(key);
    if (wanted === undefined) {
      wanted = key === "" || key.length > 80 ? NOBODY : new Set(detectors.flatMap((detector, index) => (detector.wants?.(key) ? [index] : [])));
      if (wanting.size > 1000) wanting.clear();
      wanting.set(key, wanted);
    }
    return wanted;
  }

  function scanView(view: View, { places }: Swept, key: string, noise: boolean, found: ValuedMatch[], failed: Set<string>): void {
    const { text } = view;
    const wanted = wantedBy(key);
    if (places.size === 0 && wanted.size === 0) return;
    const placeholders = text.includes("[redacted ") || text.includes("[[sluice:") ? [...text.matchAll(PLACEHOLDER)].filter((match) => Object.hasOwn(CLASSES, match[1] ?? match[2]!)).map((match) => [match.index, match.index + match[0].length] as const) : [];
    const budget = FREE_READS + READS_PER_CHARACTER * text.length;
    let joins = 0;
    detectors.forEach((detector, index) => {
      if (noise && detector.contextual) return;
      let at = places.get(index) ?? NOWHERE;
      if (at.length === 0 && !wanted.has(index)) return;
      if (placeholders.length > 0) at = at.filter((place) => !placeholders.some(([start, end]) => place >= start && place < end));
      const affordable = Math.floor(budget / detector.reach);
      if (at.length > affordable) {
        at = at.slice(0, affordable);
        detector.classes.forEach((name) => failed.add(name));
      }
      try {
        const hits = detector.find(text, at, { key });
        for (const hit of hits) add(view, detector, hit, found);
        if (detector.contextual || detector.trigger) return;
        // An anchor without a match: its token may be cut in two.
        const taken = new Set(hits.map((hit) => hit.start));
        for (const place of at) {
          if (joins >= MAX_JOINS) break;
          if (taken.has(place) || (place > 0 && isWord(text.charCodeAt(place - 1)))) continue;
          const window = text.slice(place, place + detector.reach);
          if (!/^[\w.-]{4,}(?:["'`]|[\\+]?\r?\n)/.test(window)) continue;
          joins++;
          const joined = rewrite({ ...plainView(window), locate: (start, end) => view.locate(place + start, place + end) }, SEAM, () => "");
          if (!joined) continue;
          for (const hit of detector.find(joined.text, [0], { key })) add(joined, detector, { ...hit, confidence: hit.confidence * 0.9 }, found);
        }
      } catch {
        detector.classes.forEach((name) => failed.add(name)); // fail to "unknown", never to "clean"
      }
    });
  }

  /** The text holds no decoding of itself. */
  function isClean(text: string, places: Swept["places"], key: string): boolean {
    const found: ValuedMatch[] = [];
    const failed = new Set<string>();
    scanView(plainView(text), { ascii: true, places }, key, fieldKind(key) === "noise", found, failed);
    return found.length === 0 && failed.size === 0;
  }

  /** Nothing in the key itself, and no value that is judged by it alone. */
  function isHarmless(key: string): boolean {
    if (wantedBy(key).size > 0 || fieldKind(key) === "password" || fieldKind(key) === "secret") return false;
    const { matches, unknown } = scanner.scan(key);
    return matches.length === 0 && unknown.length === 0;
  }

  const scanner: Scanner = {
    skimmer: createSkimmer(prefilter, isClean, isHarmless),
    scan(text, { key = "" } = {}) {
      const found: ValuedMatch[] = [];
      const failed = new Set<string>();
      try {
        const noise = fieldKind(key) === "noise";
        const swept = prefilter.sweep(text);
        const { views, complete } = decodeViews(text, undefined, swept.ascii);
        for (const view of views) scanView(view, view.text === text ? swept : prefilter.sweep(view.text), key, noise, found, failed);
        if (!complete) ALL_CLASSES.forEach((glob) => failed.add(glob));
      } catch {
        ALL_CLASSES.forEach((glob) => failed.add(glob));
      }
      return { matches: resolve(found), unknown: [...failed] };
    },
  };
  return scanner;
}

function add(view: View, detector: Detector, hit: Candidate, found: ValuedMatch[]): void {
  const [start, end] = view.locate(hit.start, hit.end);
  if (end <= start) return;
  found.push({
    detector: detector.id,
    class: hit.class,
    confidence: hit.confidence,
    severity: classInfo(hit.class).severity,
    start,
    end,
    value: view.text.slice(hit.start, hit.end),
  });
}

/** Keeps the better of two that overlap; different classes in one encoded run all stay. */
function resolve(found: ValuedMatch[]): ValuedMatch[] {
  found.sort((a, b) => a.start - b.start || b.end - a.end || better(b, a));
  const kept: ValuedMatch[] = [];
  for (const match of found) {
    const last = kept.at(-1);
    if (!last || match.start >= last.end) kept.push(match);
    else if (match.start === last.start && match.end === last.end && match.value !== last.value) {
      const twin = kept.some((other, i) => i >= kept.length - 8 && other.start === match.start && other.class === match.class);
      if (!twin) kept.push(match);
    } else if (better(match, last) > 0) {
      while (kept.length > 0 && kept.at(-1)!.end > match.start) kept.pop();
      kept.push(match);
    }
  }
  return kept;
}

/** Above zero when `a` should win: the more specific class, then the higher confidence, then the longer match. */
function better(a: Match, b: Match): number {
  return rankOf(a) - rankOf(b) || a.confidence - b.confidence || a.end - a.start - (b.end - b.start);
}

/** A guess below the default threshold must not hide something surer. */
function rankOf(match: Match): number {
  return match.confidence < 0.6 ? -1 : classInfo(match.class).rank;
}

let standard: Scanner | undefined;

/** With every detector of this build. Built on first use, so that importing this file costs nothing. */
export function standardScanner(): Scanner {
  return (standard ??= createScanner(DETECTORS));
}

/** Like `scan`, with the values. */
export function scanValues(text: string, context: ScanContext = {}): ReturnType<Scanner["scan"]> {
  return standardScanner().scan(text, context);
}
