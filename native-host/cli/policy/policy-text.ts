/** Policies that a command line names: read and checked, or a clear word why not. */
import { readFile } from "node:fs/promises";
import type { Result } from "../../../shared/base/result.ts";
import type { Policy } from "../../../shared/policy/language.ts";
import { readPolicyTree, treeProblemText, type PolicyTree, type TreeProblem } from "../../policy/tree.ts";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";

/** Text of a file in UTF-8. @throws Failure (2) when it cannot be had. */
export async function readText(file: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new Failure(`${printable(file)} ${code === "ENOENT" ? "does not exist" : `cannot be read (${code ?? "unknown error"})`}`, { code: 2 });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Failure(`${printable(file)} is not UTF-8 text`, { code: 2 });
  }
}

/** With all that it includes. @throws Failure (2) when the file itself cannot be had. */
export async function readPolicyAt(file: string): Promise<Result<PolicyTree, TreeProblem[]>> {
  return readPolicyTree(file, readText);
}

/** A policy that must be good for the command to make sense. @throws Failure (2) with all that is wrong. */
export async function goodPolicy(file: string): Promise<Policy> {
  const read = await readPolicyAt(file);
  if (read.ok) return read.value.policy;
  throw new Failure(`this policy cannot be used:\n${read.why.map((problem) => `  ${printable(treeProblemText(problem), 500)}`).join("\n")}`, { code: 2, fix: `sluice policy check ${printable(file)}` });
}
