/** A policy out of somebody else's list, and what the list said that the policy does not. */
import { stringify } from "yaml";
import type { AdmissionEntry, Effect, Exception, Policy, Rule } from "../../../../shared/policy/language.ts";

/** Something that was not carried over. */
export interface Loss {
  /** What it was, as the list calls it. */
  readonly about: string;
  readonly why: string;
  /** Does the policy now let through what the list did not? */
  readonly looser: boolean;
}

export interface Imported {
  /** For people: `Claude Code allow list`. */
  readonly title: string;
  readonly byDefault: Effect;
  readonly servers: readonly AdmissionEntry[];
  readonly rules: readonly Rule[];
  readonly exceptions?: readonly Exception[];
  readonly losses: readonly Loss[];
  /** What a reader should know though nothing was lost. */
  readonly notes: readonly string[];
}

export function policyOf(id: string, { title, byDefault, servers, rules, exceptions = [] }: Imported): Policy {
  return { version: 1, id, title, revision: 1, mode: "enforce", admission: { default: byDefault, servers }, rules, ...(exceptions.length > 0 && { exceptions }) };
}

/** YAML that begins with what a person must know before using it. @param from where it came from, for the heading. */
export function yamlOf(policy: Policy, { losses, notes }: Imported, from: string): string {
  const lines = [`Made by "sluice policy import" out of ${from}. Check it before it is used:`, "  sluice policy check FILE", "  sluice policy simulate --policy FILE", ...notes];
  const [looser, others] = [losses.filter((loss) => loss.looser), losses.filter((loss) => !loss.looser)];
  if (looser.length) lines.push("", "NOT CARRIED OVER, so this policy lets through more than the list did:", ...looser.map(lossLine));
  if (others.length) lines.push("", "Not carried over:", ...others.map(lossLine));
  return `${lines.map((line) => `# ${comment(line)}`.trimEnd()).join("\n")}\n${stringify(policy, { lineWidth: 120, flowCollectionPadding: true })}`;
}

export function lossLine({ about, why }: Loss): string {
  return `  - ${about}: ${why}`;
}

/** Text out of a file must not end the comment. */
function comment(line: string): string {
  return line.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, " ");
}

/** Gives ids that a policy takes, no two alike. */
export function idGiver(): (text: string) => string {
  const used = new Set<string>();
  return (text) => {
    const plain = text.toLowerCase().replace(/^[a-z]+:\/\//, "").replace(/[^a-z0-9._-]+/g, "-").slice(0, 56).replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, "") || "server";
    let id = plain;
    for (let at = 2; used.has(id); at++) id = `${plain}-${at}`;
    used.add(id);
    return id;
  };
}
