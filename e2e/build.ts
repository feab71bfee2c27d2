/** Builds extension, host and workbench page, each only when what it is made of has changed. Run it as `node e2e/build.ts`. */
import { spawnSync } from "node:child_process";
import { createHash, type Hash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { extensionKey } from "../extension/build/key.ts";
import { Advice } from "./advice.ts";
import { CACHE, EXTENSION_BUILD, OUTPUT, ROOT } from "./places.ts";
import { buildPage } from "./workbench/build.ts";

const STAMPS = join(CACHE, "build-stamps.json");

interface Target {
  readonly name: string;
  readonly inputs: readonly string[];
  /** What else decides the outcome. */
  readonly also?: string;
  readonly output: string;
  readonly command: readonly string[];
}

interface Stamp {
  readonly made: string;
  readonly gave: string;
}

/** Builds the extension for Chromium browsers into `.output/chrome-mv3`. */
export async function buildExtension(): Promise<string> {
  const key = extensionKey();
  return buildIfChanged({
    name: "extension",
    inputs: ["extension", "shared", "package.json", "package-lock.json", "tsconfig.json"],
    also: key.manifestKey,
    output: EXTENSION_BUILD,
    command: ["node_modules/wxt/bin/wxt.mjs", "build", "extension"],
  });
}

/** Builds the native host into `.output/host`. */
export async function buildHost(): Promise<string> {
  return buildIfChanged({
    name: "host",
    inputs: ["native-host", "shared", "docs/policies", "package.json", "package-lock.json"],
    output: join(OUTPUT, "host"),
    command: ["node_modules/vite/bin/vite.js", "build", "--config", "native-host/vite.config.ts"],
  });
}

/** Builds the chat page of the workbench; it keeps its own stamp. */
export async function buildWorkbench(): Promise<string> {
  await buildPage();
  return "ready";
}

async function buildIfChanged(target: Target): Promise<string> {
  const made = digestOf(target.inputs.map((input) => join(ROOT, input)), target.also);
  const before = readStamps()[target.name];
  if (before !== undefined && before.made === made && existsSync(target.output) && before.gave === digestOf([target.output])) return "unchanged";
  const done = spawnSync(process.execPath, target.command, { cwd: ROOT, encoding: "utf8", maxBuffer: 64 << 20 });
  if (done.status !== 0) throw new Advice(`The build of the ${target.name} failed:\n\n${done.stdout}${done.stderr}`);
  // Read again: another build may have stamped its own in the meantime.
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(STAMPS, `${JSON.stringify({ ...readStamps(), [target.name]: { made, gave: digestOf([target.output]) } }, null, 2)}\n`);
  return "built";
}

function readStamps(): Record<string, Stamp | undefined> {
  try {
    return JSON.parse(readFileSync(STAMPS, "utf8")) as Record<string, Stamp | undefined>;
  } catch {
    return {};
  }
}

/** Over names and contents; what a build does not read (tests, folders of tools) is left out. */
function digestOf(paths: readonly string[], also = ""): string {
  const hash = createHash("sha256").update(also);
  for (const path of paths) addTo(hash, path);
  return hash.digest("hex");
}

function addTo(hash: Hash, path: string): void {
  if (!existsSync(path)) return;
  if (!statSync(path).isDirectory()) {
    const content = readFileSync(path);
    hash.update(`${path}\0${String(content.length)}\0`).update(content);
    return;
  }
  for (const name of readdirSync(path).sort()) {
    if (name.startsWith(".") || name === "node_modules" || name.endsWith(".test.ts") || name.endsWith(".test.tsx")) continue;
    addTo(hash, join(path, name));
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const [name, build] of Object.entries({ extension: buildExtension, host: buildHost, workbench: buildWorkbench })) {
    process.stdout.write(`${name}: ${await build()}\n`);
  }
}
