/** Conditions on who speaks with whom: server, client, person. */
import type { ClientMatch, ServerMatch, WhoMatch } from "./language.ts";
import { globs, textClause, type Clause } from "./clause.ts";
import { glob } from "../base/glob.ts";
import { globsOverlap } from "./glob-overlap.ts";
import { readVersionRange } from "../base/version-range.ts";
import { readUrlPattern, type UrlPattern } from "./url-pattern.ts";
import type { View } from "./view.ts";

export function serverClauses(match: ServerMatch): Clause[] {
  const clauses: Clause[] = [];
  if (match.kind !== undefined) clauses.push(textClause("server is", match.kind, (view) => view.facts.channel.server.kind, { fixed: true }));
  if (match.url !== undefined) clauses.push(urlClause(match.url));
  if (match.command !== undefined) clauses.push(commandClause(match.command));
  if (match.package !== undefined) clauses.push(textClause("package", match.package, packageOf, { fixed: true }));
  if (match.version !== undefined) clauses.push(versionClause(match.version));
  if (match.registryName !== undefined) clauses.push(textClause("registry name", match.registryName, (view) => view.facts.registryName));
  if (match.sha256 !== undefined) clauses.push(textClause("file SHA-256", match.sha256, (view) => view.facts.sha256, { ignoreCase: true }));
  if (match.pin !== undefined) clauses.push(textClause("definitions", match.pin, (view) => view.facts.pin));
  if (match.id !== undefined) clauses.push(entryClause(match.id));
  if (match.sanctioned !== undefined) clauses.push(sanctionedClause(match.sanctioned));
  if (match.trust !== undefined) clauses.push(trustClause(match.trust));
  if (match.riskLevel !== undefined) clauses.push(textClause("risk level", match.riskLevel, (view) => view.facts.trust?.level));
  return clauses;
}

export function clientClauses(match: ClientMatch): Clause[] {
  const clauses: Clause[] = [];
  if (match.point !== undefined) clauses.push(textClause("place", match.point, (view) => view.facts.channel.point, { fixed: true }));
  if (match.id !== undefined) clauses.push(clientIdClause(match.id));
  if (match.webApp !== undefined) clauses.push(webAppClause(match.webApp));
  return clauses;
}

/** Directories and Windows do not tell `Alice` from `alice`, so neither do we. */
export function whoClauses(match: WhoMatch): Clause[] {
  const clauses: Clause[] = [];
  if (match.user !== undefined) clauses.push(textClause("user", match.user, (view) => view.facts.who?.user, { ignoreCase: true }));
  if (match.device !== undefined) clauses.push(textClause("device", match.device, (view) => view.facts.who?.device, { ignoreCase: true }));
  if (match.group !== undefined) clauses.push(groupClause(match.group));
  return clauses;
}

function urlPatterns(patterns: string | readonly string[]): UrlPattern[] {
  return listOf(patterns).map((pattern) => {
    const parsed = readUrlPattern(pattern);
    if (!parsed.ok) throw new Error(`a URL pattern that the schema should have refused: ${pattern}`);
    return parsed.value;
  });
}

function listOf(patterns: string | readonly string[]): readonly string[] {
  return typeof patterns === "string" ? [patterns] : patterns;
}

function urlClause(patterns: string | readonly string[]): Clause {
  const list = listOf(patterns);
  const read = urlPatterns(patterns);
  return {
    fixed: true,
    asks: `server ${list.join(", ")}`,
    test({ facts }) {
      const { server } = facts.channel;
      return server.kind === "remote" && read.some((pattern) => pattern.matches(server.url));
    },
    describe: () => [`server ${list.join(", ")}`],
  };
}

function commandClause(parts: readonly string[]): Clause {
  const open = parts.at(-1) === "**";
  const wanted = (open ? parts.slice(0, -1) : parts).map((part) => glob(part));
  return {
    fixed: true,
    asks: `command ${parts.join(" ")}`,
    test({ facts }) {
      const { server } = facts.channel;
      if (server.kind !== "local") return false;
      const words = [server.command, ...server.args];
      if (open ? words.length < wanted.length : words.length !== wanted.length) return false;
      return wanted.every((part, at) => part.matches(words[at]!));
    },
    describe: () => [`command ${parts.join(" ")}`],
  };
}

