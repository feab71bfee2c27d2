/** One pass over a text that says which detectors have anything to look at, and where. */
import type { Detector } from "./detector.ts";

export interface Prefilter {
  /** Places per detector (index into the list), ascending; a detector that is absent cannot match. */
  places(text: string): Map<number, number[]>;
}

interface Anchor {
  readonly text: string;
  readonly owners: readonly number[];
}

/** Characters of anchors fall into at most 63 kinds (case folded), so three of them make an 18-bit number. */
const KINDS = 64;
const MASK = KINDS ** 3 - 1;

/**
 * A table over the first three characters of every anchor; only where it hits are the anchors compared.
 * One array look-up a character, no state machine: measured two to three times as fast here as one
 * alternation RegExp of the same 170 literals.
 */
export function buildPrefilter(detectors: readonly Detector[]): Prefilter {
  const kinds = new Uint8Array(128);
  const slots = new Uint8Array(MASK + 1);
  const groups: Anchor[][] = [[]];
  let lastKind = 0;
  const kindOf = (char: string): number => {
    const code = char.charCodeAt(0);
    if (kinds[code] === 0) kinds[code] = kinds[char.toUpperCase().charCodeAt(0)] = ++lastKind;
    return kinds[code]!;
  };
  const owners = Map.groupBy(
    detectors.flatMap((detector, index) => detector.anchors.map((text) => ({ text, index }))),
    ({ text }) => text,
  );
  for (const [text, list] of owners) {
    if (text.length < 3 || /[^\0-\x7f]|[A-Z]/.test(text)) throw new Error(`an anchor needs three lower-case ASCII characters: ${text}`);
    const slot = (kindOf(text[0]!) * KINDS + kindOf(text[1]!)) * KINDS + kindOf(text[2]!);
    if (slots[slot] === 0) slots[slot] = groups.push([]) - 1;
    groups[slots[slot]!]!.push({ text, owners: [...new Set(list.map(({ index }) => index))] });
  }
  if (lastKind >= KINDS || groups.length > 256) throw new Error("too many anchors for this table");
  const longest = Math.max(3, ...[...owners.keys()].map((text) => text.length));
  const triggers = detectors.flatMap((detector, index) => (detector.trigger ? [{ index, trigger: detector.trigger }] : []));

  return {
    places(text) {
      const found = new Map<number, number[]>();
      const add = (index: number, at: number): void => {
        const list = found.get(index);
        if (list === undefined) found.set(index, [at]);
        else if (list[list.length - 1] !== at) list.push(at);
      };
      let last = 0;
      for (let i = 0; i < text.length; i++) {
        const code = text.charCodeAt(i);
        last = ((last << 6) | (code < 128 ? kinds[code]! : 0)) & MASK;
        if (slots[last] === 0) continue;
        const at = i - 2;
        const head = text.slice(at, at + longest).toLowerCase();
        for (const anchor of groups[slots[last]!]!) {
          if (head.startsWith(anchor.text)) for (const index of anchor.owners) add(index, at);
        }
      }
      for (const { index, trigger } of triggers) {
        trigger.lastIndex = 0;
        for (let match = trigger.exec(text); match; match = trigger.exec(text)) add(index, match.index);
      }
      return found;
    },
  };
}
