/** From zod's issues to problems in plain words, each with the place and, where there is one, the fix. */
import type * as z from "zod/mini";
import type { PolicyProblem } from "./schema.ts";
import { FIX, NEXT } from "./strict-schema.ts";

type Path = readonly (string | number)[];
type Issue = z.core.$ZodIssue;

/** @param value what was validated, to say what stands there instead. */
export function problemsOf(issues: readonly Issue[], value: unknown): PolicyProblem[] {
  const all = issues.flatMap((issue) => problems(issue, [], value));
  // One slip, one problem: where "efect" is unknown, that "effect" is missing says nothing new.
  const renamed = new Set(all.map(({ path, fix }) => `${pathText(path.slice(0, -1))} ${fix ?? ""}`));
  return all.filter(({ path, message }) => !(message.endsWith("is missing") && renamed.has(`${pathText(path.slice(0, -1))} did you mean "${String(path.at(-1))}"?`)));
}

function problems(issue: Issue, above: Path, value: unknown): PolicyProblem[] {
  const path = [...above, ...issue.path.filter((step) => typeof step !== "symbol")];
  switch (issue.code) {
    case "unrecognized_keys": {
      const messages = issue.message.split(NEXT);
      return issue.keys.map((key, at) => problem([...path, key], messages[at] ?? `unknown key ${JSON.stringify(key)}`));
    }
    case "invalid_union": {
      const meant = issue.errors[branchOf(issue.errors, valueAt(value, path))] ?? [];
      return meant.flatMap((inner) => problems(inner, path, value));
    }
    case "invalid_type": {
      const actual = valueAt(value, path);
      if (actual === undefined) return [problem(path, `"${String(path.at(-1) ?? "policy")}" is missing`)];
      return [problem(path, issue.message.startsWith("Invalid input") ? `must be ${article(issue.expected)}, not ${article(typeName(actual))}` : issue.message)];
    }
    case "invalid_value":
      if (valueAt(value, path) === undefined) return [problem(path, `"${String(path.at(-1))}" is missing`)];
      return [problem(path, issue.message)];
    default:
      return [problem(path, issue.message)];
  }
}

/** Our unions are "one or a list" and "a word or a group of keys": follow the branch that the writer meant. */
function branchOf(branches: readonly (readonly Issue[])[], actual: unknown): number {
  if (Array.isArray(actual)) return 1;
  const isAlien = (issue: Issue): boolean => issue.path.length === 0 && (issue.code === "invalid_type" || issue.code === "invalid_value");
  return Math.max(0, branches.findIndex((branch) => !branch.some(isAlien)));
}

function problem(path: Path, text: string): PolicyProblem {
  const [message, fix] = text.split(FIX);
  return fix === undefined ? { path, message: message! } : { path, message: message!, fix };
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}

function typeName(value: unknown): string {
  if (value === null) return "empty value";
  return Array.isArray(value) ? "list" : typeof value;
}

const PLAIN: Readonly<Record<string, string>> = { array: "list", object: "group of keys", record: "group of keys", string: "text", boolean: "true or false" };

function article(type: string): string {
  const plain = PLAIN[type] ?? type;
  return plain === "text" || plain === "true or false" ? plain : `${/^[aeiou]/.test(plain) ? "an" : "a"} ${plain}`;
}

/** `rules[2].when.data`, for people. */
export function pathText(path: Path): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[\w$-]+$/.test(step)) text += text ? `.${step}` : step;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text || "(top)";
}

/** One line: place, message, fix. */
export function problemText({ path, message, fix }: PolicyProblem): string {
  return `${pathText(path)}: ${message}${fix ? `; ${fix}` : ""}`;
}
