/** The toolbar icon: how much was stopped today, and whether something is wrong with the protection itself. */
import type { ProtectionState } from "../../shared/messages/extension.ts";
import type { Verdict } from "../store/rows.ts";

export interface BadgeLook {
  readonly text: string;
  readonly colour: string;
  readonly title: string;
}

/** White text on each of these keeps a contrast of at least 4.5 : 1. */
const COLOURS = { asking: "#a21caf", trouble: "#b45309", enforcing: "#1f5fbf", watching: "#5b6470" } as const;

export function badgeOf(state: ProtectionState, today: Readonly<Record<Verdict, number>>, waiting = 0): BadgeLook {
  const { block, redact, watch } = today;
  const trouble = state.rejected !== null || state.notices.length > 0;
  const watching = state.policy?.mode === "monitor";
  const count = watching ? watch : block + redact;
  const did = [block && `${block} blocked`, redact && `${redact} redacted`, watch && `${watch} only noted`].filter(Boolean).join(", ");
  const how = trouble ? "something needs attention" : watching ? "watching only" : "protecting";
  if (waiting > 0) return { text: `${waiting}?`, colour: COLOURS.asking, title: `Sluice: ${waiting === 1 ? "1 call waits" : `${waiting} calls wait`} for your answer.` };
  return {
    text: count ? (count > 999 ? "999+" : String(count)) : trouble ? "!" : "",
    colour: trouble ? COLOURS.trouble : watching ? COLOURS.watching : COLOURS.enforcing,
    title: `Sluice: ${how}. Today: ${did || "nothing to report"}.`,
  };
}
