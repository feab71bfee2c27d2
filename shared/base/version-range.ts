/** Versions of packages and ranges of them, as npm and PyPI write both. Pre-releases stand in their order (`2.0.0-rc.1` before `2.0.0`); no range leaves them out. */
import { fail, ok, type Result } from "./result.ts";

interface Version {
  /** `1.4` → 1, 4: missing parts count as zero. */
  readonly numbers: readonly number[];
  /** -2 development, -1 pre-release, 0 release, 1 after the release. */
  readonly stage: number;
  /** `rc.10` and `rc10` → `rc`, 10. */
  readonly suffix: readonly (string | number)[];
}

type Test = (version: Version) => boolean;

const VERSION = /^v?(\d{1,9}(?:\.\d{1,9}){0,5})(?:-([0-9a-z.-]+)|[._]?([a-z][0-9a-z.]*))?(?:\+[0-9a-z.-]+)?$/i;
const COMPARATOR = /^(\^|~=|~|>=|<=|>|<|==|!=|=)?\s*v?(.+)$/;
/** Longest range that is read; the policy's schema allows less. */
const MAX_RANGE = 500;

function readVersion(text: string): Version | undefined {
  const parts = text.length > 100 ? null : VERSION.exec(text);
  if (!parts) return undefined;
  const suffix = ((parts[2] ?? parts[3] ?? "").toLowerCase().match(/[a-z]+|\d+/g) ?? []).map((part) => (/^\d/.test(part) ? Number(part) : part));
  const [first] = suffix;
  const stage = first === undefined ? 0 : first === "post" || first === "rev" ? 1 : first === "dev" ? -2 : -1;
  return { numbers: parts[1]!.split(".").map(Number), stage, suffix };
}

function compare(a: Version, b: Version): number {
  for (let i = 0; i < Math.max(a.numbers.length, b.numbers.length); i++) {
    const order = (a.numbers[i] ?? 0) - (b.numbers[i] ?? 0);
    if (order !== 0) return order;
  }
  if (a.stage !== b.stage) return a.stage - b.stage;
  for (let i = 0; i < Math.max(a.suffix.length, b.suffix.length); i++) {
    const [left, right] = [a.suffix[i], b.suffix[i]];
    if (left === right) continue;
    if (left === undefined) return -1;
    if (right === undefined) return 1;
    if (typeof left !== typeof right) return typeof left === "number" ? -1 : 1;
    return left < right ? -1 : 1;
  }
  return 0;
}

const startsWith = (prefix: readonly number[]): Test => ({ numbers }) => prefix.every((part, at) => (numbers[at] ?? 0) === part);

/** One comparator, `>=1.4` or `1.x`. */
function readComparator(text: string): Result<Test> {
  const [, operator = "", written = ""] = COMPARATOR.exec(text) ?? [];
  if (/^[*x]$/i.test(written) && operator === "") return ok(() => true);
  const wild = /^(\d{1,9}(?:\.\d{1,9}){0,5})(?:\.[*x])+$/i.exec(written);
  const base = readVersion(wild ? wild[1]! : written);
  if (!base) return fail(`"${text}" is no version`);
  const { numbers } = base;
  const prefix = startsWith(numbers);
  if (wild) {
    if (operator === "!=") return ok((version) => !prefix(version));
    return ["", "=", "==", "^", "~"].includes(operator) ? readComparator(`${operator === "^" ? "^" : "~"}${wild[1]}`) : fail(`"${text}" has a star after "${operator}"; write the version that is meant`);
  }
  const from: Test = (version) => compare(version, base) >= 0;
  switch (operator) {
    case "":
    case "=":
      return ok(numbers.length < 3 && base.stage === 0 ? prefix : (version) => compare(version, base) === 0);
    case "==":
      return ok((version) => compare(version, base) === 0);
    case "!=":
      return ok((version) => compare(version, base) !== 0);
    case ">=":
      return ok(from);
    case "<":
      return ok((version) => compare(version, base) < 0);
    case ">":
    case "<=":
      if (numbers.length < 3) return fail(`"${text}" means different things to npm and PyPI; write all three numbers, such as "${operator}${[...numbers, 0, 0].slice(0, 3).join(".")}"`);
      return ok(operator === ">" ? (version) => compare(version, base) > 0 : (version) => compare(version, base) <= 0);
    case "~":
      return ok(both(from, startsWith(numbers.slice(0, 2))));
    case "~=":
      return numbers.length < 2 ? fail(`"${text}" needs two numbers at least`) : ok(both(from, startsWith(numbers.slice(0, -1))));
    default: {
      // Caret: up to the first number that is not zero nothing may change.
      const firstSet = numbers.findIndex((part) => part !== 0);
      return ok(both(from, startsWith(firstSet < 0 ? numbers : numbers.slice(0, firstSet + 1))));
    }
  }
}

const both = (a: Test, b: Test): Test => (version) => a(version) && b(version);

/** Is this version in the range? Undefined: it is no version that could be compared (`latest`, a digest). */
export type VersionRange = (version: string) => boolean | undefined;

/** Reads `^1.4 || >=2.0.3 <3`, `>=1.4,!=1.5.*`, `1.2 - 1.9`. */
export function readVersionRange(range: string): Result<VersionRange> {
  if (range.length > MAX_RANGE) return fail(`is longer than ${MAX_RANGE} characters`);
  const alternatives: Test[] = [];
  for (const alternative of range.split("||")) {
    const hyphen = /^\s*(\S+)\s+-\s+(\S+)\s*$/.exec(alternative);
    // An upper end with two numbers takes in all that begins so.
    const written = hyphen ? [`>=${hyphen[1]}`] : alternative.trim().replace(/([\^~<>=!])\s+/g, "$1").split(/[\s,]+/);
    const tests: Test[] = [];
    if (hyphen) {
      const upTo = readComparator(`<=${hyphen[2]}`);
      const within = readComparator(`~${hyphen[2]}`);
      if (!upTo.ok && !within.ok) return upTo;
      const below = readComparator(`<${hyphen[2]}`);
      tests.push(upTo.ok ? upTo.value : (version) => (below.ok && below.value(version)) || (within.ok && within.value(version)));
    }
    for (const part of written) {
      const read = readComparator(part);
      if (!read.ok) return read;
      tests.push(read.value);
    }
    alternatives.push((version) => tests.every((test) => test(version)));
  }
  return ok((text) => {
    const version = readVersion(text);
    return version && alternatives.some((test) => test(version));
  });
}
