/** A policy with all that it includes: files beside it, packs that come with Sluice, and what teams add, as one policy, and the file in which each part of it stands. */
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fail, ok, type Result } from "../../shared/base/result.ts";
import { canonicalJson } from "../../shared/policy/canonical.ts";
import type { Include, Policy, PolicyPart, PolicySource } from "../../shared/policy/language.ts";
import { mergePolicies, type Layer, type Role } from "../../shared/policy/merge.ts";
import { nearestWord } from "../../shared/policy/nearest-word.ts";
import { pathText } from "../../shared/policy/schema-problems.ts";
import { validatePart, validatePolicy, validateSource } from "../../shared/policy/schema.ts";
import { packNames, packText } from "./packs.ts";
import { readPolicyFile } from "./policy-file.ts";
import { fileProblemText, parsePolicy, placed, type FileProblem, type Parsed, type Place } from "./read.ts";

type Path = readonly (string | number)[];

export interface TreeProblem extends FileProblem {
  /** File (or pack) in which it stands. */
  readonly file: string;
}

export interface TreePlace extends Place {
  readonly file: string;
}

export interface PolicyTree {
  readonly policy: Policy;
  /** Root first, then what it includes. */
  readonly files: readonly string[];
  /** Where a part of the merged policy was written. */
  placeOf(path: Path): TreePlace;
}

interface Leaf {
  /** As problems name it. */
  readonly name: string;
  readonly role: Role;
  readonly part: PolicyPart | PolicySource;
  readonly parsed: Parsed;
}

const MAX_FILES = 100;

/** Text of a file in UTF-8. Rejects with what a person should read. */
export type ReadText = (file: string) => Promise<string>;

/** @param file the root; it has an organization's rights. @param readRoot reads it (what it includes is read here, and is a problem when it cannot be). */
export async function readPolicyTree(file: string, readRoot: ReadText): Promise<Result<PolicyTree, TreeProblem[]>> {
  const parsed = await parsePolicy(await readRoot(file), file);
  if (!parsed.ok) return fail(parsed.why.map((problem) => ({ file, ...problem })));
  const source = validateSource(parsed.value.value);
  if (!source.ok) return fail(placed(source.why, parsed.value).map((problem) => ({ file, ...problem })));
  const reader = new TreeReader(file);
  await reader.follow(source.value.include, file, "organization", parsed.value);
  if (reader.problems.length > 0) return fail(reader.problems);
  const root: Leaf = { name: file, role: "organization", part: source.value, parsed: parsed.value };
  const merged = reader.leaves.length === 0 ? alone(source.value, file) : mergePolicies({ name: file, source: source.value }, reader.leaves.map(({ name, role, part }): Layer => ({ name, role, part: part as PolicyPart })));
  const all = [root, ...reader.leaves];
  if (!merged.ok) {
    return fail(
      merged.why.map(({ layer, path, message, fix }) => {
        const leaf = all.find(({ name }) => name === layer) ?? root;
        return { file: leaf.name, ...leaf.parsed.placeOf(path), path: pathText(path), message, ...(fix !== undefined && { fix }) };
      }),
    );
  }
  const policy = merged.value;
  return ok({ policy, files: all.map(({ name }) => name), placeOf: (path) => placeIn(all, policy, path) });
}

function alone(source: PolicySource, file: string): Result<Policy, { layer: string; path: Path; message: string; fix?: string }[]> {
  const { include: _none, ...policy } = source;
  const checked = validatePolicy(policy);
  return checked.ok ? checked : fail(checked.why.map((problem) => ({ layer: file, ...problem })));
}

class TreeReader {
  readonly leaves: Leaf[] = [];
  readonly problems: TreeProblem[] = [];
  readonly #known: Map<string, Role>;

  constructor(root: string) {
    this.#known = new Map([[resolve(root), "organization"]]);
  }

  /** @param from the file that includes them. */
  async follow(includes: readonly Include[] | undefined, from: string, role: Role, parsed: Parsed): Promise<void> {
    for (const [at, include] of (includes ?? []).entries()) {
      const report = (message: string, fix?: string): void => void this.problems.push({ file: from, ...parsed.placeOf(["include", at]), path: `include[${at}]`, message, ...(fix !== undefined && { fix }) });
      if (this.leaves.length >= MAX_FILES) return report(`a policy is made of at most ${MAX_FILES} files`);
      await this.#one(include, from, role, report);
    }
  }

