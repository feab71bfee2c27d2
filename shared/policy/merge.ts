/** One policy out of several files: a vendor's packs, the organization's own, and what teams add. Order does not matter, and what a team adds can only tighten. */
import { fail, ok, type Result } from "../base/result.ts";
import { canonicalJson } from "./canonical.ts";
import type { AdmissionEntry, Effect, Exception, HoldWords, Policy, PolicyPart, PolicySource, Rule } from "./language.ts";
import { ProblemList, type Path } from "./problem-list.ts";
import { validatePolicy, type PolicyProblem } from "./schema.ts";
import { checkTeam } from "./team-part.ts";
import { compareEffects } from "./verdict.ts";

/**
 * Who speaks in a file. `vendor`: packs that come with Sluice; their exceptions spare their own rules only.
 * `organization`: all rights. `team`: may add rules, names, exceptions to its own rules, server entries that block, and a stricter default.
 */
export type Role = "vendor" | "organization" | "team";

/** An included file. */
export interface Layer {
  /** File name or pack name, for problems and for order. */
  readonly name: string;
  readonly role: Role;
  readonly part: PolicyPart;
}

/** A problem, and the file in which it stands. */
export interface MergeProblem extends PolicyProblem {
  readonly layer: string;
}

/** Where a piece of the merged policy came from. */
interface Origin {
  readonly layer: string;
  readonly path: Path;
}

/**
 * Id, revision and mode are the root's. Rules, entries, names and exceptions are united, and nothing may be named twice
 * (a label, network or style that says the same in both is no quarrel). The strictest admission default holds. A part in mode
 * `monitor` puts its own rules on trial. @param root the file that includes the others; it has an organization's rights.
 */
export function mergePolicies(root: { readonly name: string; readonly source: PolicySource }, layers: readonly Layer[]): Result<Policy, MergeProblem[]> {
  return new Merge(root, layers).run();
}

class Merge {
  readonly #root: { readonly name: string; readonly source: PolicySource };
  readonly #layers: readonly Layer[];
  readonly #problems: MergeProblem[] = [];
  readonly #origins = new Map<string, Origin>();

  constructor(root: { readonly name: string; readonly source: PolicySource }, layers: readonly Layer[]) {
    this.#root = root;
    // The digest names the policy, so the same files must give the same text.
    const rank = { vendor: 0, organization: 1, team: 2 } as const;
    const rest = [...layers].sort((a, b) => rank[a.role] - rank[b.role] || (a.name < b.name ? -1 : 1));
    this.#layers = [{ name: root.name, role: "organization", part: root.source }, ...rest];
  }

  run(): Result<Policy, MergeProblem[]> {
    for (const layer of this.#layers) this.#checkRights(layer);
    const { version, id, title, revision, mode } = this.#root.source;
    const minEngine = Math.max(...this.#layers.map(({ part }) => part.minEngine ?? 1));
    const support = this.#layers.find(({ role, part }) => role !== "team" && part.support)?.part.support;
    const labels = this.#named("labels", "label");
    const networks = this.#named("networks", "network");
    const redaction = this.#named("redaction", "style for");
    const rules = this.#united<Rule>("rules", ({ part }) => (part.rules ?? []).map((rule) => (part.mode === "monitor" && part !== this.#root.source ? { ...rule, mode: "monitor" } : rule)));
    const exceptions = this.#united<Exception>("exceptions", ({ part }) => part.exceptions ?? []);
    const servers = this.#united<AdmissionEntry>("admission.servers", ({ part }) => part.admission?.servers ?? []);
    const policy: Policy = {
      version,
      id,
      ...(title !== undefined && { title }),
      revision,
      ...(minEngine > 1 && { minEngine }),
      mode,
      ...(support && { support }),
      ...(labels && { labels }),
      ...(networks && { networks }),
      ...(redaction && { redaction }),
      admission: { ...this.#default(), servers },
      rules,
      ...(exceptions.length > 0 && { exceptions }),
    };
    const checked = validatePolicy(policy);
    if (!checked.ok) for (const problem of checked.why) this.#problems.push(this.#placed(problem));
    return this.#problems.length > 0 || !checked.ok ? fail(this.#problems) : ok(policy);
  }

  #checkRights({ name, role, part }: Layer): void {
    const list = new ProblemList();
    if (role === "team") checkTeam(list, part);
    if (role !== "organization") {
      const own = new Set((part.rules ?? []).map((rule) => rule.id));
      for (const [at, exception] of (part.exceptions ?? []).entries())
        if (!own.has(exception.rule)) list.report(["exceptions", at, "rule"], { message: `a ${role === "team" ? "team" : "pack"} can make exceptions to its own rules only`, fix: "ask whoever owns the rule; the exception belongs into the organization's file" });
    }
    this.#problems.push(...list.all.map((problem) => ({ layer: name, ...problem })));
  }

  /** The strictest default, with the words of whoever asks for it; the root's where it is as strict. */
  #default(): { default: Effect; message?: string } & HoldWords {
    const parts = this.#layers.flatMap(({ part }) => (part.admission?.default === undefined ? [] : [{ ...part.admission, default: part.admission.default }]));
    const { servers: _servers, ...strictest } = parts.reduce((a, b) => (compareEffects(b.default, a.default) > 0 ? b : a));
    return strictest;
  }

  #united<T extends { readonly id: string } | Exception>(key: "rules" | "exceptions" | "admission.servers", read: (layer: Layer) => readonly T[]): T[] {
    const path = key.split(".");
    const seen = new Map<string, string>();
    const all: T[] = [];
    for (const layer of this.#layers) {
      for (const [at, item] of read(layer).entries()) {
        const id = "id" in item ? item.id : undefined;
        const other = id === undefined ? undefined : seen.get(id);
        // Twice in one file is for the check of the whole to say.
        if (other !== undefined && other !== layer.name) this.#problems.push({ layer: layer.name, path: [...path, at, "id"], message: `the id "${id}" is already used in ${other}`, fix: "choose another id; to change a rule of another file, make an exception to it" });
        else {
          if (id !== undefined) seen.set(id, layer.name);
          this.#origins.set(JSON.stringify([...path, all.length]), { layer: layer.name, path: [...path, at] });
          all.push(item);
        }
      }
    }
    return all;
  }

  #named<K extends "labels" | "networks" | "redaction">(key: K, what: string): Policy[K] | undefined {
    const all = new Map<string, { readonly value: unknown; readonly layer: string }>();
    for (const { name: layer, part } of this.#layers) {
      for (const [name, value] of Object.entries(part[key] ?? {})) {
        const other = all.get(name);
        if (!other) {
          all.set(name, { value, layer });
          this.#origins.set(JSON.stringify([key, name]), { layer, path: [key, name] });
        } else if (canonicalJson(other.value) !== canonicalJson(value)) this.#problems.push({ layer, path: [key, name], message: `the ${what} "${name}" is already in ${other.layer}, and says something else there`, fix: "choose another name, or write the same in both" });
      }
    }
    return all.size === 0 ? undefined : (Object.fromEntries(Array.from(all, ([name, { value }]) => [name, value])) as Policy[K]);
  }

  #placed({ path, ...rest }: PolicyProblem): MergeProblem {
    for (let length = path.length; length > 0; length--) {
      const origin = this.#origins.get(JSON.stringify(path.slice(0, length)));
      if (origin) return { layer: origin.layer, path: [...origin.path, ...path.slice(length)], ...rest };
    }
    return { layer: this.#root.name, path, ...rest };
  }
}
