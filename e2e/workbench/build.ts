/** Builds the chat page into .output/workbench/ when its sources are newer, and reads the built files. */
import type { Buffer } from "node:buffer";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const sources = join(here, "page");
const output = join(root, ".output", "workbench");

const TYPES: Readonly<Record<string, string>> = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml" };

/** Builds if needed. @returns the folder with the built page. */
export async function buildPage(): Promise<string> {
  const stamp = String(await newest([sources, join(root, "package-lock.json")]));
  const built = await readFile(join(output, ".stamp"), "utf8").catch(() => "");
  if (built === stamp) return output;
  const { build } = await import("vite");
  // Built aside and swapped in: two test runs may start at the same time.
  const fresh = `${output}.${process.pid}`;
  await build({
    configFile: false,
    root: sources,
    logLevel: "warn",
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: { outDir: fresh, emptyOutDir: true, target: "es2022", modulePreload: { polyfill: false }, assetsInlineLimit: 0, chunkSizeWarningLimit: 2_000 },
  });
  await writeFile(join(fresh, ".stamp"), stamp);
  await mkdir(dirname(output), { recursive: true });
  await rm(output, { recursive: true, force: true });
  try {
    await rename(fresh, output);
  } catch (error) {
    // The other run was faster; what it built is the same.
    await rm(fresh, { recursive: true, force: true });
    if ((await readFile(join(output, ".stamp"), "utf8").catch(() => "")) !== stamp) throw error;
  }
  return output;
}

/** A built file, or undefined when there is none at this path. */
export async function readAsset(folder: string, pathname: string): Promise<{ type: string; body: Buffer } | undefined> {
  const path = normalize(pathname === "/" ? "/index.html" : pathname);
  const type = TYPES[extname(path)];
  if (type === undefined || path.includes("..")) return undefined;
  const body = await readFile(join(folder, path)).catch(() => undefined);
  return body && { type, body };
}

async function newest(paths: readonly string[]): Promise<number> {
  let latest = 0;
  for (const path of paths) {
    const found = await stat(path);
    latest = Math.max(latest, found.mtimeMs);
    if (found.isDirectory()) latest = Math.max(latest, await newest((await readdir(path)).map((name) => join(path, name))));
  }
  return latest;
}
