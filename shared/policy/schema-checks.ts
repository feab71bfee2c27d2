/** What a policy's shape cannot say: names that must exist, keys that must not stand alone, patterns that could never match. */
import { ADMISSION_DEFAULT } from "./decision.ts";
import type { AdmissionEntry, Condition, Exception, Policy, Rule, RuleTest, ServerMatch } from "./language.ts";
import { nearestWord } from "./nearest-word.ts";
import { classProblem, clientProblem, commandProblem, labelNameProblem, methodProblem, packageProblem, protocolProblem, urlProblem, type Slip } from "./pattern-checks.ts";
import type { PolicyProblem } from "./schema.ts";

type Path = readonly (string | number)[];

/** Problems of a policy whose shape is right. */
export function crossCheck(policy: Policy): PolicyProblem[] {
  return new CrossCheck(policy).run();
}

class CrossCheck {
  readonly #policy: Policy;
  readonly #problems: PolicyProblem[] = [];
  readonly #entryIds: ReadonlySet<string>;
  readonly #ruleIds: ReadonlySet<string>;
  readonly #labels: ReadonlyMap<string, readonly string[]>;

  constructor(policy: Policy) {
    this.#policy = policy;
    this.#entryIds = new Set(policy.admission.servers.map((entry) => entry.id));
    this.#ruleIds = new Set(policy.rules.map((rule) => rule.id));
    this.#labels = new Map(Object.entries(policy.labels ?? {}));
  }

  run(): PolicyProblem[] {
    const policy = this.#policy;
    this.#uniqueIds();
    for (const [name, classes] of this.#labels) {
      this.#report(["labels", name], labelNameProblem(name));
      for (const [at, pattern] of classes.entries()) this.#report(["labels", name, at], classProblem(pattern));
    }
    for (const [at, entry] of policy.admission.servers.entries()) this.#entry(entry, ["admission", "servers", at]);
    for (const [at, rule] of policy.rules.entries()) this.#rule(rule, ["rules", at]);
    for (const [at, exception] of (policy.exceptions ?? []).entries()) this.#exception(exception, ["exceptions", at]);
    return this.#problems;
  }

