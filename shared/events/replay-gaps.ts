/** What records leave out of what a policy asks, and what the policy would say in the loosest case: where that differs, an answer depends on something unknown. */
import type { AdmissionEntry, Condition, Policy, Rule, ServerMatch, WhoMatch } from "../policy/language.ts";
import { compareEffects, isRestricting } from "../policy/verdict.ts";

/** One thing that a record may not tell. In words for people: {@link GAP_WORDS}. */
export type Gap = "user" | "group" | "device" | "trust" | "protocolVersion" | "authentication" | "count";

export const GAP_WORDS: Readonly<Record<Gap, string>> = {
  user: "who the person was",
  group: "which groups the person is in",
  device: "which computer it was",
  trust: "the server's trust score at that time",
  protocolVersion: "the protocol version (the connection began before the records)",
  authentication: "how the client authenticated (the connection began before the records)",
  count: "how many different values of one class there were",
};

type Keys<T> = { readonly [K in keyof T]-?: Gap | null };

/** Every key of the language and what it needs to know; null: records tell it. A key that is added to the language and not here fails the type check. */
const WHO: Keys<WhoMatch> = { user: "user", group: "group", device: "device" };
const SERVER: Keys<ServerMatch> = { id: null, url: null, command: null, package: null, kind: null, sanctioned: null, trust: "trust", riskLevel: "trust" };
const CONDITION: Keys<Omit<Condition, "who" | "server">> = {
  client: null,
  method: null,
  tool: null,
  prompt: null,
  resource: null,
  direction: null,
  data: null,
  transport: null,
  protocolVersion: "protocolVersion",
  authentication: "authentication",
};

/** All that the policy asks and that some record may not tell. */
export function gapsAsked(policy: Policy): ReadonlySet<Gap> {
  const asked = new Set<Gap>();
  for (const condition of conditionsOf(policy)) {
    for (const gap of gapsIn(condition)) asked.add(gap);
    if ((condition.data?.minCount ?? 1) > 1) asked.add("count");
  }
  return asked;
}

/** The policy as if every condition that asks one of these turned out the looser way. Its answers are a lower bound. */
export function loosest(policy: Policy, unknown: ReadonlySet<Gap>): Policy {
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
    admission: { ...policy.admission, servers: policy.admission.servers.flatMap((entry) => looserEntry(entry, policy, unknown)) },
    rules,
    exceptions: exceptions.flatMap(({ exception, when }) => (kept.has(exception.rule) && when !== undefined && when !== "always" ? [{ ...exception, when }] : [])),
  };
}

/** An entry that may match opens the server where its effect is looser than the default, and is not there where it is stricter. */
function looserEntry(entry: AdmissionEntry, { admission }: Policy, unknown: ReadonlySet<Gap>): AdmissionEntry[] {
  const { who, ...rest } = entry;
  const asks = { server: entry.match, ...(who && { who }) };
  if (!gapsIn(asks).some((gap) => unknown.has(gap))) return [entry];
  if (compareEffects(entry.effect, admission.default) > 0) return [];
  const left = withoutGaps(asks, unknown);
  // Nothing left to ask: it matches everything, which only a compiled policy may say.
  const match = left.server ?? {};
  return [{ ...rest, match, ...(left.who && { who: left.who }) }];
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

function conditionsOf({ admission, rules, exceptions = [] }: Policy): Condition[] {
  return [...admission.servers.map(({ match, who }) => ({ server: match, ...(who && { who }) })), ...rules.flatMap(({ when, unless }) => (unless ? [when, unless] : [when])), ...exceptions.map(({ when }) => when)];
}
