/** What the shape of a condition cannot say: names that must exist, tests that could never hold, things that this build cannot see. */
import { readVersionRange } from "../base/version-range.ts";
import { readPointer } from "./argument-clause.ts";
import { durationMs } from "./duration.ts";
import type { ArgumentMatch, Condition, DataMatch, Range, RateMatch, ServerMatch, TimeWindow } from "./language-conditions.ts";
import type { Policy } from "./language.ts";
import { classProblem, clientProblem, commandProblem, digestProblem, methodProblem, packageProblem, protocolProblem, urlProblem, webAppProblem } from "./pattern-checks.ts";
import { isEmpty, placed, type Path, type ProblemList } from "./problem-list.ts";
import { isZone, readDays, readTime } from "./time-window.ts";

/** What conditions may name. */
export interface Known {
  readonly entries: ReadonlySet<string>;
  readonly labels: ReadonlySet<string>;
  readonly networks: ReadonlySet<string>;
}

export function knownIn(policy: Policy): Known {
  return {
    entries: new Set(policy.admission.servers.map((entry) => entry.id)),
    labels: new Set(Object.keys(policy.labels ?? {})),
    networks: new Set(Object.keys(policy.networks ?? {})),
  };
}

/** Declared in the language, but nothing in this build reports them yet: a rule that asked for them would restrict everything or nothing. Whoever builds the detector takes the line out. */
const UNSEEN = {
  condition: { threat: "threat findings", flow: "flow marks" },
  server: { pin: "whether a server's definitions have changed", sha256: "the hash of a server's program file", registryName: "a server's name in the registry" },
} as const;

export function checkCondition(list: ProblemList, condition: Condition, path: Path, known: Known, fix: string): void {
  if (isEmpty(condition)) list.report(path, { message: "is empty and would match everything by accident", fix });
  checkUnseen(list, condition, UNSEEN.condition, path);
  if (condition.server) checkServer(list, condition.server, [...path, "server"], known);
  checkParties(list, condition, path);
  list.each(condition.method, [...path, "method"], methodProblem);
  list.each(condition.protocolVersion, [...path, "protocolVersion"], protocolProblem);
  if (condition.data) checkData(list, condition.data, [...path, "data"], known);
  for (const [match, at] of placed(condition.arguments, [...path, "arguments"])) checkArgument(list, match as ArgumentMatch, at);
  for (const [window, at] of placed<TimeWindow>(condition.time, [...path, "time"])) checkWindow(list, window, at);
  for (const [name, at] of placed<string>(condition.network, [...path, "network"])) list.known(name, known.networks, at, "network");
  if (condition.rate) checkRate(list, condition.rate, [...path, "rate"]);
  const callsOnly = condition.arguments ? "arguments" : condition.rate?.calls ? "rate" : null;
  if (callsOnly && condition.direction === "to-client") list.report([...path, callsOnly], { message: "is about calls, and calls go to servers: together with direction to-client it could never match", fix: 'remove "direction"' });
}

/** @param known null: an admission entry, which cannot ask what admission says. */
export function checkServer(list: ProblemList, match: ServerMatch, path: Path, known: Known | null): void {
  if (known) {
    list.notEmpty(match, path);
    for (const [id, at] of placed<string>(match.id, [...path, "id"])) list.known(id, known.entries, at, "server entry");
  }
  checkUnseen(list, match, UNSEEN.server, path);
  list.each(match.url, [...path, "url"], urlProblem);
  list.each(match.package, [...path, "package"], packageProblem);
  list.each(match.sha256, [...path, "sha256"], digestProblem);
  if (match.command) list.report([...path, "command"], commandProblem(match.command));
  if (match.trust) {
    list.notEmpty(match.trust, [...path, "trust"]);
    const { below, atLeast } = match.trust;
    if (below !== undefined && atLeast !== undefined && below <= atLeast) list.report([...path, "trust"], { message: `no score is at least ${atLeast} and below ${below}` });
  }
  if (match.version !== undefined) {
    const read = readVersionRange(match.version);
    if (!read.ok) list.report([...path, "version"], { message: `${read.why}`, fix: 'write a range such as ">=1.4.0 <2", "^1.4" or "1.4.*"' });
    if (match.package === undefined) list.report([...path, "version"], { message: '"version" needs "package" beside it: a version is one of a package', fix: 'add the package, such as package: "npm:@acme/desk"' });
  }
}

