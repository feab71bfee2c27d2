/** `sluice policy test`: runs the examples of a policy, and says what no example touches. */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { runTrial, type Case, type FileTest, type Trial } from "../../../shared/policy/trial.ts";
import { treeProblemText, type TreeProblem } from "../../policy/tree.ts";
import type { Io } from "../command.ts";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";
import { junitXml } from "./junit.ts";
import { readPolicyAt, readText } from "./policy-text.ts";
import { readTestFile } from "./test-file.ts";
import { columns, counted, writeJson, type Verb } from "./verb.ts";

const verb: Verb = {
  usage: `Usage: sluice policy test FILE [--tests FILE]... [--coverage] [--junit FILE] [--json]

Runs the examples ("tests") of the policy's rules, and those of further files:

  - name: A customer list goes nowhere
    given: { server: "https://unknown.example/mcp", tool: upload, data: [pii.email, pii.email] }
    expect: { effect: block, decidedBy: admission.default }    # decidedBy may be left out

"given" is what a rule's own examples have: server, client, user, groups, tool, arguments, data, direction, at, … What is
left out is ordinary; without a server it is some server that may be used.

  --tests FILE   a file of examples (YAML or JSON list); may be given several times
  --coverage     for each rule: in how many examples it spoke, and whether its "unless" and exceptions were tried
  --junit FILE   the outcome as JUnit XML; "-" prints it instead of the list

Exit codes: 0 all as they should be, 1 one is not, or policy or examples have errors, 2 wrong usage or a file that cannot
be read, 3 something broke.`,
  async run(argv, io) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { tests: { type: "string", multiple: true, default: [] }, coverage: { type: "boolean", default: false }, junit: { type: "string" }, json: { type: "boolean", default: false } },
    });
    const [file, ...more] = positionals;
    if (file === undefined || more.length) throw new Failure("name one policy file to test", { code: 2, fix: "sluice policy test docs/policy.sample.yaml" });
    const read = await readPolicyAt(file);
    if (!read.ok) return tellProblems(file, read.why, values.json, io);
    const { policy } = read.value;
    const tests: FileTest[] = [];
    const problems: TreeProblem[] = [];
    for (const each of values.tests) {
      const examples = await readTestFile(await readText(each), each, policy);
      if (examples.ok) tests.push(...examples.value);
      else problems.push(...examples.why);
    }
    if (problems.length > 0) return tellProblems(file, problems, values.json, io);
    const trial = runTrial(policy, tests);
    const failed = trial.cases.filter(({ passed }) => !passed).length;
    const xml = values.junit === undefined ? null : junitXml(file, trial.cases);
    if (xml !== null && values.junit !== "-") await writeJunit(values.junit!, xml);
    if (xml !== null && values.junit === "-") io.stdout.write(xml);
    else if (values.json) writeJson(io, { file, ok: failed === 0, tests: trial.cases, coverage: { rules: trial.rules, entries: trial.entries } });
    else print(trial, failed, values.coverage, io);
    return failed === 0 ? 0 : 1;
  },
};
export default verb;

function tellProblems(file: string, problems: readonly TreeProblem[], json: boolean, io: Io): number {
  if (json) writeJson(io, { file, ok: false, problems });
  else for (const problem of problems) io.stdout.write(`${printable(treeProblemText(problem), 1000)}\n`);
  return 1;
}

function print({ cases, rules, entries }: Trial, failed: number, coverage: boolean, io: Io): void {
  for (const each of cases) io.stdout.write(`${printable(caseLine(each), 500)}\n${each.because.map((line) => `       ${printable(line, 500)}\n`).join("")}`);
  const untested = rules.filter(({ reached }) => reached === 0).map(({ rule }) => rule);
  io.stdout.write(`${counted(cases.length, "example")}, ${failed === 0 ? "all as they should be" : `${failed} not as they should be`}${untested.length ? `; no example reaches: ${untested.join(", ")}` : ""}\n`);
  if (!coverage) return;
  const tried = (count: number): string => (count === 0 ? "not tried" : `tried ${count}×`);
  const table = rules.map(({ rule, spoke, reached, unless, exceptions }) => [rule, spoke, reached - spoke, unless === null ? "–" : tried(unless), exceptions.length === 0 ? "–" : exceptions.map(({ ticket, examples }) => `${ticket}: ${tried(examples)}`).join(", ")]);
  io.stdout.write(`\n${columns([["Rule", "spoke", "spared", "unless", "exceptions"], ...table])}`);
  if (entries.length > 0) io.stdout.write(`\n${columns([["Server entry", "examples"], ...entries.map(({ entry, examples }) => [entry, examples])])}`);
}

function caseLine({ rule, name, passed, actual, detail }: Case): string {
  const title = rule === null ? name : `${rule} #${name.replace("example ", "")}`;
  return `${passed ? "ok  " : "FAIL"} ${title}: ${passed ? `${actual} (${detail})` : detail}`;
}

async function writeJunit(file: string, xml: string): Promise<void> {
  try {
    await writeFile(file, xml);
  } catch (error) {
    throw new Failure(`${printable(file)} cannot be written (${(error as NodeJS.ErrnoException).code ?? "unknown error"})`, { code: 2 });
  }
}
