/** The policy in force until a better one is known: everything is recorded, live credentials do not leave. */
import type { Policy } from "./language.ts";

/** Built-in baseline (DESIGN.md, "Policy in short"). */
export const BASELINE: Policy = {
  version: 1,
  id: "sluice-baseline",
  title: "Built-in baseline",
  revision: 1,
  mode: "enforce",
  admission: { default: "monitor", servers: [] },
  rules: [
    {
      id: "baseline-private-keys",
      title: "Private keys do not leave this machine",
      when: { direction: "to-server", data: { any: ["secret.private-key"] } },
      effect: "redact",
      severity: "critical",
      message: "A private key was taken out of this message before it was sent.",
    },
    {
      id: "baseline-live-credentials",
      title: "Live credentials do not leave this machine",
      when: { direction: "to-server", data: { any: ["secret.*"], minConfidence: "high" } },
      effect: "redact",
      severity: "high",
      message: "A credential was taken out of this message before it was sent.",
    },
  ],
};
