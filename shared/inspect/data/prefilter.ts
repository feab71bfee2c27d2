/** One pass over a text that says which detectors have anything to look at, and where. */
import type { Detector } from "./detector.ts";

export interface Prefilter {
  /** Places per detector (index into the list), ascending; a detector that is absent cannot match. */
  places(text: string): Map<number, number[]>;
}

/**
 * All anchors as one alternation of literals: about 200 MB/s in every engine, and steady, where a
 * hand-written automaton in JavaScript is at the mercy of the compiler tier (style-and-speed.md, "Traps").
 */
export function buildPrefilter(detectors: readonly Detector[]): Prefilter {
  const byAnchor = new Map<string, number[]>();
  detectors.forEach((detector, index) => {
    for (const anchor of detector.anchors) {
      const list = byAnchor.get(anchor);
      if (list) list.push(index);
      else byAnchor.set(anchor, [index]);
    }
  });
  // The longest literal wins at a place, so it answers for the shorter ones that begin there too.
  const anchors = [...byAnchor.keys()].sort((a, b) => b.length - a.length);
  const owners = new Map<string, readonly number[]>();
  for (const anchor of anchors) {
    const all = anchors.filter((other) => anchor.startsWith(other)).flatMap((other) => byAnchor.get(other)!);
    owners.set(anchor, [...new Set(all)]);
  }
  const pattern = new RegExp(anchors.map((anchor) => anchor.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("|"), "gi");
  const triggers = detectors.flatMap((detector, index) => (detector.trigger ? [{ index, trigger: detector.trigger }] : []));

  return {
    places(text) {
      const found = new Map<number, number[]>();
      const add = (index: number, at: number): void => {
        const list = found.get(index);
        if (list) list.push(at);
        else found.set(index, [at]);
      };
      pattern.lastIndex = 0;
      for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
        for (const index of owners.get(match[0].toLowerCase()) ?? []) add(index, match.index);
        pattern.lastIndex = match.index + 1; // another anchor may begin inside this one
      }
      for (const { index, trigger } of triggers) {
        trigger.lastIndex = 0;
        for (let match = trigger.exec(text); match; match = trigger.exec(text)) add(index, match.index);
      }
      return found;
    },
  };
}
