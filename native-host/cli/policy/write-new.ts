/** Writes a file that is not there yet: nobody's work is overwritten. */
import { writeFile } from "node:fs/promises";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";

/** @throws Failure (2) */
export async function writeNew(file: string, text: string, mode = 0o644): Promise<void> {
  try {
    await writeFile(file, text, { flag: "wx", mode });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new Failure(code === "EEXIST" ? `${printable(file)} is there already, and nothing is overwritten` : `${printable(file)} cannot be written (${code ?? "unknown error"})`, { code: 2, fix: code === "EEXIST" ? "name another file, or remove it" : "check the folder and its permissions" });
  }
}