  async #one(include: Include, from: string, role: Role, report: (message: string, fix?: string) => void): Promise<void> {
    const text = typeof include === "string" ? include : include.team;
    const isPack = typeof include === "string" && !/[./\\]/.test(text);
    // Nobody gives more rights than they have.
    const asked: Role = isPack ? "vendor" : typeof include === "string" ? role : role === "vendor" ? "vendor" : "team";
    const name = isPack ? text : isAbsolute(text) ? text : join(dirname(from), text);
    const key = isPack ? `pack ${text}` : resolve(name);
    const before = this.#known.get(key);
    if (before !== undefined) {
      if (before !== asked) report(`${name} is already part of this policy, as ${before === "organization" ? "the organization's own" : `a ${before}'s`}`, "include it once");
      return;
    }
    this.#known.set(key, asked);
    let content: string | undefined;
    if (isPack) content = packText(text);
    else {
      const found = await readPolicyFile(name);
      if (found.kind === "absent") return report(`${name} does not exist`, "paths count from the file that includes them");
      if (found.kind === "refused") return report(found.why);
      content = found.text;
    }
    if (content === undefined) {
      const near = nearestWord(text, packNames());
      return report(`there is no pack "${text}"`, near ? `did you mean "${near}"?` : `packs are: ${packNames().join(", ")}; a file is written with its ending`);
    }
    const file = isPack ? `pack ${name}` : name;
    const parsed = await parsePolicy(content, name);
    if (!parsed.ok) return void this.problems.push(...parsed.why.map((problem) => ({ file, ...problem })));
    const part = validatePart(parsed.value.value);
    if (!part.ok) return void this.problems.push(...placed(part.why, parsed.value).map((problem) => ({ file, ...problem })));
    this.leaves.push({ name: file, role: asked, part: part.value, parsed: parsed.value });
    await this.follow(part.value.include, name, asked, parsed.value);
  }
}

/** Rules and entries are known by their ids, exceptions by what they say, names by themselves; all else is the root's. */
function placeIn(leaves: readonly Leaf[], policy: Policy, path: Path): TreePlace {
  const root = leaves[0]!;
  const [head, second, third] = path;
  const find = (list: (part: Leaf["part"]) => readonly unknown[] | undefined, same: (item: unknown) => boolean, base: Path, rest: Path): TreePlace | undefined => {
    for (const leaf of leaves) {
      const at = (list(leaf.part) ?? []).findIndex(same);
      if (at >= 0) return { file: leaf.name, ...leaf.parsed.placeOf([...base, at, ...rest]) };
    }
    return undefined;
  };
  const withId = (id: string) => (item: unknown): boolean => (item as { readonly id: string }).id === id;
  const of = (): TreePlace | undefined => {
    if (head === "rules" && typeof second === "number") return find((part) => part.rules, withId(policy.rules[second]?.id ?? ""), ["rules"], path.slice(2));
    if (head === "admission" && second === "servers" && typeof third === "number") return find((part) => part.admission?.servers, withId(policy.admission.servers[third]?.id ?? ""), ["admission", "servers"], path.slice(3));
    if (head === "exceptions" && typeof second === "number") {
      const wanted = canonicalJson(policy.exceptions?.[second]);
      return find((part) => part.exceptions, (item) => canonicalJson(item) === wanted, ["exceptions"], path.slice(2));
    }
    if ((head === "labels" || head === "networks" || head === "redaction") && typeof second === "string") {
      const leaf = leaves.find(({ part }) => part[head] !== undefined && Object.hasOwn(part[head], second));
      return leaf && { file: leaf.name, ...leaf.parsed.placeOf(path) };
    }
    return undefined;
  };
  return of() ?? { file: root.name, ...root.parsed.placeOf(path) };
}

/** `policy.yaml:12:5 rules[2].efect: unknown key "efect"; did you mean "effect"?` */
export function treeProblemText({ file, ...problem }: TreeProblem): string {
  return fileProblemText(file, problem);
}
