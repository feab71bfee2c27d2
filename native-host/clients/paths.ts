/** From path patterns (`~`, `$VAR`, `%VAR%`, `<project>`, `*`, `**`) to the files that exist. Forward slashes on every system: Node takes them on Windows too. */
import { lstat, readdir } from "node:fs/promises";
import type { Place } from "./place.ts";

/** A `**` walks at most this deep and into at most this many folders: plugin caches can be whole repositories. */
const MAX_DEPTH = 8;
const MAX_FOLDERS = 3000;
const MAX_FILES = 500;

/** Variables that fall back to a documented folder; a pattern with any other unset variable is dropped. */
function variable(name: string, { env, home, platform }: Place): string | undefined {
  const value = env[name];
  if (value) return value;
  switch (name) {
    case "XDG_CONFIG_HOME":
      return `${home}/.config`;
    case "APPDATA":
      return `${home}/AppData/Roaming`;
    case "LOCALAPPDATA":
      return `${home}/AppData/Local`;
    case "USERPROFILE":
    case "HOME":
      return home;
    case "ProgramData":
      return platform === "win32" ? "C:/ProgramData" : undefined;
    case "ProgramFiles":
      return platform === "win32" ? "C:/Program Files" : undefined;
    default:
      return undefined;
  }
}

/** Splits a pattern into a fixed start and the segments to match below it. Undefined: a variable is not set. A `*` inside a variable's value is no wildcard. */
function resolve(pattern: string, place: Place): { start: string; segments: string[] } | undefined {
  const segments = pattern.split(/[/\\]/);
  const wild = segments.findIndex((segment) => segment.includes("*"));
  const fixed = wild < 0 ? segments : segments.slice(0, wild);
  let unset = false;
  const expanded = fixed.map((segment, index) => {
    if (index === 0 && segment === "~") return place.home;
    return segment.replace(/\$([A-Za-z_][A-Za-z0-9_]*)|%([A-Za-z_][A-Za-z0-9_]*)%/g, (_, shell: string | undefined, windows: string | undefined) => {
      const value = variable(shell ?? windows ?? "", place);
      if (value === undefined) unset = true;
      return value ?? "";
    });
  });
  if (unset) return undefined;
  let start = expanded.join("/");
  // Only paths that the pattern itself wrote absolute move under `root`; homes and variables already point where they should.
  if (place.root !== undefined && (/^([A-Za-z]:)?\//.test(pattern) || /^%(ProgramData|ProgramFiles)%/.test(pattern))) start = `${place.root}/${start.replace(/^([A-Za-z]):/, "$1").replace(/^\//, "")}`;
  return { start, segments: wild < 0 ? [] : segments.slice(wild) };
}

/** Every existing path that matches. Never follows links while searching. */
export async function expandPattern(pattern: string, place: Place): Promise<string[]> {
  const patterns = pattern.startsWith("<project>") ? place.projects.filter(isLocalFolder).map((folder) => ({ start: folder.replace(/[/\\]+$/, ""), rest: pattern.slice("<project>".length) })) : [undefined];
  const found: string[] = [];
  for (const project of patterns) {
    const resolved = project ? projectPattern(project.start, project.rest) : resolve(pattern, place);
    if (!resolved) continue;
    const budget = { folders: MAX_FOLDERS };
    found.push(...(resolved.segments.length === 0 ? await existing(resolved.start) : await walk(resolved.start, resolved.segments, MAX_DEPTH, budget)));
  }
  return found.slice(0, MAX_FILES);
}

function projectPattern(start: string, rest: string): { start: string; segments: string[] } {
  const segments = rest.split("/").filter((segment) => segment !== "");
  const wild = segments.findIndex((segment) => segment.includes("*"));
  return wild < 0 ? { start: [start, ...segments].join("/"), segments: [] } : { start: [start, ...segments.slice(0, wild)].join("/"), segments: segments.slice(wild) };
}

/** A project path out of a file may name a network share; opening that would send the person's credentials there. */
export function isLocalFolder(path: string): boolean {
  return !/^[/\\]{2}/.test(path) && /^(\/|[A-Za-z]:[/\\])/.test(path);
}

async function existing(path: string): Promise<string[]> {
  try {
    await lstat(path);
    return [path];
  } catch (error) {
    // What may not be looked at is still reported, when somebody tries to read it.
    return (error as NodeJS.ErrnoException).code === "EACCES" ? [path] : [];
  }
}

async function walk(folder: string, segments: readonly string[], depth: number, budget: { folders: number }): Promise<string[]> {
  const [segment, ...rest] = segments;
  if (segment === undefined) return existing(folder);
  if (!segment.includes("*")) return walk(`${folder}/${segment}`, rest, depth, budget);
  if (depth <= 0 || budget.folders-- <= 0) return [];
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const found: string[] = [];
  if (segment === "**") {
    found.push(...(await walk(folder, rest, depth, budget)));
    for (const entry of entries) if (entry.isDirectory() && entry.name !== "node_modules" && entry.name !== ".git") found.push(...(await walk(`${folder}/${entry.name}`, segments, depth - 1, budget)));
    return found;
  }
  for (const entry of entries) {
    if (!matches(segment, entry.name)) continue;
    if (rest.length === 0) found.push(`${folder}/${entry.name}`);
    else if (entry.isDirectory()) found.push(...(await walk(`${folder}/${entry.name}`, rest, depth - 1, budget)));
  }
  return found;
}

/** `*` inside one segment; at most one star in a segment of our own data. */
function matches(segment: string, name: string): boolean {
  const star = segment.indexOf("*");
  const [before, after] = [segment.slice(0, star), segment.slice(star + 1)];
  return name.length >= before.length + after.length && name.startsWith(before) && name.endsWith(after);
}
