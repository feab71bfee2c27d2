/** How two conditions stand to each other. Both answers are sure when they are "yes"; what cannot be told is "no". */
import { canonicalJson } from "../canonical.ts";
import type { ClientMatch, Condition, DataMatch, ServerMatch, WhoMatch } from "../language.ts";
import { allCovered, anyOverlap, commandCovers, commandsOverlap, globCovers, listOf, urlCovers, urlsOverlap, type Patterns } from "./patterns.ts";

export type Labels = ReadonlyMap<string, readonly string[]>;

/** Every message that `narrow` matches is matched by `wide`. */
export function conditionCovers(wide: Condition, narrow: Condition, labels: Labels): boolean {
  // Asked of every pair of rules: most are told apart by what they ask about at all.
  if ((wide.direction !== undefined && wide.direction !== narrow.direction) || !everyKey(wide, (key) => narrow[key] !== undefined)) return false;
  return everyKey(wide, (key) => {
    const [a, b] = [wide[key], narrow[key]];
    if (a === b) return true;
    switch (key) {
      case "method":
      case "tool":
      case "prompt":
      case "resource":
      case "transport":
      case "protocolVersion":
      case "authentication":
        return allCovered(a as Patterns, b as Patterns);
      case "network":
        return listOf(b as Patterns).every((name) => listOf(a as Patterns).includes(name));
      case "who":
        return membersCover(a as WhoMatch, b as WhoMatch, (_, wideOne, narrowOne) => allCovered(lower(wideOne as Patterns), lower(narrowOne as Patterns)));
      case "client":
        return membersCover(a as ClientMatch, b as ClientMatch, (member, wideOne, narrowOne) => allCovered(wideOne as Patterns, narrowOne as Patterns, member === "webApp" ? urlCovers : globCovers));
      case "server":
        return membersCover(a as ServerMatch, b as ServerMatch, serverMemberCovers);
      case "data":
        return dataCovers(a as DataMatch, b as DataMatch, labels);
      default:
        // Arguments, windows, rates: only the same is surely covered.
        return typeof a === "object" && canonicalJson(a) === canonicalJson(b);
    }
  });
}

/** No message can match both. */
export function conditionsExclude(a: Condition, b: Condition): boolean {
  const differ = (x: Patterns | undefined, y: Patterns | undefined, overlap = anyOverlap): boolean => x !== undefined && y !== undefined && !overlap(x, y);
  if (a.direction !== undefined && b.direction !== undefined && a.direction !== b.direction) return true;
  for (const key of ["method", "tool", "prompt", "resource", "transport", "protocolVersion", "authentication"] as const) if (differ(a[key], b[key])) return true;
  if (differ(a.client?.id, b.client?.id) || differ(a.client?.point, b.client?.point)) return true;
  if (differ(a.who?.user && lower(a.who.user), b.who?.user && lower(b.who.user)) || differ(a.who?.device && lower(a.who.device), b.who?.device && lower(b.who.device))) return true;
  const [x, y] = [a.server ?? {}, b.server ?? {}];
  if (serverKinds(x, y).length === 0) return true;
  if (differ(x.url, y.url, (one, other) => anyOverlap(one, other, urlsOverlap))) return true;
  if (differ(x.package, y.package) || differ(x.riskLevel, y.riskLevel) || differ(x.pin, y.pin) || differ(x.registryName, y.registryName)) return true;
  if (x.command && y.command && !commandsOverlap(x.command, y.command)) return true;
  if (x.sanctioned !== undefined && y.sanctioned !== undefined && x.sanctioned !== y.sanctioned) return true;
  if (trustEmpty({ ...x.trust, ...y.trust, atLeast: Math.max(x.trust?.atLeast ?? 0, y.trust?.atLeast ?? 0), below: Math.min(x.trust?.below ?? 101, y.trust?.below ?? 101) })) return true;
  return false;
}

export function trustEmpty({ below = 101, atLeast = 0 }: NonNullable<ServerMatch["trust"]>): boolean {
  return below <= atLeast;
}

/** What a server can be that both match: their keys decide, because only a remote one has a URL and only a local one a command. */
export function serverKinds(...matches: readonly ServerMatch[]): ("remote" | "local")[] {
  return (["remote", "local"] as const).filter((kind) =>
    matches.every((match) => {
      if (match.kind !== undefined && match.kind !== kind) return false;
      const local = match.command ?? match.package ?? match.version ?? match.sha256;
      return kind === "remote" ? local === undefined : match.url === undefined;
    }),
  );
}

/** The same words in the same condition, whatever their order in the file. */
export function isSameCondition(a: Condition, b: Condition): boolean {
  return canonicalJson(sorted(a)) === canonicalJson(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 1 ? sorted(value[0]) : [...new Set(value.map((each) => canonicalJson(sorted(each))))].sort();
  if (typeof value !== "object" || value === null) return value;
  // The order of a command's words is what it means.
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, key === "command" ? member : sorted(member)]));
}

function serverMemberCovers(member: keyof ServerMatch, wide: unknown, narrow: unknown): boolean {
  switch (member) {
    case "url":
      return allCovered(wide as Patterns, narrow as Patterns, urlCovers);
    case "command":
      return commandCovers(wide as readonly string[], narrow as readonly string[]);
    case "trust": {
      const [a, b] = [wide, narrow] as NonNullable<ServerMatch["trust"]>[];
      return (a!.below ?? 101) >= (b!.below ?? 101) && (a!.atLeast ?? 0) <= (b!.atLeast ?? 0);
    }
    case "package":
    case "registryName":
      return allCovered(wide as Patterns, narrow as Patterns);
    case "id":
    case "riskLevel":
    case "pin":
    case "sha256":
      return listOf(narrow as Patterns).every((each) => listOf(wide as Patterns).includes(each));
    default:
      return wide === narrow;
  }
}

const LEVELS = { low: 0, medium: 1, high: 2 } as const;

function dataCovers(wide: DataMatch, narrow: DataMatch, labels: Labels): boolean {
  const classes = (match: DataMatch): string[] => match.any.flatMap((each) => (each.startsWith("$") ? (labels.get(each.slice(1)) ?? []) : [each]));
  if (LEVELS[wide.minConfidence ?? "medium"] > LEVELS[narrow.minConfidence ?? "medium"]) return false;
  if ((wide.minCount ?? 1) > (narrow.minCount ?? 1) || (wide.minTotal ?? 1) > (narrow.minTotal ?? 1)) return false;
  return allCovered(classes(wide), classes(narrow));
}

function membersCover<T extends object>(wide: T, narrow: T, covers: (member: keyof T, wide: unknown, narrow: unknown) => boolean): boolean {
  return everyKey(wide, (member) => narrow[member] !== undefined && covers(member, wide[member], narrow[member]));
}

function everyKey<T extends object>(value: T, holds: (key: keyof T) => boolean): boolean {
  return (Object.keys(value) as (keyof T)[]).every((key) => value[key] === undefined || holds(key));
}

function lower(patterns: Patterns): Patterns {
  return listOf(patterns).map((each) => each.toLowerCase());
}
