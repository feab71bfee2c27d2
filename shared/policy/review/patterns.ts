/** How two patterns stand to each other: does one take in all that the other matches, and is there anything that both match? */
import { glob } from "../../base/glob.ts";
import { globsOverlap } from "../glob-overlap.ts";

/** One or several patterns, "any of". */
export type Patterns = string | readonly string[];

export function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

/** A letter that no pattern contains: what matches it in place of a star matches anything there. */
const ANYTHING = "\uE000";

/** Every text that `narrow` matches is matched by `wide`. */
export function globCovers(wide: string, narrow: string): boolean {
  if (wide === narrow) return true;
  // Without a star only the same text is matched.
  if (!wide.includes("*")) return false;
  return glob(wide).matches(narrow.replaceAll("*", ANYTHING));
}

export type Covers = (wide: string, narrow: string) => boolean;
export type Overlaps = (a: string, b: string) => boolean;

export function allCovered(wide: Patterns, narrow: Patterns, covers: Covers = globCovers): boolean {
  return listOf(narrow).every((each) => listOf(wide).some((other) => covers(other, each)));
}

export function anyOverlap(a: Patterns, b: Patterns, overlaps: Overlaps = globsOverlap): boolean {
  return listOf(a).some((each) => listOf(b).some((other) => overlaps(each, other)));
}

interface UrlParts {
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
  readonly path: string;
}

/** Part by part, because a star in the host never takes a slash. */
export function urlCovers(wide: string, narrow: string): boolean {
  if (wide === "*") return true;
  const [a, b] = [partsOf(wide), partsOf(narrow)];
  if (!a || !b) return wide === narrow;
  return globCovers(a.scheme, b.scheme) && globCovers(a.host, b.host) && portCovers(a.port, b) && pathCovers(a.path, b.path);
}

export function urlsOverlap(one: string, other: string): boolean {
  const [a, b] = [partsOf(one), partsOf(other)];
  if (!a || !b) return true;
  return globsOverlap(a.scheme, b.scheme) && globsOverlap(a.host, b.host) && portsMeet(a.port, b.port) && (globsOverlap(a.path, b.path) || pathCovers(a.path, b.path) || pathCovers(b.path, a.path));
}

/** The port that each scheme has of its own. */
const OWN = "own";
const DEFAULTS: Readonly<Record<string, string>> = { http: "80", https: "443" };

function portCovers(wide: string, { scheme, port }: UrlParts): boolean {
  return wide === "*" || wide === port || (wide === OWN && port === DEFAULTS[scheme]);
}

function portsMeet(a: string, b: string): boolean {
  return a === b || a === "*" || b === "*" || a === OWN || b === OWN;
}

/** `/x/*` takes in `/x` as well. */
function pathCovers(wide: string, narrow: string): boolean {
  return globCovers(wide, narrow) || (wide.endsWith("/*") && globCovers(wide.slice(0, -2), narrow));
}

/** Patterns of the policy at hand, each read once. */
const read = new Map<string, UrlParts | null>();

function partsOf(pattern: string): UrlParts | null {
  let parts = read.get(pattern);
  if (parts === undefined) {
    if (read.size >= 10_000) read.clear();
    read.set(pattern, (parts = readParts(pattern)));
  }
  return parts;
}

function readParts(pattern: string): UrlParts | null {
  const parts = /^([a-z*]+):\/\/(\[[^\]]*\]|[^/:]*)(?::(\d+|\*))?(\/.*)?$/i.exec(pattern);
  if (!parts) return null;
  const scheme = parts[1]!.toLowerCase();
  return { scheme, host: parts[2]!.toLowerCase(), port: parts[3] ?? DEFAULTS[scheme] ?? OWN, path: (parts[4] ?? "").replace(/\/+$/, "") };
}

/** Word by word; a last `**` takes the rest. */
export function commandCovers(wide: readonly string[], narrow: readonly string[]): boolean {
  const [a, b] = [openCommand(wide), openCommand(narrow)];
  if (b.open && !a.open) return false;
  if (a.open ? b.words.length < a.words.length : b.words.length !== a.words.length) return false;
  return a.words.every((word, at) => globCovers(word, b.words[at]!));
}

export function commandsOverlap(one: readonly string[], other: readonly string[]): boolean {
  const [a, b] = [openCommand(one), openCommand(other)];
  if (!a.open && a.words.length < b.words.length) return false;
  if (!b.open && b.words.length < a.words.length) return false;
  return a.words.every((word, at) => b.words[at] === undefined || globsOverlap(word, b.words[at]));
}

function openCommand(words: readonly string[]): { readonly open: boolean; readonly words: readonly string[] } {
  const open = words.at(-1) === "**";
  return { open, words: open ? words.slice(0, -1) : words };
}
