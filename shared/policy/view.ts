/** What the conditions look at: the facts of one message, with the answers that several rules need worked out once. */
import type { Facts } from "./decision.ts";
import type { Truth } from "./truth.ts";

/** Findings of one class in the message. */
export interface ClassGroup {
  readonly class: string;
  /** Highest confidence among them. */
  readonly confidence: number;
  /** Lowest. */
  readonly leastConfidence: number;
  /** Number of different values. */
  readonly distinct: number;
  /** Indexes into `Facts.findings`. */
  readonly findings: readonly number[];
}

/** What admission said of the server, for content rules that ask. */
export interface Standing {
  /** Entries that match for certain. */
  readonly entries: ReadonlySet<string>;
  /** Entries of which we cannot tell. */
  readonly maybe: ReadonlySet<string>;
  readonly sanctioned: Truth;
}

export interface View {
  readonly facts: Facts;
  readonly classes: readonly ClassGroup[];
  readonly standing: Standing;
}

/** Admission entries cannot ask about admission; whoever asks before it has spoken gets "not known". */
export const NO_STANDING: Standing = { entries: new Set(), maybe: new Set(), sanctioned: undefined };

export function viewOf(facts: Facts, standing: Standing): View {
  return { facts, classes: facts.findings.length === 0 ? [] : groupByClass(facts), standing };
}

/** For questions that come before admission has spoken and look at no data. */
export function bareView(facts: Facts): View {
  return { facts, classes: [], standing: NO_STANDING };
}

function groupByClass({ findings }: Facts): ClassGroup[] {
  const indexes = new Map<string, number[]>();
  for (const [at, finding] of findings.entries()) {
    const group = indexes.get(finding.class);
    if (group) group.push(at);
    else indexes.set(finding.class, [at]);
  }
  return Array.from(indexes, ([name, group]) => {
    let confidence = 0;
    let leastConfidence = 1;
    for (const at of group) {
      confidence = Math.max(confidence, findings[at]!.confidence);
      leastConfidence = Math.min(leastConfidence, findings[at]!.confidence);
    }
    return { class: name, confidence, leastConfidence, distinct: new Set(group.map((at) => findings[at]!.fingerprint)).size, findings: group };
  });
}
