/** `sluice policy test`: runs the examples of a policy. */
import { parseArgs } from "node:util";
import { runRuleTests, type TestOutcome } from "../../../shared/policy/rule-tests.ts";
import { treeProblemText } from "../../policy/tree.ts";
import { Failure } from "../failure.ts";
import { readPolicyAt } from "./policy-text.ts";
import { counted, writeJson, type Verb } from "./verb.ts";

const verb: Verb = {
  usage: `Usage: sluice policy test FILE [--json]

Runs the examples ("tests") of the policy's rules.

Exit codes: 0 all as they should be, 1 one is not, or the policy has errors, 2 wrong usage or a file that cannot be
read, 3 something broke.`,
  async run(argv, io) {
    const { values, positionals } = parseArgs({ args: [...argv], allowPositionals: true, options: { json: { type: "boolean", default: false } } });
    const [file, ...more] = positionals;
    if (file === undefined || more.length) throw new Failure("name one policy file to test", { code: 2, fix: "sluice policy test docs/policy.sample.yaml" });
    const read = await readPolicyAt(file);
    if (!read.ok) {
      if (values.json) writeJson(io, { file, ok: false, problems: read.why });
      else for (const problem of read.why) io.stdout.write(`${treeProblemText(problem)}\n`);
      return 1;
    }
    const outcomes = runRuleTests(read.value.policy);
    const failed = outcomes.filter(({ passed }) => !passed).length;
    if (values.json) writeJson(io, { file, ok: failed === 0, tests: outcomes });
    else {
      for (const outcome of outcomes) io.stdout.write(`${outcomeLine(outcome)}\n`);
      const untested = read.value.policy.rules.filter((rule) => !rule.tests?.length).map(({ id }) => id);
      io.stdout.write(`${counted(outcomes.length, "example")}, ${failed === 0 ? "all as they should be" : `${failed} not as they should be`}${untested.length ? `; without examples: ${untested.join(", ")}` : ""}\n`);
    }
    return failed === 0 ? 0 : 1;
  },
};
export default verb;

function outcomeLine({ rule, test: at, passed, actual, detail }: TestOutcome): string {
  return `${passed ? "ok  " : "FAIL"} ${rule} #${at + 1}: ${passed ? `${actual} (${detail})` : detail}`;
}
