/** JSON to plain values with places; duplicate keys are refused, which `JSON.parse` would not do. */
import { pointerOf, scanJson, type JsonLeaf } from "../../shared/base/json.ts";
import { fail, ok, type Result } from "../../shared/base/result.ts";
import type { FileProblem, Parsed, Place } from "./read.ts";

export function parseJson(text: string): Result<Parsed, FileProblem[]> {
  const scanned = scanJson(text);
  if (!scanned.ok) return fail([{ ...placeAt(text, scanned.why.at), path: null, message: scanned.why.message }]);
  return ok({ value: JSON.parse(text) as unknown, placeOf: (path) => placeAt(text, offsetOf(scanned.value, path)) });
}

/** The first token at or below the path, else at or below its parent, and so on. */
function offsetOf(leaves: readonly JsonLeaf[], path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length--) {
    const wanted = path.slice(0, length).map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
    const found = leaves.find((leaf) => {
      const pointer = pointerOf(leaf.path);
      return pointer === wanted || pointer.startsWith(`${wanted}/`);
    });
    if (found) return found.start;
  }
  return 0;
}

function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lastBreak = before.lastIndexOf("\n");
  return { line: before.split("\n").length, column: offset - lastBreak };
}
