/** What a policy's shape cannot say: names that must exist, keys that must not stand alone, terms that nobody would ever see. */
import { readAddress, readAddressRange } from "../base/address.ts";
import { remoteServer } from "../mcp/identity.ts";
import { checkCondition, checkParties, checkServer, knownIn, type Known } from "./condition-checks.ts";
import { ADMISSION_DEFAULT } from "./decision.ts";
import { durationMs } from "./duration.ts";
import type { AdmissionEntry, Effect, Exception, Given, HoldWords, Policy, Rule } from "./language.ts";
import { classProblem, clientProblem, labelNameProblem } from "./pattern-checks.ts";
import { isEmpty, ProblemList, type Path } from "./problem-list.ts";
import type { PolicyProblem } from "./schema.ts";

/** Problems of a policy whose shape is right. */
export function crossCheck(policy: Policy): PolicyProblem[] {
  const list = new ProblemList();
  const known = knownIn(policy);
  checkIds(list, policy);
  checkNames(list, policy, known);
  checkHold(list, policy.admission, [policy.admission.default], ["admission"]);
  for (const [at, entry] of policy.admission.servers.entries()) checkEntry(list, entry, ["admission", "servers", at]);
  for (const [at, rule] of policy.rules.entries()) checkRule(list, rule, ["rules", at], known);
  const rules = new Set(policy.rules.map((rule) => rule.id));
  for (const [at, exception] of (policy.exceptions ?? []).entries()) checkException(list, exception, ["exceptions", at], known, rules);
  return list.all;
}

/** Entries and rules share one space: `decidedBy` names either. */
function checkIds(list: ProblemList, { admission, rules }: Policy): void {
  const seen = new Map<string, string>([[ADMISSION_DEFAULT, "the name of the admission default"]]);
  const look = (id: string, path: Path, what: string): void => {
    const before = seen.get(id);
    if (before) list.report(path, { message: `the id "${id}" is already ${before}`, fix: "give each rule and each server entry an id of its own" });
    else seen.set(id, what);
  };
  for (const [at, entry] of admission.servers.entries()) look(entry.id, ["admission", "servers", at, "id"], "used by a server entry");
  for (const [at, rule] of rules.entries()) look(rule.id, ["rules", at, "id"], "used by a rule");
}

/** Labels, networks and styles: what the policy gives names to. */
function checkNames(list: ProblemList, { labels = {}, networks = {}, redaction = {} }: Policy, known: Known): void {
  for (const [name, classes] of Object.entries(labels)) {
    list.report(["labels", name], labelNameProblem(name, "label"));
    for (const [at, pattern] of classes.entries()) list.report(["labels", name, at], classProblem(pattern));
  }
  for (const [name, ranges] of Object.entries(networks)) {
    list.report(["networks", name], labelNameProblem(name, "network"));
    for (const [at, text] of ranges.entries()) {
      const read = readAddressRange(text);
      if (!read.ok) list.report(["networks", name, at], { message: `"${text}" ${read.why}` });
    }
  }
  for (const [pattern, terms] of Object.entries(redaction)) {
    const path = ["redaction", pattern];
    list.report(path, classProblem(pattern));
    if (typeof terms === "string" || !terms.restoreFor) continue;
    if (terms.style !== "token") list.report([...path, "restoreFor"], { message: `nothing can be put back for style "${terms.style}"`, fix: 'write style: token, or remove "restoreFor"' });
    checkServer(list, terms.restoreFor, [...path, "restoreFor"], known);
  }
}

function checkEntry(list: ProblemList, entry: AdmissionEntry, path: Path): void {
  const { match } = entry;
  if (isEmpty(match)) list.report([...path, "match"], { message: "is empty and would match every server by accident", fix: 'to mean every server, write url: "*" or kind: local' });
  for (const key of ["id", "sanctioned"] as const)
    if (match[key] !== undefined) list.report([...path, "match", key], { message: `"${key}" is given by server entries, so an entry cannot match on it`, fix: "match on url, command, package or kind" });
  checkServer(list, match, [...path, "match"], null);
  checkParties(list, entry, path);
  checkHold(list, entry, [entry.effect, ...(entry.tools ?? []).map((tool) => tool.effect)], path);
}

