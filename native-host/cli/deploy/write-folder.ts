/** Writes files into a folder that is new or empty: whoever copies it over a machine copies nothing but what was asked. */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { OutputFile } from "../../deploy/generate.ts";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";

/** @throws Failure (2) when something is there already, or it cannot be written */
export async function writeFolder(folder: string, files: readonly OutputFile[]): Promise<void> {
  const there = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new Failure(`${printable(folder)} cannot be used (${error.code ?? "unknown error"})`, { code: 2, fix: "name a new folder" });
  });
  if (there.length > 0) throw new Failure(`${printable(folder)} is not empty, and nothing is overwritten`, { code: 2, fix: "name a new folder, or empty it" });
  for (const { path, content, executable } of files) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    await writeFile(file, content, { flag: "wx", mode: executable ? 0o755 : 0o644 });
  }
}
