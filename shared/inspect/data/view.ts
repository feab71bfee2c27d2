/** A rewritten copy of a text that remembers where each part of it came from. */
export interface View {
  readonly text: string;
  /** The whole view stands for one encoded run: every range in it is that run. */
  readonly opaque: boolean;
  /** The range of the original text that a range of this view stands for. */
  locate(start: number, end: number): readonly [number, number];
}

export function plainView(text: string): View {
  return { text, opaque: false, locate: (start, end) => [start, end] };
}

/** A view of something decoded from `parent.text[start, end)`. */
export function runView(parent: View, start: number, end: number, text: string): View {
  const place = parent.locate(start, end);
  return { text, opaque: true, locate: () => place };
}

/**
 * Replaces every match of a global pattern for which `replace` gives a string.
 * A range that touches a replaced part stands for the whole of that part in the original.
 * @returns null when nothing changed.
 */
export function rewrite(parent: View, pattern: RegExp, replace: (match: RegExpExecArray) => string | null): View | null {
  const source = parent.text;
  // Edit i: view [viewStart, viewEnd) stands for source [start, end).
  const starts: number[] = [], ends: number[] = [], viewStarts: number[] = [], viewEnds: number[] = [];
  let text = "";
  let copied = 0;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(source); match; match = pattern.exec(source)) {
    const value = replace(match);
    if (value === null || value === match[0]) continue;
    text += source.slice(copied, match.index);
    starts.push(match.index);
    viewStarts.push(text.length);
    text += value;
    copied = match.index + match[0].length;
    ends.push(copied);
    viewEnds.push(text.length);
  }
  if (starts.length === 0) return null;
  text += source.slice(copied);

  const editAt = (offset: number): number => {
    let low = 0, high = viewStarts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (viewStarts[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };
  return {
    text,
    opaque: parent.opaque,
    locate(start, end) {
      const first = editAt(start);
      const from = first < 0 ? start : start < viewEnds[first]! ? starts[first]! : ends[first]! + (start - viewEnds[first]!);
      const last = editAt(end - 1);
      const to = last < 0 ? end : end - 1 < viewEnds[last]! ? ends[last]! : ends[last]! + (end - viewEnds[last]!);
      return parent.locate(from, to);
    },
  };
}