function checkRule(list: ProblemList, rule: Rule, path: Path, known: Known): void {
  checkCondition(list, rule.when, [...path, "when"], known, 'to mean every message, write method: "*"');
  if (rule.unless) checkCondition(list, rule.unless, [...path, "unless"], known, "leave it out, or say what is exempt");
  if (rule.effect === "redact" && !rule.when.data) list.report([...path, "when"], { message: "a rule that redacts must say which data", fix: 'add data: { any: [...] } to "when"' });
  if (rule.style !== undefined && rule.effect !== "redact") list.report([...path, "style"], { message: `a rule that says "${rule.effect}" replaces nothing`, fix: 'remove "style", or write effect: redact' });
  checkHold(list, rule, [rule.effect], path);
  for (const [at, test] of (rule.tests ?? []).entries()) checkGiven(list, test.given, [...path, "tests", at, "given"], known);
}

const WEEK = 7 * 86_400_000;

/** Terms for an effect that is not there would never be seen. */
function checkHold(list: ProblemList, { override, approve }: HoldWords, effects: readonly Effect[], path: Path): void {
  if (override && !effects.includes("coach")) list.report([...path, "override"], { message: "belongs to effect coach, which is not here", fix: 'write effect: coach, or remove "override"' });
  if (approve && !effects.includes("approve")) list.report([...path, "approve"], { message: "belongs to effect approve, which is not here", fix: 'write effect: approve, or remove "approve"' });
  const tooLong = (text: string | undefined, at: Path): void => {
    if (text !== undefined && (durationMs(text) ?? 0) > WEEK) list.report(at, { message: `"${text}" is longer than a week`, fix: "write 7d at most; for longer, write an exception with an owner and a ticket" });
  };
  tooLong(override?.for, [...path, "override", "for"]);
  for (const [at, offer] of (approve?.offer ?? []).entries()) tooLong(offer, [...path, "approve", "offer", at]);
  const within = approve?.within === undefined ? 5000 : (durationMs(approve.within) ?? 0);
  if (within < 5000 || within > 300_000) list.report([...path, "approve", "within"], { message: `"${approve?.within}" is no time in which a call can be held`, fix: "write 5s at least and 5m at most" });
}

function checkGiven(list: ProblemList, given: Given, path: Path, known: Known): void {
  for (const [at, example] of (given.data ?? []).entries()) {
    const name = typeof example === "string" ? example : example.class;
    const slip = name.includes("*") || name.startsWith("$") ? { message: "a test names classes as they are found, without * or $" } : classProblem(name);
    list.report([...path, "data", at], slip);
  }
  const { server, client } = given;
  if (server !== undefined && server.includes("://") && !remoteServer(server)) list.report([...path, "server"], { message: `"${server}" is no address of a server` });
  if (server !== undefined && !server.includes("://") && !server.includes(" ")) list.known(server, known.entries, [...path, "server"], "server entry");
  if (client !== undefined) list.report([...path, "client"], client.includes("*") ? { message: "a test names one client, without *" } : clientProblem(client));
  if (given.at !== undefined && Number.isNaN(momentOf(given.at))) list.report([...path, "at"], { message: `"${given.at}" is no moment`, fix: 'write date, time and offset, such as "2027-03-01T09:00:00+01:00"' });
  for (const [at, text] of (given.addresses ?? []).entries()) if (!readAddress(text)) list.report([...path, "addresses", at], { message: `"${text}" is no IP address` });
}

/** Unix milliseconds of `2027-03-01T09:00:00+01:00`; NaN without an offset: nobody should have to guess whose clock is meant. */
export function momentOf(text: string): number {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : NaN;
}

function checkException(list: ProblemList, exception: Exception, path: Path, known: Known, rules: ReadonlySet<string>): void {
  list.known(exception.rule, rules, [...path, "rule"], "rule");
  checkCondition(list, exception.when, [...path, "when"], known, "say for whom or for what the exception holds");
  if (!isDate(exception.until)) list.report([...path, "until"], { message: `"${exception.until}" is not a date`, fix: "write the last day as year-month-day, such as 2027-01-31" });
}

/** Is this a day of the calendar, written `2027-01-31`? */
export function isDate(text: string): boolean {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!parts) return false;
  const date = new Date(Date.UTC(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3])));
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
