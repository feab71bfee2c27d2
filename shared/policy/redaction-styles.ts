/** Which style a class is redacted in, and for which servers a stand-in is turned back. */
import { glob } from "../base/glob.ts";
import { testAll, type Clause } from "./clause.ts";
import { REDACTION_STYLES, type Policy, type RedactionStyle } from "./language.ts";
import { serverClauses } from "./server-clauses.ts";
import type { View } from "./view.ts";

interface Terms {
  readonly style: RedactionStyle;
  /** Null: for no server. */
  readonly restoreFor: readonly Clause[] | null;
}

export interface Styles {
  styleOf(dataClass: string): RedactionStyle;
  /** Only where the class has tokens, and the server is for certain one of those that get the value back. */
  restores(dataClass: string, view: View): boolean;
}

const DEFAULT: Terms = { style: "placeholder", restoreFor: null };

/** Of several globs that match a class the one with most letters counts, and of equals the style that shows less. */
export function compileStyles(written: Policy["redaction"] = {}): Styles {
  const entries = Object.entries(written).map(([pattern, terms]) => ({
    matches: glob(pattern).matches,
    letters: pattern.replaceAll("*", "").length,
    terms: typeof terms === "string" ? { style: terms, restoreFor: null } : { style: terms.style, restoreFor: terms.restoreFor ? serverClauses(terms.restoreFor) : null },
  }));
  entries.sort((a, b) => b.letters - a.letters || REDACTION_STYLES.indexOf(a.terms.style) - REDACTION_STYLES.indexOf(b.terms.style));
  const termsOf = (dataClass: string): Terms => entries.find(({ matches }) => matches(dataClass))?.terms ?? DEFAULT;
  return {
    styleOf: (dataClass) => termsOf(dataClass).style,
    restores(dataClass, view) {
      const { style, restoreFor } = termsOf(dataClass);
      return style === "token" && restoreFor !== null && testAll(restoreFor, view) === true;
    },
  };
}
