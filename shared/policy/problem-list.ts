/** Collects what is wrong with a policy, and asks the questions that many checks share. */
import { nearestWord } from "./nearest-word.ts";
import type { Slip } from "./pattern-checks.ts";
import type { PolicyProblem } from "./schema.ts";

export type Path = readonly (string | number)[];

export class ProblemList {
  readonly all: PolicyProblem[] = [];

  report(path: Path, slip: Slip | undefined): void {
    if (slip) this.all.push({ path, ...slip });
  }

  notEmpty(value: object, path: Path): void {
    if (isEmpty(value)) this.report(path, { message: "is empty and would match everything by accident", fix: "say what it must match, or remove it" });
  }

  each(value: string | readonly string[] | undefined, path: Path, check: (text: string) => Slip | undefined): void {
    for (const [text, at] of placed(value, path)) this.report(at, check(text));
  }

  /** @param sign what stands before the name where it is used. */
  known(name: string, names: Iterable<string>, path: Path, what: string, sign = ""): void {
    const all = [...names];
    if (all.includes(name)) return;
    const near = nearestWord(name, all);
    const fix = near ? `did you mean "${sign}${near}"?` : all.length ? `there is: ${all.slice(0, 20).map((each) => sign + each).join(", ")}` : `this policy has no ${what}`;
    this.report(path, { message: `no ${what} is called ${JSON.stringify(sign + name)}`, fix });
  }
}

export function isEmpty(value: object): boolean {
  return Object.values(value).every((member) => member === undefined);
}

/** A value or each of a list, with its place. */
export function placed<T>(value: T | readonly T[] | undefined, path: Path): [T, Path][] {
  if (value === undefined) return [];
  return isList(value) ? value.map((each, at) => [each, [...path, at]]) : [[value, path]];
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}
