/** The terms on which a held call may go on, where several rules hold it: all of them have to be content. */
import type { Hold, Span } from "./decision.ts";
import { durationMs } from "./duration.ts";
import type { HoldWords } from "./language.ts";

/** Seconds. */
const DEFAULT_WITHIN = 45;
const REASONS = ["none", "optional", "required"] as const;

/**
 * @param words of the rules and entries that hold the call; at least one.
 * @param coaching of those that would only have coached, where others want an approval: a yes is theirs as well, and holds no longer than they let it.
 */
export function holdOf(kind: Hold["kind"], words: readonly HoldWords[], coaching: readonly HoldWords[] = []): Hold {
  if (kind === "coach") {
    const terms = words.map(({ override = {} }) => override);
    return {
      kind,
      reason: REASONS[Math.max(...terms.map(({ reason = "optional" }) => REASONS.indexOf(reason)))]!,
      for: terms.map((each) => spanOf(each.for ?? "call")).reduce(shorter),
      raw: terms.every(({ raw }) => raw === true),
    };
  }
  const terms = words.map(({ approve = {} }) => approve);
  const offers = [...terms.map(({ offer = [] }) => offer), ...coaching.map(({ override }) => [override?.for ?? "call"])].map((offer) => new Set<Span>([...offer.map(spanOf), "call"]));
  return {
    kind,
    offer: [...offers[0]!].filter((span) => offers.every((offer) => offer.has(span))).sort(bySpan),
    within: Math.min(...terms.map(({ within }) => (within === undefined ? DEFAULT_WITHIN : (durationMs(within) ?? 0) / 1000))),
  };
}

function spanOf(written: string): Span {
  return written === "once" || written === "call" ? "call" : written === "session" ? "session" : (durationMs(written) ?? "call");
}

/** Nobody knows how long a session lasts, so of a session and an hour neither is the shorter: what is left is this call. */
function shorter(a: Span, b: Span): Span {
  if (typeof a === "number" && typeof b === "number") return Math.min(a, b);
  return a === b ? a : "call";
}

/** This call, this session, then by length. */
function bySpan(a: Span, b: Span): number {
  const rank = (span: Span): number => (span === "call" ? -2 : span === "session" ? -1 : span);
  return rank(a) - rank(b);
}
