/** The condition on the arguments of a call, by place. What cannot be compared (a list where a number was meant) is "not known". */
import { isObject } from "../mcp/message.ts";
import type { ArgumentMatch, Range, Scalar } from "./language-conditions.ts";
import { globs, type Clause } from "./clause.ts";
import type { Truth } from "./truth.ts";

/** Values looked at for one place; whoever sends more than that is not known to be harmless. */
const MAX_VALUES = 10_000;
/** Steps of one pointer. */
const MAX_STEPS = 32;

/** The steps of a pointer (RFC 6901); undefined where it is none. */
export function readPointer(pointer: string): readonly string[] | undefined {
  if (pointer === "") return [];
  if (!pointer.startsWith("/") || /~(?![01])/.test(pointer)) return undefined;
  const steps = pointer.slice(1).split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  return steps.length > MAX_STEPS ? undefined : steps;
}

type Test = (value: unknown) => Truth;

export function argumentClause(match: ArgumentMatch): Clause {
  const steps = readPointer(match.at);
  if (!steps) throw new Error(`a pointer that the schema should have refused: ${match.at}`);
  const tests = testsOf(match);
  const asks = `argument ${match.at || "list"}${describe(match)}`;
  return {
    fixed: false,
    asks,
    test({ facts }) {
      if (facts.arguments === undefined) return undefined;
      if (facts.arguments === null) return false;
      const values = valuesAt(facts.arguments, steps);
      if (match.exists === false) return values.length === 0;
      let best: Truth = false;
      for (const value of values) {
        const truth = all(tests, value);
        if (truth === true) return true;
        if (truth === undefined) best = undefined;
      }
      return values.length > MAX_VALUES ? undefined : best;
    },
    describe: ({ facts }) => [facts.arguments === undefined ? "arguments are not known" : asks],
  };
}

/** Whatever stands at the place, at most one more than the bound. Own members only: `/__proto__` leads nowhere. */
function valuesAt(root: unknown, steps: readonly string[]): unknown[] {
  let values: unknown[] = [root];
  for (const step of steps) {
    const next: unknown[] = [];
    for (const value of values) {
      if (typeof value !== "object" || value === null) continue;
      if (step === "*") {
        for (const member of Object.values(value)) {
          next.push(member);
          if (next.length > MAX_VALUES) break;
        }
      } else if (Array.isArray(value) ? /^(?:0|[1-9]\d{0,8})$/.test(step) && Number(step) < value.length : Object.hasOwn(value, step)) next.push((value as Record<string, unknown>)[step]);
      if (next.length > MAX_VALUES) break;
    }
    values = next;
  }
  return values;
}

function all(tests: readonly Test[], value: unknown): Truth {
  let truth: Truth = true;
  for (const test of tests) {
    const one = test(value);
    if (one === false) return false;
    if (one === undefined) truth = undefined;
  }
  return truth;
}

function testsOf(match: ArgumentMatch): Test[] {
  const tests: Test[] = [];
  const { equals, glob, range, size } = match;
  if (equals !== undefined) tests.push(onScalar((value) => value === equals));
  if (match.in !== undefined) {
    const allowed: ReadonlySet<Scalar> = new Set(match.in);
    tests.push(onScalar((value) => allowed.has(value)));
  }
  if (glob !== undefined) {
    const any = globs(glob);
    tests.push(onScalar((value) => value !== null && any.matches(String(value))));
  }
  if (range !== undefined) tests.push((value) => inRange(numberOf(value), range));
  if (size !== undefined) tests.push((value) => inRange(sizeOf(value), size));
  return tests;
}

/** A list may be taken for its only member by the server, so it is not known to be another value. */
function onScalar(test: (value: Scalar) => boolean): Test {
  return (value) => (typeof value === "object" && value !== null ? undefined : test(value as Scalar));
}

/** Servers are generous about numbers in quotes. Undefined: no number, but it might be taken for one. Null: nothing. */
function numberOf(value: unknown): number | null | undefined {
  if (typeof value === "number" || value === null) return value;
  if (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value))) return Number(value);
  return undefined;
}

function sizeOf(value: unknown): number | null {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : null;
}

function inRange(value: number | null | undefined, { atLeast, atMost }: Range): Truth {
  if (value === undefined) return undefined;
  return value !== null && (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost);
}

/** The policy's own words, never the message's. */
function describe(match: ArgumentMatch): string {
  const parts: string[] = [];
  if (match.exists !== undefined) parts.push(match.exists ? " is given" : " is not given");
  if (match.equals !== undefined) parts.push(` is ${JSON.stringify(match.equals)}`);
  if (match.in !== undefined) parts.push(` is one of ${match.in.map((value) => JSON.stringify(value)).join(", ")}`);
  if (match.glob !== undefined) parts.push(` like ${typeof match.glob === "string" ? match.glob : match.glob.join(", ")}`);
  if (match.range !== undefined) parts.push(` ${rangeText(match.range)}`);
  if (match.size !== undefined) parts.push(` of length ${rangeText(match.size)}`);
  return parts.join(" and");
}

export function rangeText({ atLeast, atMost }: Range): string {
  return [atLeast === undefined ? "" : `at least ${atLeast}`, atMost === undefined ? "" : `at most ${atMost}`].filter(Boolean).join(" and ");
}
