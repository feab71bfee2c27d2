/** What came near: a condition of which one clause alone did not hold. Asked for by people, never in the way of a message. */
import type { Clause } from "./clause.ts";
import type { View } from "./view.ts";

/** What the one failing clause asks for; null where none or more than one fails. */
export function nearMiss(clauses: readonly Clause[], view: View): string | null {
  let failed: Clause | null = null;
  for (const clause of clauses) {
    if (clause.test(view) !== false) continue;
    if (failed) return null;
    failed = clause;
  }
  // With one clause alone "one failed" would be true of every rule.
  return failed && clauses.length > 1 ? (failed.missed?.(view) ?? failed.asks) : null;
}
