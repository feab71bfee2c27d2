/** A transparent trust score for one server: 100 is best, every point lost has its reason in plain words, and what nobody has observed yet costs half and lowers the coverage. */
import type { RiskLevel } from "../policy/language.ts";
import { levelOf } from "../policy/risk-level.ts";
import type { ServerEntry } from "./entry.ts";
import { attributesOf, capsOf, CATEGORY_WEIGHTS, type Attribute, type Cap, type Category } from "./risk-attributes.ts";

export interface Evidence {
  readonly category: Category;
  /** Points lost on the scale of 100; 0 is a good or neutral observation. */
  readonly points: number;
  readonly text: string;
}

export interface Score {
  /** 0–100, 100 is best. */
  readonly score: number;
  readonly level: RiskLevel;
  /** Share of the attributes that were observed, 0–1. */
  readonly coverage: number;
  /** Largest loss first. 100 minus their sum is the score before caps. */
  readonly evidence: readonly Evidence[];
  /** Conditions so bad that the score may not exceed `at`, whatever else is fine. */
  readonly caps: readonly Cap[];
}

/** Trust score, risk level and the evidence for both. */
export function scoreServer(entry: ServerEntry): Score {
  const attributes = attributesOf(entry);
  const categories = (Object.keys(CATEGORY_WEIGHTS) as Category[]).filter((category) => attributes.some((attribute) => attribute.category === category));
  // Categories that do not apply are left out, and the rest is stretched to 100.
  const stretch = 100 / categories.reduce((sum, category) => sum + CATEGORY_WEIGHTS[category], 0);

  const evidence = categories.flatMap((category): Evidence[] => {
    const members = attributes.filter((attribute) => attribute.category === category);
    const lost = members.reduce((sum, attribute) => sum + loss(attribute), 0);
    const fit = (lost > CATEGORY_WEIGHTS[category] ? CATEGORY_WEIGHTS[category] / lost : 1) * stretch;
    return members.map((attribute) => ({ category, points: Math.round(loss(attribute) * fit * 10) / 10, text: attribute.text }));
  });
  evidence.sort((a, b) => b.points - a.points);

  const caps = capsOf(entry);
  const uncapped = 100 - evidence.reduce((sum, item) => sum + item.points, 0);
  const score = Math.max(0, Math.round(Math.min(uncapped, ...caps.map((cap) => cap.at))));
  return { score, level: levelOf(score), coverage: Math.round((attributes.filter((attribute) => attribute.observed).length / attributes.length) * 100) / 100, evidence, caps };
}

function loss(attribute: Attribute): number {
  return attribute.observed ? attribute.lost : attribute.worst / 2;
}
