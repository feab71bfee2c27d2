/** Tokens with a fixed start: the pattern is tried exactly where the literal stands, never searched for. */
import { entropy, isWord, type Candidate, type Detector } from "../detector.ts";
import type { DataClass } from "../finding.ts";

/** One format: class, the literals it begins with, and the whole token as a sticky pattern with bounded parts. */
export interface TokenFormat {
  readonly class: DataClass;
  readonly anchors: readonly string[];
  /** Sticky. Group 1, where there is one, is the secret part. */
  readonly pattern: RegExp;
  /** The literal stands up to this many characters after the start of the token (default 0). */
  readonly back?: number;
  /** Default 0.95. */
  readonly confidence?: number;
  /** Least bits per character of the token; default 2.6. Kills `xxxx…` and `0000…`. */
  readonly minEntropy?: number;
  check?(token: string): boolean;
}

const STAND_IN = /EXAMPLE|xxxxx|XXXXX|0{10}|1234567890abcdef1234567890|your[_-]|placeholder/;

/** One detector for one family of formats; each literal leads to its own formats only. */
export function tokenDetector(id: string, formats: readonly TokenFormat[]): Detector {
  const byAnchor = formats.flatMap((format) => format.anchors.map((anchor) => ({ anchor, format })));
  const byStart = Map.groupBy(byAnchor, ({ anchor }) => anchor.slice(0, 2));
  return {
    id,
    classes: [...new Set(formats.map((format) => format.class))],
    anchors: [...new Set(byAnchor.map(({ anchor }) => anchor))],
    contextual: false,
    reach: 256,
    find(text, at) {
      const found: Candidate[] = [];
      for (const place of at) {
        const head = text.slice(place, place + 32).toLowerCase();
        for (const { anchor, format } of byStart.get(head.slice(0, 2)) ?? []) {
          if (!head.startsWith(anchor)) continue;
          const hit = tryFormat(text, place, format);
          if (hit) found.push(hit);
        }
      }
      return found;
    },
  };
}

function tryFormat(text: string, place: number, format: TokenFormat): Candidate | null {
  for (let start = place; start >= Math.max(0, place - (format.back ?? 0)); start--) {
    if (start > 0 && isWord(text.charCodeAt(start - 1)) && text[start - 1] !== "_") continue;
    format.pattern.lastIndex = start;
    const match = format.pattern.exec(text);
    if (!match) continue;
    const end = start + match[0].length;
    if (/[A-Za-z0-9]$/.test(match[0]) && isWord(text.charCodeAt(end))) continue;
    const token = match[1] ?? match[0];
    const from = match[1] === undefined ? start : start + match[0].lastIndexOf(match[1]);
    if (STAND_IN.test(token) || entropy(token) < (format.minEntropy ?? 2.6) || format.check?.(token) === false) continue;
    return { class: format.class, confidence: format.confidence ?? 0.95, start: from, end: from + token.length };
  }
  return null;
}

/** One detector for formats that begin with too little to look for: `trigger` finds the places by shape. */
export function shapedTokenDetector(id: string, trigger: RegExp, starts: readonly string[], formats: readonly Omit<TokenFormat, "anchors">[]): Detector {
  const all = formats.map((format) => ({ ...format, anchors: [] }));
  return {
    id,
    classes: [...new Set(formats.map((format) => format.class))],
    anchors: [],
    trigger,
    starts,
    contextual: false,
    reach: 64,
    find: (text, at) => at.flatMap((place) => all.flatMap((format) => tryFormat(text, place, format) ?? [])),
  };
}
