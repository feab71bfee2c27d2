/** Small JSON files in a folder that only its owner can open: written whole or not at all, and read only where nobody else could have written them. */
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

/** A question shows arguments; no file of another size is one. */
const MAX_BYTES = 512 * 1024;

/** @throws where the folder cannot be made. */
export function prepareFolder(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  // A folder that was there already may have been open to others.
  chmodSync(dir, 0o700);
}

/** @returns the new file, for whoever puts it in its place. @throws where it cannot be written. */
export function draft(dir: string, content: unknown): string {
  const file = join(dir, `draft-${process.pid}-${randomBytes(6).toString("hex")}`);
  writeFileSync(file, JSON.stringify(content), { mode: 0o600, flag: "wx" });
  return file;
}

/** Undefined: there is none, it is no JSON, or somebody else may have written it. */
export function readOwn(file: string): unknown {
  try {
    const facts = statSync(file);
    // Somebody else's file, or one that others may write, is no word of this person.
    if (!facts.isFile() || facts.size > MAX_BYTES || (process.getuid && (facts.uid !== process.getuid() || (facts.mode & 0o022) !== 0))) return undefined;
    return JSON.parse(readFileSync(file, "utf8")) as unknown;
  } catch {
    return undefined;
  }
}

/** Empty where the folder is not there. */
export function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
