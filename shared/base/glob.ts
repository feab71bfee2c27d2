/** Linear-time globs: `*` is any run of characters, everything else is literal. No regular expression is built, so no pattern can be made slow. */
export interface Glob {
  readonly pattern: string;
  matches(text: string): boolean;
}

/** @param ignoreCase compare in lower case (host names, classes); default off. */
export function glob(pattern: string, ignoreCase = false): Glob {
  const parts = (ignoreCase ? pattern.toLowerCase() : pattern).split("*");
  const first = parts[0]!;
  const last = parts[parts.length - 1]!;
  const middle = parts.slice(1, -1).filter((part) => part !== "");
  const literal = parts.length === 1;
  return {
    pattern,
    matches(raw) {
      const text = ignoreCase ? raw.toLowerCase() : raw;
      if (literal) return text === first;
      if (text.length < first.length + last.length) return false;
      if (!text.startsWith(first) || !text.endsWith(last)) return false;
      const end = text.length - last.length;
      let at = first.length;
      for (const part of middle) {
        const found = text.indexOf(part, at);
        if (found < 0 || found + part.length > end) return false;
        at = found + part.length;
      }
      return true;
    },
  };
}
