/** Files that an administrator puts on a machine: are they there, whole, and safe from others? */
import { readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import { isObject, type JsonObject } from "../json.ts";

/** Another root than the machine's own: an image that is being built, or a test. */
export type Root = string;

export function at(root: Root, path: string): string {
  return root === "/" ? path : join(root, path);
}

export function exists(root: Root, path: string): boolean {
  return statSync(at(root, path), { throwIfNoEntry: false }) !== undefined;
}

/** Names of a folder's files with this ending, in the order in which browsers read them. */
export function namesIn(root: Root, folder: string, ending: string): string[] {
  try {
    return readdirSync(at(root, folder)).filter((name) => name.endsWith(ending)).sort();
  } catch {
    return [];
  }
}

export function readText(root: Root, path: string): Result<string> {
  try {
    return ok(new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(at(root, path))));
  } catch (error) {
    return fail(error instanceof TypeError ? "is not UTF-8 text" : `cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown error"})`);
  }
}

export function readObject(root: Root, path: string): Result<JsonObject> {
  const text = readText(root, path);
  if (!text.ok) return text;
  try {
    const value: unknown = JSON.parse(text.value);
    return isObject(value) ? ok(value) : fail("is not a JSON object");
  } catch {
    return fail("is not JSON");
  }
}

/** The first of the file and its folders that somebody else can change, or null. Windows keeps its rights elsewhere. */
export function openToOthers(root: Root, path: string): string | null {
  if (process.platform === "win32") return null;
  for (const one of [path, dirname(path)]) {
    const facts = statSync(at(root, one), { throwIfNoEntry: false });
    if (!facts) continue;
    // An image under construction may belong to whoever builds it.
    const foreign = root === "/" && facts.uid !== 0;
    if (foreign || (facts.mode & 0o022) !== 0) return one;
  }
  return null;
}

export function isExecutable(root: Root, path: string): boolean {
  const facts = statSync(at(root, path), { throwIfNoEntry: false });
  return facts !== undefined && facts.isFile() && (process.platform === "win32" || (facts.mode & 0o111) !== 0);
}
