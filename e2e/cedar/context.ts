/** Facts of one message as a Cedar context: plain values, worked out without the engine they are to check. */
import type { Facts } from "../../shared/policy/decision.ts";
import type { DataMatch, Policy } from "../../shared/policy/language.ts";

export type CedarValue = string | number | boolean | { readonly [key: string]: CedarValue } | readonly CedarValue[];
export type CedarContext = Record<string, CedarValue>;

/** What admission said, for the rules that ask. */
export interface Standing {
  readonly entries: readonly string[];
  readonly maybeEntries: readonly string[];
  readonly sanctioned: boolean | undefined;
}

/** @param data each data condition of the policy, by the name its counts shall have. */
export function contextOf(facts: Facts, policy: Policy, data: ReadonlyMap<string, DataMatch>, standing: Standing): CedarContext {
  const { channel, who, trust, tool } = facts;
  const isCall = facts.direction === "to-server" && tool !== null;
  return {
    direction: facts.direction,
    ...(facts.method !== undefined && { method: facts.method }),
    toolKnown: tool !== undefined,
    ...(typeof tool === "string" && { tool }),
    ...(who?.user !== undefined && { user: who.user.toLowerCase() }),
    ...(who?.groups && { groups: who.groups.map((group) => group.toLowerCase()) }),
    client: channel.client.id,
    point: channel.point,
    ...serverContext(facts),
    ...(facts.authentication !== "unknown" && { authentication: facts.authentication }),
    ...(trust && { trust: trust.score }),
    ...argumentsContext(facts.arguments),
    ...clockContext("utc", facts.now),
    // None of the moments that are generated falls into summer time.
    ...clockContext("berlin", facts.now + 3_600_000),
    ...(facts.addresses && { addressKnown: true }),
    ...(facts.addresses?.[0] !== undefined && { address: { __extn: { fn: "ip", arg: facts.addresses[0] } } }),
    isCall,
    bytes: facts.bytes ?? 0,
    ...(facts.rate && { before: facts.rate.read({ of: "calls", per: 1, by: "session" }, facts)! }),
    now: facts.now,
    entries: standing.entries,
    maybeEntries: standing.maybeEntries,
    ...(standing.sanctioned !== undefined && { sanctioned: standing.sanctioned }),
    ...Object.fromEntries(Array.from(data, ([key, match]) => [key, countsOf(match, facts, policy)])),
  };
}

function serverContext({ channel: { server } }: Facts): CedarContext {
  if (server.kind === "remote") {
    const { origin, pathname } = new URL(server.url);
    return { kind: "remote", origin, path: pathname === "/" ? "" : pathname };
  }
  const words = [server.command, ...server.args];
  const [major, minor] = (server.package?.version ?? "").split(".").map(Number);
  return {
    kind: "local",
    words: words.length,
    ...Object.fromEntries(words.map((word, at) => [`word${at}`, word])),
    ...(server.package && { package: `${server.package.registry}:${server.package.name}` }),
    ...(server.package?.version !== undefined && { major: major!, minor: minor! }),
  };
}

function argumentsContext(given: unknown): CedarContext {
  const args = (given ?? {}) as { path?: unknown; n?: unknown; list?: unknown };
  return {
    argumentsKnown: given !== undefined,
    isNoCall: given === null,
    path_kind: args.path === undefined ? "nothing" : typeof args.path === "string" ? "text" : "parts",
    ...(typeof args.path === "string" && { path_text: args.path }),
    ...(args.n !== undefined && { n: Number(args.n) }),
    members: Array.isArray(args.list) ? (args.list as number[]) : [],
    ...(args.list !== undefined && { size: (args.list as { length: number }).length }),
  };
}

function clockContext(name: string, ms: number): CedarContext {
  const date = new Date(ms);
  return { [`${name}_day`]: date.getUTCDay(), [`${name}_yesterday`]: (date.getUTCDay() + 6) % 7, [`${name}_minutes`]: date.getUTCHours() * 60 + date.getUTCMinutes() };
}

const UNIVERSE = ["secret.jwt", "pii.email", "pci.card-number"];
const CONFIDENCE = { low: 0.3, medium: 0.6, high: 0.85 };

function countsOf({ any, minConfidence = "medium" }: DataMatch, { findings, unknownClasses }: Facts, { labels = {} }: Policy): CedarContext {
  const patterns = any.flatMap((pattern) => (pattern.startsWith("$") ? (labels[pattern.slice(1)] ?? []) : [pattern]));
  const covers = (name: string): boolean => patterns.some((pattern) => asExpression(pattern).test(name));
  const found = findings.filter((finding) => finding.confidence >= CONFIDENCE[minConfidence] && covers(finding.class));
  const unknown = UNIVERSE.filter((name) => unknownClasses.some((pattern) => asExpression(pattern).test(name)));
  return { distinct: new Set(found.map(({ fingerprint }) => fingerprint)).size, total: found.length, unchecked: unknown.some(covers) };
}

/** Only in this test: our own patterns, short and harmless. */
export function asExpression(pattern: string): RegExp {
  return new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);
}
