/** Conditions on who speaks with whom: server, client, person. */
import type { ClientMatch, ServerMatch, WhoMatch } from "./language.ts";
import { globs, textClause, type Clause } from "./clause.ts";
import { glob } from "../base/glob.ts";
import { globsOverlap } from "./glob-overlap.ts";
import { readUrlPattern } from "./url-pattern.ts";
import type { View } from "./view.ts";

export function serverClauses(match: ServerMatch): Clause[] {
  const clauses: Clause[] = [];
  if (match.kind !== undefined) clauses.push(textClause("server is", match.kind, (view) => view.facts.channel.server.kind, { fixed: true }));
  if (match.url !== undefined) clauses.push(urlClause(match.url));
  if (match.command !== undefined) clauses.push(commandClause(match.command));
  if (match.package !== undefined) clauses.push(textClause("package", match.package, packageOf, { fixed: true }));
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

function urlClause(patterns: string | readonly string[]): Clause {
  const list = typeof patterns === "string" ? [patterns] : patterns;
  const read = list.map((pattern) => {
    const parsed = readUrlPattern(pattern);
    if (!parsed.ok) throw new Error(`a URL pattern that the schema should have refused: ${pattern}`);
    return parsed.value;
  });
  return {
    fixed: true,
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

function entryClause(ids: string | readonly string[]): Clause {
  const list = typeof ids === "string" ? [ids] : ids;
  return {
    fixed: false,
    test({ standing }) {
      if (list.some((id) => standing.entries.has(id))) return true;
      return list.some((id) => standing.maybe.has(id)) ? undefined : false;
    },
    describe: () => [`server entry ${list.join(", ")}`],
  };
}

function sanctionedClause(wanted: boolean): Clause {
  return {
    fixed: false,
    test: ({ standing }) => (standing.sanctioned === undefined ? undefined : standing.sanctioned === wanted),
    describe: ({ standing }) => [standing.sanctioned === undefined ? "it is not known whether the server is sanctioned" : wanted ? "server is sanctioned" : "server is not sanctioned"],
  };
}

function trustClause({ below, atLeast }: { readonly below?: number; readonly atLeast?: number }): Clause {
  return {
    fixed: false,
    test({ facts }) {
      if (!facts.trust) return undefined;
      return (below === undefined || facts.trust.score < below) && (atLeast === undefined || facts.trust.score >= atLeast);
    },
    describe: ({ facts }) => [facts.trust ? `trust score ${[below === undefined ? "" : `below ${below}`, atLeast === undefined ? "" : `at least ${atLeast}`].filter(Boolean).join(" and ")}` : "trust score is not known"],
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
    test(view) {
      if (any.matches(view.facts.channel.client.id)) return true;
      return isUnknown(view) && maybe ? undefined : false;
    },
    describe: (view) => [isUnknown(view) ? "client is not known" : `client ${any.text}`],
  };
}

function groupClause(patterns: string | readonly string[]): Clause {
  const any = globs(patterns, true);
  return {
    fixed: false,
    test: ({ facts }) => facts.who?.groups?.some((group) => any.matches(group)),
    describe: ({ facts }) => [facts.who?.groups ? `group ${any.text}` : "groups are not known"],
  };
}
