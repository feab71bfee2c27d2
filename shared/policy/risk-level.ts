/** From a trust score to the risk level that policies and people speak of. */
import type { RiskLevel } from "./language.ts";

/** 90 and above low, 75 moderate, 60 elevated, 50 high, below critical. */
export function levelOf(score: number): RiskLevel {
  if (score >= 90) return "low";
  if (score >= 75) return "moderate";
  if (score >= 60) return "elevated";
  return score >= 50 ? "high" : "critical";
}
