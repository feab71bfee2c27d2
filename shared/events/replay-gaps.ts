/** What records leave out of what a policy asks, and what the policy would say in the loosest case: where that differs, an answer depends on something unknown. */
import type { AdmissionEntry, Condition, Policy, Rule, ServerMatch, WhoMatch } from "../policy/language.ts";
import { isRestricting } from "../policy/verdict.ts";

/** One thing that a record may not tell. In words for people: {@link GAP_WORDS}. */
export type Gap = "user" | "group" | "device" | "trust" | "registryName" | "sha256" | "pin" | "arguments" | "threat" | "flow" | "network" | "rate" | "protocolVersion" | "authentication" | "name" | "count" | "standing";

export const GAP_WORDS: Readonly<Record<Gap, string>> = {
  user: "who the person was",
  group: "which groups the person is in",
  device: "which computer it was",
  trust: "the server's trust score at that time",
  registryName: "the server's name in the registry",
  sha256: "the program file's hash",
  pin: "whether the server's definitions had changed",
  arguments: "the values of arguments (records never hold them)",
  threat: "signs of an attack in the text",
  flow: "what the conversation had touched before",
  network: "which network the computer was in",
  rate: "how much had gone through shortly before",
  protocolVersion: "the protocol version (the connection began before the records)",
  authentication: "how the client authenticated (the connection began before the records)",
  name: "the whole name (a record cuts long ones, withholds those that carry secrets, and leaves out a resource's query)",
  count: "how many different values of one class there were",
  standing: "which server entries applied",
};

type Keys<T> = { readonly [K in keyof T]-?: Gap | null };

/** Every key of the language and what it needs to know; null: records tell it. A key that is added to the language and not here fails the type check. */
const WHO: Keys<WhoMatch> = { user: "user", group: "group", device: "device" };
const SERVER: Keys<ServerMatch> = { id: "standing", url: null, command: null, package: null, version: null, registryName: "registryName", sha256: "sha256", pin: "pin", kind: null, sanctioned: "standing", trust: "trust", riskLevel: "trust" };
const CONDITION: Keys<Omit<Condition, "who" | "server">> = {
  client: null,
  method: "name",
  tool: "name",
  prompt: "name",
  resource: "name",
  arguments: "arguments",
  direction: null,
  data: null,
  threat: "threat",
  flow: "flow",
  transport: null,
  protocolVersion: "protocolVersion",
  authentication: "authentication",
  time: null,
  network: "network",
  rate: "rate",
};

/** All that the policy asks and that some record may not tell. */
export function gapsAsked(policy: Policy): ReadonlySet<Gap> {
  const asked = new Set<Gap>();
  for (const condition of conditionsOf(policy)) {
    for (const gap of gapsIn(condition)) if (gap !== "standing") asked.add(gap);
    if ((condition.data?.minCount ?? 1) > 1 || (condition.data?.minTotal ?? 1) > 1) asked.add("count");
  }
  if (policy.admission.servers.some(({ tools }) => tools)) asked.add("name");
  return asked;
}

/** The policy as if every condition that asks one of these turned out the looser way. Its answers are a lower bound. */
export function loosest(policy: Policy, gaps: ReadonlySet<Gap>): Policy {
  const servers = policy.admission.servers.map((entry) => looserEntry(entry, gaps));
  // Where an entry may apply or not, so may whatever asks which entry applied.
  const unknown = servers.every((entry, at) => entry === policy.admission.servers[at]) ? gaps : new Set<Gap>([...gaps, "standing"]);
  const isOpen = (condition: Condition): boolean => gapsIn(condition).some((gap) => unknown.has(gap));
  const spares = (condition: Condition | undefined): Condition | undefined | "always" => {
    if (!condition || !isOpen(condition)) return condition;
    const rest = withoutGaps(condition, unknown);
    return Object.keys(rest).length === 0 ? "always" : rest;
  };
  const exceptions = (policy.exceptions ?? []).map((exception) => ({ exception, when: spares(exception.when) }));
  const always = new Set(exceptions.filter(({ when }) => when === "always").map(({ exception }) => exception.rule));
  const rules = policy.rules.flatMap((rule): Rule[] => {
    if (!isRestricting(rule.effect)) return [rule];
    const unless = spares(rule.unless);
    if (isOpen(rule.when) || unless === "always" || always.has(rule.id)) return [];
    return [unless === undefined ? rule : { ...rule, unless }];
  });
  const kept = new Set(rules.map(({ id }) => id));
  return {
    ...policy,
    admission: { ...policy.admission, servers },
    rules,
    exceptions: exceptions.flatMap(({ exception, when }) => (kept.has(exception.rule) && when !== undefined && when !== "always" ? [{ ...exception, when }] : [])),
  };
}

/** At its loosest an entry that may match lets the server in and asks for nothing. */
function looserEntry(entry: AdmissionEntry, unknown: ReadonlySet<Gap>): AdmissionEntry {
  const asks = { server: entry.match, ...(entry.who && { who: entry.who }) };
  const asksTool = entry.tools !== undefined && unknown.has("name");
  if (!asksTool && !gapsIn(asks).some((gap) => unknown.has(gap))) return entry;
  const left = withoutGaps(asks, unknown);
  // Nothing left to ask: it matches everything, which only a compiled policy may say.
  return { id: entry.id, match: left.server ?? {}, ...(entry.client && { client: entry.client }), ...(left.who && { who: left.who }), effect: "allow" };
}

function gapsIn(condition: Condition): Gap[] {
  const found: (Gap | null)[] = [];
  for (const key of Object.keys(condition) as (keyof Condition)[]) {
    if (condition[key] === undefined) continue;
    if (key === "who") found.push(...(Object.keys(condition.who ?? {}) as (keyof WhoMatch)[]).map((each) => WHO[each]));
    else if (key === "server") found.push(...(Object.keys(condition.server ?? {}) as (keyof ServerMatch)[]).map((each) => SERVER[each]));
    else found.push(CONDITION[key]);
  }
  return found.filter((gap) => gap !== null);
}

function withoutGaps({ who, server, ...rest }: Condition, unknown: ReadonlySet<Gap>): Condition {
  const keep = (gap: Gap | null): boolean => gap === null || !unknown.has(gap);
  const members = <T extends object>(value: T, keys: Keys<T>): T => Object.fromEntries(Object.entries(value).filter(([key]) => keep(keys[key as keyof T]))) as T;
  const left = { ...(who && { who: members(who, WHO) }), ...(server && { server: members(server, SERVER) }), ...members(rest, CONDITION) };
  return Object.fromEntries(Object.entries(left).filter(([, value]) => typeof value !== "object" || Object.keys(value).length > 0)) as Condition;
}

/** Every condition that a decision may ask. */
export function conditionsOf({ admission, rules, exceptions = [] }: Policy): Condition[] {
  return [...admission.servers.map(({ match, who }) => ({ server: match, ...(who && { who }) })), ...rules.flatMap(({ when, unless }) => (unless ? [when, unless] : [when])), ...exceptions.map(({ when }) => when)];
}
