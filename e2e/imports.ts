/** Every import of a source file, found by a real parser: static, dynamic, re-exported and in types. */
import { extname } from "node:path";
import { parseAst } from "vite";
import { fail, ok, type Result } from "../shared/base/result.ts";

export interface Import {
  /** Null when it is computed at run time. */
  readonly specifier: string | null;
  readonly line: number;
  /** Leaves no trace in the running code. `import { type X }` is not type-only: it still loads the module. */
  readonly typeOnly: boolean;
}

/** @returns the imports in the order of the text, or why the file does not parse. */
export function importsOf(file: string, source: string): Result<Import[]> {
  let program: unknown;
  try {
    program = parseAst(source, { lang: languageOf(file), sourceType: "module" });
  } catch (error) {
    return fail(error instanceof Error ? (error.message.split("\n").find((line) => line.trim() !== "") ?? "unknown") : String(error));
  }
  const found: Import[] = [];
  walk(program, (node) => {
    const one = importIn(node);
    if (one !== null) found.push({ specifier: one.specifier, typeOnly: one.typeOnly, line: source.slice(0, one.start).split("\n").length });
  });
  return ok(found);
}

type Node = Readonly<Record<string, unknown>>;

function importIn(node: Node): { specifier: string | null; typeOnly: boolean; start: number } | null {
  const start = typeof node["start"] === "number" ? node["start"] : 0;
  const specifier = literal(node["source"]);
  switch (node["type"]) {
    case "ImportDeclaration":
      return { specifier, typeOnly: node["importKind"] === "type", start };
    case "ExportAllDeclaration":
      return { specifier, typeOnly: node["exportKind"] === "type", start };
    case "ExportNamedDeclaration":
      return node["source"] === null || node["source"] === undefined ? null : { specifier, typeOnly: node["exportKind"] === "type", start };
    case "ImportExpression":
      return { specifier, typeOnly: false, start };
    case "TSImportType":
      return { specifier, typeOnly: true, start };
    default:
      return null;
  }
}

function literal(source: unknown): string | null {
  if (!isNode(source)) return null;
  if (typeof source["value"] === "string") return source["value"];
  const quasis = source["type"] === "TemplateLiteral" && Array.isArray(source["expressions"]) && source["expressions"].length === 0 ? source["quasis"] : null;
  const only: unknown = Array.isArray(quasis) ? quasis[0] : null;
  return isNode(only) && isNode(only["value"]) && typeof only["value"]["cooked"] === "string" ? only["value"]["cooked"] : null;
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, visit);
  } else if (isNode(value)) {
    visit(value);
    for (const child of Object.values(value)) walk(child, visit);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null;
}

function languageOf(file: string): "ts" | "tsx" | "js" {
  const ending = extname(file);
  if (ending === ".tsx") return "tsx";
  return ending === ".ts" || ending === ".mts" ? "ts" : "js";
}
