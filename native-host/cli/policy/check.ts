/** `sluice policy check`: everything that is wrong with a policy, and what looks like a mistake, with place and remedy. */
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { canonicalJson } from "../../../shared/policy/canonical.ts";
import type { Policy } from "../../../shared/policy/language.ts";
import { reviewPolicy } from "../../../shared/policy/review/review.ts";
import { pathText } from "../../../shared/policy/schema-problems.ts";
import { treeProblemText, type TreeProblem } from "../../policy/tree.ts";
import type { Io } from "../command.ts";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";
import { readPolicyAt } from "./policy-text.ts";
import { writeNew } from "./write-new.ts";
import { counted, writeJson, type Verb } from "./verb.ts";

const verb: Verb = {
  usage: `Usage: sluice policy check FILE... [--strict] [--quiet] [--out MERGED] [--json]

Reads policies (YAML, or JSON where the name ends in .json) with all that they include, and lists what is wrong, each
with file, line, column and remedy:

  error     the policy would be refused, and the old one would stay
  warning   very likely not what was meant: rules that can never match or never decide, two rules that ask the same and
            want different things, exceptions that have ended or spare nothing, patterns that match everything, a policy
            that only watches
  info      worth knowing: exceptions that end within 14 days, rules without owner or examples, labels nobody uses

  --strict  warnings fail as well
  --quiet   errors and warnings only
  --out     writes the policy and all that it includes as one file: computers read a policy in one piece

Exit codes: 0 good, 1 there are errors (or, with --strict, warnings), 2 wrong usage or a file that cannot be read,
3 something broke.`,
  async run(argv, io) {
    const { values, positionals } = parseArgs({ args: [...argv], allowPositionals: true, options: { strict: { type: "boolean", default: false }, quiet: { type: "boolean", default: false }, out: { type: "string" }, json: { type: "boolean", default: false } } });
    if (positionals.length === 0) throw new Failure("name the policy files to check", { code: 2, fix: "sluice policy check docs/policy.sample.yaml" });
    if (values.out !== undefined && positionals.length > 1) throw new Failure("--out takes one policy", { code: 2, fix: "check them one by one" });
    const checked: Checked[] = [];
    for (const file of positionals) checked.push(await checkFile(file, Date.now()));
    if (values.json) writeJson(io, checked.map(asJson));
    else for (const each of checked) print(each, values.quiet, io);
    const whole = checked[0]?.policy;
    if (values.out !== undefined && whole) await writeNew(values.out, /\.json$/i.test(values.out) ? `${canonicalJson(whole)}\n` : stringify(whole, { lineWidth: 120 }));
    const failed = checked.some(({ policy, problems }) => policy === null || (values.strict && problems.some(({ severity }) => severity === "warning")));
    return failed ? 1 : 0;
  },
};
export default verb;

export interface CheckProblem extends TreeProblem {
  readonly severity: "error" | "warning" | "info";
  /** What kind of thing: `schema`, `shadowed`, … */
  readonly code: string;
}

export interface Checked {
  readonly file: string;
  /** With all that it includes. */
  readonly files: readonly string[];
  /** Null: the policy would be refused. */
  readonly policy: Policy | null;
  /** In the order of their places. */
  readonly problems: readonly CheckProblem[];
}

/** @throws Failure (2) when the file cannot be read. */
export async function checkFile(file: string, now: number): Promise<Checked> {
  const read = await readPolicyAt(file);
  if (!read.ok) return { file, files: [file], policy: null, problems: read.why.map((problem) => ({ severity: "error", code: "schema", ...problem })) };
  const { policy, files, placeOf } = read.value;
  const order = (name: string): number => files.indexOf(name);
  const problems = reviewPolicy(policy, now).map(({ path, ...remark }) => ({ ...placeOf(path), path: pathText(path), ...remark }));
  return { file, files, policy, problems: problems.sort((a, b) => order(a.file) - order(b.file) || a.line - b.line || a.column - b.column) };
}

export function problemLine(problem: CheckProblem): string {
  const text = treeProblemText(problem);
  return problem.severity === "error" ? text : `${text} [${problem.severity}: ${problem.code}]`;
}

function print({ file, files, policy, problems }: Checked, quiet: boolean, io: Io): void {
  for (const problem of problems) if (!quiet || problem.severity !== "info") io.stdout.write(`${printable(problemLine(problem), 1000)}\n`);
  if (policy === null) return;
  const warnings = problems.filter(({ severity }) => severity === "warning").length;
  io.stdout.write(`${printable(file)}: good${warnings > 0 ? `, with ${counted(warnings, "warning")}` : ""} (${policy.id}, revision ${policy.revision}, ${counted(policy.admission.servers.length, "server entry", "server entries")}, ${counted(policy.rules.length, "rule")}${files.length > 1 ? `, out of ${files.length} files` : ""})\n`);
}

function asJson({ file, files, policy, problems }: Checked): object {
  const about = policy && { id: policy.id, revision: policy.revision, mode: policy.mode, servers: policy.admission.servers.length, rules: policy.rules.length };
  return { file, files, ok: policy !== null, ...about, problems };
}
