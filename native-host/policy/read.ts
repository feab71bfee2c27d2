/** Policy text (YAML or JSON) to a checked `Policy`, or everything that is wrong with it, each with its place in the file. */
import { fail, ok, type Result } from "../../shared/base/result.ts";
import type { Policy } from "../../shared/policy/language.ts";
import { pathText } from "../../shared/policy/schema-problems.ts";
import { validatePolicy, type PolicyProblem } from "../../shared/policy/schema.ts";

/** Counted from one, as editors do. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface FileProblem extends Place {
  /** `rules[2].when`; null where the text itself is broken. */
  readonly path: string | null;
  readonly message: string;
  readonly fix?: string;
}

export interface Parsed {
  readonly value: unknown;
  placeOf(path: readonly (string | number)[]): Place;
}

/** Longer than any policy that people write; the snapshot travels to every page. */
const MAX_CHARACTERS = 2 * 1024 * 1024;

/** @param name file name; `.json` is read as JSON, all else as YAML. */
export async function readPolicy(text: string, name: string): Promise<Result<Policy, FileProblem[]>> {
  const parsed = await parsePolicy(text, name);
  if (!parsed.ok) return parsed;
  const checked = validatePolicy(parsed.value.value);
  return checked.ok ? ok(checked.value) : fail(placed(checked.why, parsed.value));
}

/** Plain values with their places, whatever they say. */
export async function parsePolicy(text: string, name: string): Promise<Result<Parsed, FileProblem[]>> {
  if (text.length > MAX_CHARACTERS) return fail([whole(`the file is larger than ${MAX_CHARACTERS} characters`)]);
  const parsed = await parse(text.replace(/^\ufeff/, ""), name);
  if (parsed.ok && (parsed.value.value === null || parsed.value.value === undefined)) return fail([whole("the file is empty")]);
  return parsed;
}

/** In the order in which they stand in the file. */
export function placed(problems: readonly PolicyProblem[], { placeOf }: Parsed): FileProblem[] {
  return problems.map(({ path, ...rest }) => ({ ...placeOf(path), path: pathText(path), ...rest })).sort((a, b) => a.line - b.line || a.column - b.column);
}

async function parse(text: string, name: string): Promise<Result<Parsed, FileProblem[]>> {
  try {
    if (/\.json$/i.test(name)) return (await import("./parse-json.ts")).parseJson(text);
    return (await import("./parse-yaml.ts")).parseYaml(text);
  } catch (error) {
    if (error instanceof RangeError) return fail([whole("the file is nested too deeply")]);
    throw error;
  }
}

function whole(message: string): FileProblem {
  return { line: 1, column: 1, path: null, message };
}

/** `policy.yaml:12:5 rules[2].efect: unknown key "efect"; did you mean "effect"?` */
export function fileProblemText(name: string, { line, column, path, message, fix }: FileProblem): string {
  return `${name}:${line}:${column} ${path === null ? "" : `${path}: `}${message}${fix ? `; ${fix}` : ""}`;
}