function packageOf({ facts }: View): string | null {
  const { server } = facts.channel;
  return server.kind === "local" && server.package ? `${server.package.registry}:${server.package.name}` : null;
}

/** A server that is no package has no version; a package that is started without one may be any. */
function versionClause(range: string): Clause {
  const read = readVersionRange(range);
  if (!read.ok) throw new Error(`a version range that the schema should have refused: ${range}`);
  const versionOf = ({ facts: { channel } }: View): boolean | undefined => {
    const { server } = channel;
    if (server.kind !== "local" || !server.package) return false;
    return server.package.version === undefined ? undefined : read.value(server.package.version);
  };
  return { fixed: true, asks: `version ${range}`, test: versionOf, describe: (view) => [versionOf(view) === undefined ? "version is not known" : `version ${range}`] };
}

function entryClause(ids: string | readonly string[]): Clause {
  const list = listOf(ids);
  return {
    fixed: false,
    asks: `server entry ${list.join(", ")}`,
    test({ standing }) {
      if (list.some((id) => standing.entries.has(id))) return true;
      return list.some((id) => standing.maybe.has(id)) ? undefined : false;
    },
    describe: () => [`server entry ${list.join(", ")}`],
  };
}

function sanctionedClause(wanted: boolean): Clause {
  const asks = wanted ? "server is sanctioned" : "server is not sanctioned";
  return {
    fixed: false,
    asks,
    test: ({ standing }) => (standing.sanctioned === undefined ? undefined : standing.sanctioned === wanted),
    describe: ({ standing }) => [standing.sanctioned === undefined ? "it is not known whether the server is sanctioned" : asks],
  };
}

function trustClause({ below, atLeast }: { readonly below?: number; readonly atLeast?: number }): Clause {
  const asks = `trust score ${[below === undefined ? "" : `below ${below}`, atLeast === undefined ? "" : `at least ${atLeast}`].filter(Boolean).join(" and ")}`;
  return {
    fixed: false,
    asks,
    test({ facts }) {
      if (!facts.trust) return undefined;
      return (below === undefined || facts.trust.score < below) && (atLeast === undefined || facts.trust.score >= atLeast);
    },
    describe: ({ facts }) => [facts.trust ? asks : "trust score is not known"],
  };
}

const UNKNOWN_CLIENT = "client:unknown";

/** `client:unknown` is a desktop client whose name we do not know: it may be the one a pattern means, but it is no web app. */
function clientIdClause(patterns: string | readonly string[]): Clause {
  const any = globs(patterns);
  const maybe = any.all.some(({ pattern }) => globsOverlap(pattern, "client:*"));
  const isUnknown = (view: View): boolean => view.facts.channel.client.id === UNKNOWN_CLIENT;
  return {
    fixed: true,
    asks: `client ${any.text}`,
    test(view) {
      if (any.matches(view.facts.channel.client.id)) return true;
      return isUnknown(view) && maybe ? undefined : false;
    },
    describe: (view) => [isUnknown(view) ? "client is not known" : `client ${any.text}`],
  };
}

/** A desktop client is no web app, known or not. */
function webAppClause(patterns: string | readonly string[]): Clause {
  const read = urlPatterns(patterns);
  const asks = `web app ${listOf(patterns).join(", ")}`;
  return {
    fixed: true,
    asks,
    test({ facts }) {
      const { id } = facts.channel.client;
      return id.startsWith("app:") && read.some((pattern) => pattern.matches(id.slice(4)));
    },
    describe: () => [asks],
  };
}

function groupClause(patterns: string | readonly string[]): Clause {
  const any = globs(patterns, true);
  return {
    fixed: false,
    asks: `group ${any.text}`,
    test: ({ facts }) => facts.who?.groups?.some((group) => any.matches(group)),
    describe: ({ facts }) => [facts.who?.groups ? `group ${any.text}` : "groups are not known"],
  };
}
