/** From server entries to what a client's list can say. Never looser than the policy: what a list cannot express is refused there, and said here. */
import type { AdmissionEntry, Policy } from "../../../../shared/policy/language.ts";
import { listOf } from "../../../../shared/policy/review/patterns.ts";

/** A file to write, by its path below the output folder. */
export interface ExportedFile {
  readonly path: string;
  readonly text: string;
}

/** Something that the list does not say. */
export interface Difference {
  readonly about: string;
  readonly why: string;
}

export interface Exported {
  readonly files: readonly ExportedFile[];
  readonly differences: readonly Difference[];
}

export interface ExportOptions {
  /** Local servers stand behind the guard: `sluice guard -- npx …`. */
  readonly wrapped: boolean;
  /** How the guard is started, in words. */
  readonly launcher: readonly string[];
  /** Id of the client that the list is for; null: for several. */
  readonly client: string | null;
}

/** One server as a list can name it. */
export type Target =
  /** An exact address, or a pattern. */
  | { readonly kind: "url"; readonly url: string; readonly exact: boolean }
  | { readonly kind: "command"; readonly words: readonly string[] };

export interface Listed {
  readonly entry: AdmissionEntry;
  readonly allowed: boolean;
  readonly targets: readonly Target[];
}

/** Entries that a list can carry, allowed or denied, and what is lost of the others. */
export function listedEntries({ admission }: Policy, { wrapped, client }: ExportOptions): { listed: Listed[]; differences: Difference[] } {
  const listed: Listed[] = [];
  const differences: Difference[] = [];
  for (const entry of admission.servers) {
    const allowed = entry.effect === "allow" || entry.effect === "monitor";
    const asks = entry.effect === "coach" || entry.effect === "approve";
    const say = (why: string): void => void differences.push({ about: entry.id, why });
    if (asks && !wrapped) {
      say(`its effect is ${entry.effect}: the client cannot ask, so it is left out (with --wrapped, Sluice asks)`);
      continue;
    }
    const others = onlyFor(entry, client);
    if (others && (allowed || asks)) {
      say(`it holds only for ${others}, which the list cannot say, so it is left out`);
      continue;
    }
    if (others) say(`it holds only for ${others}; in the list it is denied to everybody`);
    const targets = targetsOf(entry, allowed || asks, say);
    if (targets.length > 0) listed.push({ entry, allowed: allowed || asks, targets });
    if (entry.effect === "monitor") say("that it is only watched is not in the list");
  }
  return { listed, differences };
}

/** For whom alone an entry speaks, where that is not this client. */
function onlyFor({ who, client: match }: AdmissionEntry, client: string | null): string | null {
  if (who) return "some people";
  if (!match) return null;
  const { id, point, webApp } = match;
  if (point === undefined && webApp === undefined && client !== null && id !== undefined && listOf(id).some((each) => each === client || each === "client:*" || each === "*")) return null;
  return "some clients";
}

/** What lists have no word for; a version only where it is one version of a package. */
const BEYOND: readonly (keyof AdmissionEntry["match"])[] = ["version", "registryName", "sha256", "pin", "trust", "riskLevel"];

function targetsOf({ match }: AdmissionEntry, allowed: boolean, say: (why: string) => void): Target[] {
  const version = exactVersion(match);
  const beyond = BEYOND.filter((key) => match[key] !== undefined && !(key === "version" && version !== undefined && match.package !== undefined));
  if (beyond.length > 0 && allowed) {
    say(`a list cannot ask for ${beyond.join(", ")}, so it is left out`);
    return [];
  }
  if (beyond.length > 0) say(`a list cannot ask for ${beyond.join(", ")}; it is denied whatever that is`);
  const { url, command, package: packages, kind } = match;
  if (url !== undefined) return listOf(url).map((each) => ({ kind: "url", url: each, exact: !each.includes("*") }));
  if (command) {
    if (!command.some((word) => word.includes("*"))) return [{ kind: "command", words: command }];
    say(allowed ? "a list has exact commands only, and this is a pattern, so it is left out" : "a list has exact commands only, and this is a pattern: IT IS NOT DENIED THERE");
    return [];
  }
  if (packages !== undefined) return packageTargets(listOf(packages), version, allowed, say);
  if (kind === "remote") return [{ kind: "url", url: "*", exact: false }];
  say(`a list cannot say "every local server"${allowed ? ", so it is left out" : ": THEY ARE NOT DENIED THERE"}`);
  return [];
}

/** The ways in which people start a package, most common first. Others are not on the list. */
const STARTS: Readonly<Record<string, readonly (readonly string[])[]>> = { npm: [["npx", "-y"], ["npx"]], pypi: [["uvx"]], oci: [["docker", "run", "-i", "--rm"]] };

function packageTargets(packages: readonly string[], version: string | undefined, allowed: boolean, say: (why: string) => void): Target[] {
  const targets: Target[] = [];
  for (const each of packages) {
    const [registry = "", name = ""] = each.split(/:(.*)/s);
    const starts = STARTS[registry];
    if (!starts || name.includes("*")) {
      say(`${each} is a pattern over packages${allowed ? ", which a list cannot say, so it is left out" : ": IT IS NOT DENIED THERE"}`);
      continue;
    }
    const spec = version === undefined ? name : `${name}${registry === "oci" ? ":" : "@"}${version}`;
    say(`${each} is ${allowed ? "allowed" : "denied"} as ${starts.map((start) => `"${[...start, spec].join(" ")}"`).join(" and ")} only, because a list has exact commands`);
    for (const start of starts) targets.push({ kind: "command", words: [...start, spec] });
  }
  return targets;
}

/** The one version that a match asks for, where it is one. */
export function exactVersion({ version }: AdmissionEntry["match"]): string | undefined {
  return version === undefined ? undefined : /^=?\s*v?(\d+\.\d+\.\d+[\w.+-]*)$/.exec(version)?.[1];
}

export function guarded(words: readonly string[], launcher: readonly string[]): string[] {
  return [...launcher, "guard", "--", ...words];
}

/** What a list of servers leaves to Sluice in any case. */
export function restDifferences({ admission, rules }: Policy): Difference[] {
  const differences: Difference[] = [];
  const withTools = admission.servers.filter(({ tools }) => tools?.length);
  if (withTools.length > 0) differences.push({ about: withTools.map(({ id }) => id).join(", "), why: "rules about single tools are not in the list; Sluice keeps them where it stands in between" });
  if (rules.length > 0) differences.push({ about: `${rules.length} content ${rules.length === 1 ? "rule" : "rules"}`, why: "a list says which servers, never what a message may carry; Sluice keeps them where it stands in between" });
  return differences;
}

export function jsonFile(path: string, value: unknown): ExportedFile {
  return { path, text: `${JSON.stringify(value, null, 2)}\n` };
}