export function checkParties(list: ProblemList, holder: Pick<Condition, "client" | "who">, path: Path): void {
  if (holder.client) {
    list.notEmpty(holder.client, [...path, "client"]);
    list.each(holder.client.id, [...path, "client", "id"], clientProblem);
    list.each(holder.client.webApp, [...path, "client", "webApp"], webAppProblem);
  }
  if (holder.who) list.notEmpty(holder.who, [...path, "who"]);
}

function checkUnseen(list: ProblemList, value: object, unseen: Readonly<Record<string, string>>, path: Path): void {
  for (const [key, what] of Object.entries(unseen))
    if ((value as Record<string, unknown>)[key] !== undefined) list.report([...path, key], { message: `this version of Sluice cannot see ${what} yet`, fix: `remove "${key}", or wait for a version that can` });
}

function checkData(list: ProblemList, data: DataMatch, path: Path, known: Known): void {
  for (const [at, pattern] of data.any.entries()) {
    if (pattern.startsWith("$")) list.known(pattern.slice(1), known.labels, [...path, "any", at], "label", "$");
    else list.report([...path, "any", at], classProblem(pattern));
  }
}

function checkArgument(list: ProblemList, match: ArgumentMatch, path: Path): void {
  const { at, exists, ...tests } = match;
  if (!readPointer(at)) list.report([...path, "at"], { message: `${JSON.stringify(at)} is no place in the arguments`, fix: at.startsWith("/") ? "write ~1 for a / and ~0 for a ~ inside a name; at most 32 steps" : `begin with a slash: ${JSON.stringify(`/${at.replaceAll(".", "/")}`)}` });
  if (exists === undefined && isEmpty(tests)) list.report(path, { message: "does not say what the argument must be", fix: "add equals, in, glob, range, size or exists" });
  if (exists === false && !isEmpty(tests)) list.report([...path, "exists"], { message: "what is not there cannot be tested further", fix: "remove the other tests, or exists: false" });
  for (const key of ["range", "size"] as const) {
    const range = match[key];
    if (!range) continue;
    list.notEmpty(range, [...path, key]);
    checkRange(list, range, [...path, key]);
  }
}

function checkRange(list: ProblemList, { atLeast, atMost }: Range, path: Path): void {
  if (atLeast !== undefined && atMost !== undefined && atLeast > atMost) list.report(path, { message: `nothing is at least ${atLeast} and at most ${atMost}`, fix: "put the smaller number first" });
}

function checkWindow(list: ProblemList, window: TimeWindow, path: Path): void {
  const { days, from, to, zone } = window;
  list.each(days, [...path, "days"], (text) => {
    const read = readDays(text);
    return read.ok ? undefined : { message: read.why, fix: "write mon, tue, wed, thu, fri, sat, sun, or a span such as mon-fri" };
  });
  const clockProblem = (text: string): { message: string; fix: string } | undefined => (readTime(text) === undefined ? { message: `"${text}" is no time of day`, fix: 'write hours and minutes in quotes, such as "08:00"' } : undefined);
  list.each(from, [...path, "from"], clockProblem);
  list.each(to, [...path, "to"], clockProblem);
  if ((from ?? "00:00") === (to ?? "24:00")) list.report(path, { message: "begins and ends at the same minute", fix: "for the whole day leave from and to out" });
  if (from === "24:00") list.report([...path, "from"], { message: "the day is over at 24:00", fix: 'write "00:00"' });
  if (days === undefined && from === undefined && to === undefined) list.report(path, { message: "is open all week and would match everything by accident", fix: "add days, from or to" });
  if (!isZone(zone)) list.report([...path, "zone"], { message: `no time zone is called ${JSON.stringify(zone)}`, fix: 'write a name such as "Europe/Berlin", "America/New_York" or "UTC"' });
}

const SHORTEST = 10_000;
const LONGEST = 86_400_000;

function checkRate(list: ProblemList, { calls, bytes, per }: RateMatch, path: Path): void {
  if (!calls === !bytes) list.report(path, { message: calls ? "counts both calls and bytes" : "does not say what to count", fix: 'write either calls: { over: 30 } or bytes: { over: 1000000 }' });
  const ms = durationMs(per) ?? 0;
  if (ms < SHORTEST || ms > LONGEST) list.report([...path, "per"], { message: `"${per}" is no window that can be counted`, fix: "write 10s at least and 1d at most" });
}
