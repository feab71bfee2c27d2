/** `sluice policy …`: check a policy before it is used, run its examples, see what is in force. */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { Policy } from "../../shared/policy/language.ts";
import { sourceText } from "../../shared/policy/explain.ts";
import { nearestWord } from "../../shared/policy/nearest-word.ts";
import { runRuleTests, type TestOutcome } from "../../shared/policy/rule-tests.ts";
import type { Result } from "../../shared/base/result.ts";
import { hostPaths } from "../home.ts";
import { fileProblemText, readPolicy, type FileProblem } from "../policy/read.ts";
import { openPolicy } from "../policy/store.ts";
import type { Command, Io } from "./command.ts";
import { Failure } from "./failure.ts";

const VERBS: Readonly<Record<string, (argv: readonly string[], io: Io) => Promise<number>>> = { check, test, show };

const command: Command = {
  summary: "Check, test and show policies",
  usage: `Usage: sluice policy check FILE... [--json]
       sluice policy test FILE [--json]
       sluice policy show [--json]

  check  Reads policies (YAML, or JSON where the name ends in .json) and lists everything that is wrong, with place
         and remedy. Exit code 1 if there is anything.
  test   Runs the examples ("tests") of the policy's rules. Exit code 1 if one does not come out as it says.
  show   The policy in force on this computer, and where it came from.`,
  async run(argv, io) {
    const [verb, ...rest] = argv;
    if (verb === undefined) throw new Failure("say what to do with the policy", { code: 2, fix: `one of: ${Object.keys(VERBS).join(", ")}` });
    if (!Object.hasOwn(VERBS, verb)) {
      const near = nearestWord(verb, Object.keys(VERBS));
      throw new Failure(`there is no "sluice policy ${verb.slice(0, 40)}"`, { code: 2, fix: near ? `did you mean "sluice policy ${near}"?` : `one of: ${Object.keys(VERBS).join(", ")}` });
    }
    return VERBS[verb]!(rest, io);
  },
};
export default command;

const OPTIONS = { json: { type: "boolean", default: false } } as const;

async function check(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...argv], allowPositionals: true, options: OPTIONS });
  if (positionals.length === 0) throw new Failure("name the policy files to check", { code: 2, fix: "sluice policy check docs/policy.sample.yaml" });
  const results = await Promise.all(positionals.map(async (file) => ({ file, read: await readFrom(file) })));
  if (values.json) writeJson(io, results.map(({ file, read }) => (read.ok ? { file, ok: true, ...about(read.value) } : { file, ok: false, problems: read.why })));
  else {
    for (const { file, read } of results) {
      if (read.ok) io.stdout.write(`${file}: good (${read.value.id}, revision ${read.value.revision}, ${counted(read.value.admission.servers.length, "server entry", "server entries")}, ${counted(read.value.rules.length, "rule", "rules")})\n`);
      else for (const problem of read.why) io.stdout.write(`${fileProblemText(file, problem)}\n`);
    }
  }
  return results.every(({ read }) => read.ok) ? 0 : 1;
}

async function test(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...argv], allowPositionals: true, options: OPTIONS });
  const [file, ...more] = positionals;
  if (file === undefined || more.length) throw new Failure("name one policy file to test", { code: 2, fix: "sluice policy test docs/policy.sample.yaml" });
  const read = await readFrom(file);
  if (!read.ok) {
    if (values.json) writeJson(io, { file, ok: false, problems: read.why });
    else for (const problem of read.why) io.stdout.write(`${fileProblemText(file, problem)}\n`);
    return 1;
  }
  const outcomes = runRuleTests(read.value);
  const failed = outcomes.filter(({ passed }) => !passed).length;
  if (values.json) writeJson(io, { file, ok: failed === 0, tests: outcomes });
  else {
    for (const outcome of outcomes) io.stdout.write(`${outcomeLine(outcome)}\n`);
    const untested = read.value.rules.filter((rule) => !rule.tests?.length).map(({ id }) => id);
    io.stdout.write(`${counted(outcomes.length, "example", "examples")}, ${failed === 0 ? "all as they should be" : `${failed} not as they should be`}${untested.length ? `; without examples: ${untested.join(", ")}` : ""}\n`);
  }
  return failed === 0 ? 0 : 1;
}

function outcomeLine({ rule, test: at, passed, actual, detail }: TestOutcome): string {
  return `${passed ? "ok  " : "FAIL"} ${rule} #${at + 1}: ${passed ? `${actual} (${detail})` : detail}`;
}

async function show(argv: readonly string[], io: Io): Promise<number> {
  const { values } = parseArgs({ args: [...argv], options: OPTIONS });
  const store = await openPolicy({ paths: hostPaths(io.env) });
  const { policy, source, digest } = store.current();
  const rejected = store.rejected();
  if (values.json) writeJson(io, { source, digest, rejected, policy });
  else {
    io.stdout.write(`${policy.title ?? policy.id}: ${policy.id}, revision ${policy.revision}, ${sourceText(source)}\n`);
    io.stdout.write(`${policy.mode === "enforce" ? "In force." : "Watching only: nothing is blocked or replaced."} Servers that are not listed: ${policy.admission.default}.\n`);
    for (const { id, effect, title } of policy.admission.servers) io.stdout.write(`  server ${effect.padEnd(8)}${id}${title ? `  ${title}` : ""}\n`);
    for (const { id, effect, mode, title } of policy.rules) io.stdout.write(`  rule   ${effect.padEnd(8)}${id}  ${title}${mode === "monitor" ? " (on trial)" : ""}\n`);
    io.stdout.write(`SHA-256 ${digest}\n`);
    if (rejected) io.stdout.write(`A newer policy (${rejected.source}) was refused:\n${rejected.errors.map((error) => `  ${error}\n`).join("")}`);
  }
  return 0;
}

async function readFrom(file: string): Promise<Result<Policy, FileProblem[]>> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new Failure(`${file} ${code === "ENOENT" ? "does not exist" : `cannot be read (${code ?? "unknown error"})`}`);
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Failure(`${file} is not UTF-8 text`);
  }
  return readPolicy(text, file);
}

function about(policy: Policy): object {
  return { id: policy.id, revision: policy.revision, mode: policy.mode, servers: policy.admission.servers.length, rules: policy.rules.length };
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function writeJson(io: Io, value: unknown): void {
  io.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
