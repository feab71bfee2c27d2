/** YAML 1.2 (core schema) to plain values with places. Loaded only when a policy has changed: the parser is the heaviest thing in the host's start. */
import { isAlias, isMap, isNode, isSeq, LineCounter, parseDocument, type Document, type Node } from "yaml";
import { fail, ok, type Result } from "../../shared/base/result.ts";
import type { FileProblem, Parsed, Place } from "./read.ts";

/** Enough for anchors that people write by hand, far too few for a bomb of aliases. */
const MAX_ALIASES = 50;

export function parseYaml(text: string): Result<Parsed, FileProblem[]> {
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problem = (offset: number, message: string): FileProblem => ({ ...placeAt(offset), path: null, message });
  const document = parseDocument(text, { version: "1.2", schema: "core", merge: false, uniqueKeys: true, stringKeys: true, strict: true, prettyErrors: false, lineCounter: lines });
  const faults = [...document.errors, ...document.warnings].map((fault) => problem(fault.pos[0], plain(fault.code, fault.message)));
  // A document may ask for YAML 1.1, where "no" is false and "<<" merges: then it would not mean what it says.
  if (document.directives?.yaml.version !== "1.2") faults.push(problem(0, "only YAML 1.2 is read; remove the %YAML line"));
  if (faults.length) return fail(faults);
  try {
    return ok({ value: document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown, placeOf: (path) => placeAt(offsetOf(document, path)) });
  } catch (error) {
    return fail([problem(0, error instanceof ReferenceError ? "too many aliases (*name)" : "the document cannot be read")]);
  }
}

/** Where a path stands: at its key, or as near as it gets when part of it is missing. */
function offsetOf(document: Document.Parsed, path: readonly (string | number)[]): number {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const step of path) {
    const here: Node | undefined = isAlias(node) ? node.resolve(document) : (node ?? undefined);
    let next: unknown;
    if (isMap(here)) {
      const pair = here.items.find(({ key }) => isNode(key) && "value" in key && String(key.value) === String(step));
      if (!pair) return offset;
      offset = (pair.key as Node).range?.[0] ?? offset;
      next = pair.value;
    } else if (isSeq(here) && typeof step === "number") {
      next = here.items[step];
      if (isNode(next)) offset = next.range?.[0] ?? offset;
    }
    if (!isNode(next)) return offset;
    node = next;
  }
  return offset;
}

function plain(code: string, message: string): string {
  if (code === "DUPLICATE_KEY") return "this key stands twice in one group";
  if (code === "MULTIPLE_DOCS") return "the file holds several documents; a policy is one";
  if (code === "TAB_AS_INDENT") return "tabs cannot indent in YAML; use spaces";
  return message.charAt(0).toLowerCase() + message.slice(1);
}
