/** Files of examples: a YAML list of `{ name, given, expect }`, checked as strictly as a policy's own. */
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import { isObject } from "../../../shared/mcp/message.ts";
import { ADMISSION_DEFAULT } from "../../../shared/policy/decision.ts";
import type { Policy } from "../../../shared/policy/language.ts";
import { nearestWord } from "../../../shared/policy/nearest-word.ts";
import { validatePolicy, type PolicyProblem } from "../../../shared/policy/schema.ts";
import type { FileTest } from "../../../shared/policy/trial.ts";
import { parsePolicy, placed } from "../../policy/read.ts";
import type { TreeProblem } from "../../policy/tree.ts";

const KEYS = ["name", "given", "expect"];

export async function readTestFile(text: string, file: string, policy: Policy): Promise<Result<FileTest[], TreeProblem[]>> {
  const parsed = await parsePolicy(text, file);
  if (!parsed.ok) return fail(parsed.why.map((problem) => ({ file, ...problem })));
  const checked = checkTests(parsed.value.value, policy);
  return checked.ok ? checked : fail(placed(checked.why, parsed.value).map((problem) => ({ file, ...problem })));
}

function checkTests(value: unknown, policy: Policy): Result<FileTest[], PolicyProblem[]> {
  if (!Array.isArray(value)) return fail([{ path: [], message: "must be a list of examples", fix: "begin each with a dash: - { name: …, given: { … }, expect: { effect: block } }" }]);
  const problems: PolicyProblem[] = [];
  const tests: { name: string; given: unknown; expect: { effect: unknown; decidedBy?: string } }[] = [];
  for (const [at, test] of (value as unknown[]).entries()) {
    if (!isObject(test)) {
      problems.push({ path: [at], message: "must be a group of keys" });
      continue;
    }
    for (const key of Object.keys(test)) if (!KEYS.includes(key)) problems.push({ path: [at, key], message: `unknown key ${JSON.stringify(key)}`, fix: nearFix(key, KEYS) ?? `allowed here: ${KEYS.join(", ")}` });
    const { name, given = {}, expect } = test;
    if (name !== undefined && typeof name !== "string") problems.push({ path: [at, "name"], message: "must be text" });
    if (expect === undefined) problems.push({ path: [at], message: '"expect" is missing' });
    const wanted = isObject(expect) ? expect : { effect: expect };
    for (const key of Object.keys(wanted)) if (key !== "effect" && key !== "decidedBy") problems.push({ path: [at, "expect", key], message: `unknown key ${JSON.stringify(key)}`, fix: "allowed here: effect, decidedBy" });
    const { effect, decidedBy } = wanted as { effect?: unknown; decidedBy?: unknown };
    const known = decidedBy === undefined ? undefined : decider(decidedBy, policy);
    if (known && !known.ok) problems.push({ path: [at, "expect", "decidedBy"], ...known.why });
    tests.push({ name: typeof name === "string" ? name : `example ${at + 1}`, given, expect: { effect, ...(known?.ok && { decidedBy: known.value }) } });
  }
  if (problems.length > 0) return fail(problems);
  // Examples in files are examples of rules, so they are checked as such: on a rule of their own.
  const carrier = { ...policy, rules: [...policy.rules, { id: CARRIER, title: "Examples of a file", when: { method: "*" }, effect: "monitor", tests: tests.map(({ given, expect }) => ({ given, expect: expect.effect })) }] };
  const checked = validatePolicy(JSON.parse(JSON.stringify(carrier)));
  if (!checked.ok) return fail(checked.why.map(({ path, ...rest }) => ({ ...rest, path: pathInFile(path) })));
  const given = checked.value.rules.at(-1)?.tests ?? [];
  return ok(tests.map((test, at) => ({ name: test.name, given: given[at]!.given, expect: { effect: given[at]!.expect, ...(test.expect.decidedBy !== undefined && { decidedBy: test.expect.decidedBy }) } })));
}

const CARRIER = "examples-of-a-file";

/** `rules[7].tests[2].given.tool` → `[2].given.tool`. */
function pathInFile(path: PolicyProblem["path"]): (string | number)[] {
  const [, , , at, ...rest] = path;
  return at === undefined ? [] : [at, ...rest];
}

function decider(value: unknown, { rules, admission }: Policy): Result<string, Omit<PolicyProblem, "path">> {
  const all = [...rules.map(({ id }) => id), ...admission.servers.map(({ id }) => id), ADMISSION_DEFAULT];
  if (typeof value === "string" && all.includes(value)) return ok(value);
  return fail({ message: `no rule or server entry is called ${JSON.stringify(value)}`, fix: (typeof value === "string" ? nearFix(value, all) : undefined) ?? "write the id of a rule or server entry, or admission.default" });
}

function nearFix(word: string, words: readonly string[]): string | undefined {
  const near = nearestWord(word, words);
  return near === undefined || near === null ? undefined : `did you mean "${near}"?`;
}