  #report(path: Path, slip: Slip | undefined): void {
    if (slip) this.#problems.push({ path, ...slip });
  }

  /** Entries and rules share one space: `decidedBy` names either. */
  #uniqueIds(): void {
    const seen = new Map<string, string>([[ADMISSION_DEFAULT, "the name of the admission default"]]);
    const look = (id: string, path: Path, what: string): void => {
      const before = seen.get(id);
      if (before) this.#report(path, { message: `the id "${id}" is already ${before}`, fix: "give each rule and each server entry an id of its own" });
      else seen.set(id, what);
    };
    for (const [at, entry] of this.#policy.admission.servers.entries()) look(entry.id, ["admission", "servers", at, "id"], "used by a server entry");
    for (const [at, rule] of this.#policy.rules.entries()) look(rule.id, ["rules", at, "id"], "used by a rule");
  }

  #entry(entry: AdmissionEntry, path: Path): void {
    const { match } = entry;
    if (isEmpty(match)) this.#report([...path, "match"], { message: "is empty and would match every server by accident", fix: 'to mean every server, write url: "*" or kind: local' });
    for (const key of ["id", "sanctioned"] as const)
      if (match[key] !== undefined) this.#report([...path, "match", key], { message: `"${key}" is given by server entries, so an entry cannot match on it`, fix: "match on url, command, package or kind" });
    this.#server(match, [...path, "match"], true);
    this.#who(entry, path);
  }

  #rule(rule: Rule, path: Path): void {
    this.#condition(rule.when, [...path, "when"], 'to mean every message, write method: "*"');
    if (rule.unless) this.#condition(rule.unless, [...path, "unless"], "leave it out, or say what is exempt");
    if (rule.effect === "redact" && !rule.when.data) this.#report([...path, "when"], { message: "a rule that redacts must say which data", fix: 'add data: { any: [...] } to "when"' });
    for (const [at, test] of (rule.tests ?? []).entries()) this.#test(test, [...path, "tests", at]);
  }

  #test(test: RuleTest, path: Path): void {
    const { given } = test;
    for (const [at, name] of (given.data ?? []).entries()) {
      const slip = name.includes("*") || name.startsWith("$") ? { message: "a test names classes as they are found, without * or $" } : classProblem(name);
      this.#report([...path, "given", "data", at], slip);
    }
    const { server } = given;
    if (server !== undefined && !server.includes("://") && !server.includes(" ")) this.#known(server, this.#entryIds, [...path, "given", "server"], "server entry");
  }

  #exception(exception: Exception, path: Path): void {
    this.#known(exception.rule, this.#ruleIds, [...path, "rule"], "rule");
    this.#condition(exception.when, [...path, "when"], "say for whom or for what the exception holds");
    if (!isDate(exception.until)) this.#report([...path, "until"], { message: `"${exception.until}" is not a date`, fix: "write the last day as year-month-day, such as 2027-01-31" });
  }

  #condition(condition: Condition, path: Path, fix: string): void {
    if (isEmpty(condition)) this.#report(path, { message: "is empty and would match everything by accident", fix });
    if (condition.server) this.#server(condition.server, [...path, "server"], false);
    this.#who(condition, path);
    this.#each(condition.method, [...path, "method"], methodProblem);
    this.#each(condition.protocolVersion, [...path, "protocolVersion"], protocolProblem);
    if (condition.data) this.#data(condition.data.any, [...path, "data", "any"]);
  }

  #data(any: readonly string[], path: Path): void {
    for (const [at, pattern] of any.entries()) {
      if (pattern.startsWith("$")) this.#known(pattern.slice(1), this.#labels.keys(), [...path, at], "label", "$");
      else this.#report([...path, at], classProblem(pattern));
    }
  }

  #server(match: ServerMatch, path: Path, inAdmission: boolean): void {
    if (!inAdmission) {
      this.#notEmpty(match, path);
      for (const [id, at] of placed(match.id, [...path, "id"])) this.#known(id, this.#entryIds, at, "server entry");
    }
    this.#each(match.url, [...path, "url"], urlProblem);
    this.#each(match.package, [...path, "package"], packageProblem);
    if (match.command) this.#report([...path, "command"], commandProblem(match.command));
    if (match.trust) this.#notEmpty(match.trust, [...path, "trust"]);
  }

  #who(holder: Pick<Condition, "client" | "who">, path: Path): void {
    if (holder.client) {
      this.#notEmpty(holder.client, [...path, "client"]);
      this.#each(holder.client.id, [...path, "client", "id"], clientProblem);
    }
    if (holder.who) this.#notEmpty(holder.who, [...path, "who"]);
  }

  #notEmpty(value: object, path: Path): void {
    if (isEmpty(value)) this.#report(path, { message: "is empty and would match everything by accident", fix: "say what it must match, or remove it" });
  }

  #each(value: string | readonly string[] | undefined, path: Path, check: (text: string) => Slip | undefined): void {
    for (const [text, at] of placed(value, path)) this.#report(at, check(text));
  }

  #known(name: string, names: Iterable<string>, path: Path, what: string, sign = ""): void {
    const all = [...names];
    if (all.includes(name)) return;
    const near = nearestWord(name, all);
    const fix = near ? `did you mean "${sign}${near}"?` : all.length ? `there is: ${all.slice(0, 20).map((each) => sign + each).join(", ")}` : `this policy has no ${what}`;
    this.#report(path, { message: `no ${what} is called ${JSON.stringify(sign + name)}`, fix });
  }
}

function isEmpty(value: object): boolean {
  return Object.values(value).every((member) => member === undefined);
}

/** A value or each of a list, with its place. */
function placed(value: string | readonly string[] | undefined, path: Path): [string, Path][] {
  if (value === undefined) return [];
  return typeof value === "string" ? [[value, path]] : value.map((text, at) => [text, [...path, at]]);
}

/** Is this a day of the calendar, written `2027-01-31`? */
export function isDate(text: string): boolean {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!parts) return false;
  const date = new Date(Date.UTC(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3])));
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
