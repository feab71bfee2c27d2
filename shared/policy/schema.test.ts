import { expect, test } from "vitest";
import { BASELINE } from "./baseline.ts";
import { problemText } from "./schema-problems.ts";
import { validatePolicy } from "./schema.ts";

const entry = { id: "desk", match: { url: "https://desk.example/*" }, effect: "allow" };
const rule = { id: "no-secrets", title: "No secrets", when: { data: { any: ["secret.*"] } }, effect: "block" };

function policy(changes: object = {}): Record<string, unknown> {
  return { version: 1, id: "acme", revision: 1, mode: "enforce", admission: { default: "block", servers: [entry] }, rules: [rule], ...changes };
}

/** Problems as people see them. */
function problems(value: unknown): string[] {
  const result = validatePolicy(value);
  return result.ok ? [] : result.why.map(problemText);
}

const withRule = (changes: object) => policy({ rules: [{ ...rule, ...changes }] });
const withWhen = (when: object) => withRule({ when });
const withEntry = (changes: object) => policy({ admission: { default: "block", servers: [{ ...entry, ...changes }] } });
const withException = (changes: object) => policy({ exceptions: [{ rule: "no-secrets", when: { who: { group: "red-team" } }, owner: "dlp", until: "2027-01-31", ticket: "SEC-1", ...changes }] });

test("a plain policy and the baseline hold", () => {
  expect(problems(policy())).toEqual([]);
  expect(problems(withException({}))).toEqual([]);
  expect(problems(BASELINE)).toEqual([]);
});

test.each<[string, unknown, string]>([
  ["unknown key at the top", policy({ defualt: "block" }), 'defualt: unknown key "defualt"'],
  ["unknown key in a rule", withRule({ efect: "block" }), 'rules[0].efect: unknown key "efect"; did you mean "effect"?'],
  ["unknown key in a condition", withWhen({ tols: "x" }), 'rules[0].when.tols: unknown key "tols"; did you mean "tool"?'],
  ["unknown key in a match", withEntry({ match: { ulr: "x" } }), 'admission.servers[0].match.ulr: unknown key "ulr"; did you mean "url"?'],
  ["key of a later build", withWhen({ rate: { per: "hour" } }), 'rules[0].when.rate: "rate" is not available in this build; remove it, or update Sluice'],
  ["slip in a key of a later build", withWhen({ argumnets: {} }), 'did you mean "arguments"?'],
  ["effect of a later build", withRule({ effect: "coach" }), 'rules[0].effect: effect "coach" is not available in this build; use one of: allow, monitor, redact, block'],
  ["admission effect of a later build", withEntry({ effect: "approve" }), 'effect "approve" is not available in this build'],
  ["unknown effect", withRule({ effect: "blok" }), 'rules[0].effect: unknown effect "blok"; did you mean "block"? allowed: allow, monitor, redact, block'],
  ["effect in capitals", withRule({ effect: "BLOCK" }), 'did you mean "block"?'],
  ["missing effect", withRule({ effect: undefined }), 'rules[0].effect: "effect" is missing'],
  ["redact in admission", withEntry({ effect: "redact" }), 'effect "redact" cannot decide whether a server may be used'],
  ["redact as admission default", policy({ admission: { default: "redact", servers: [] } }), "admission.default"],
  ["redact without data", withRule({ effect: "redact", when: { tool: "x" } }), "must say which data"],
  ["empty condition", withWhen({}), "would match everything by accident"],
  ["empty unless", withRule({ unless: {} }), "rules[0].unless: is empty"],
  ["empty match", withEntry({ match: {} }), "would match every server by accident"],
  ["empty part of a condition", withWhen({ server: {} }), "rules[0].when.server: is empty"],
  ["empty who", withEntry({ who: {} }), "admission.servers[0].who: is empty"],
  ["empty trust", withWhen({ server: { trust: {} } }), "rules[0].when.server.trust: is empty"],
  ["empty list", withWhen({ tool: [] }), "rules[0].when.tool: is an empty list"],
  ["empty text", withWhen({ tool: "" }), "rules[0].when.tool: is empty"],
  ["wrong word inside a list", withWhen({ transport: ["stdio", "sdtio"] }), 'rules[0].when.transport[1]: unknown transport "sdtio"; did you mean "stdio"?'],
  ["number for text", withWhen({ tool: 5 }), "rules[0].when.tool: must be text, not a number"],
  ["text for a list", policy({ rules: "none" }), "rules: must be a list, not text"],
  ["same id twice", policy({ rules: [rule, rule] }), 'the id "no-secrets" is already used by a rule'],
  ["same id in both layers", withEntry({ id: "no-secrets" }), "already used by a server entry"],
  ["reserved id", withRule({ id: "admission.default" }), "the name of the admission default"],
  ["unknown label", withWhen({ data: { any: ["$payments"] } }), 'no label is called "$payments"'],
  ["slip in a label", policy({ labels: { payment: ["pci.*"] }, rules: [{ ...rule, when: { data: { any: ["$paymnet"] } } }] }), 'did you mean "$payment"?'],
  ["label inside a label", policy({ labels: { a: ["$b"] } }), "labels.a[0]"],
  ["unknown class", withWhen({ data: { any: ["secrets.*"] } }), 'no data class of this build matches "secrets.*"; did you mean "secret.*"?'],
  ["class in capitals", withWhen({ data: { any: ["Secret.jwt"] } }), 'did you mean "secret.jwt"?'],
  ["unknown server entry", withWhen({ server: { id: "dsk" } }), 'no server entry is called "dsk"; did you mean "desk"?'],
  ["entry that matches on entries", withEntry({ match: { id: "desk" } }), "an entry cannot match on it"],
  ["entry that matches on its own mark", withEntry({ match: { sanctioned: true } }), "an entry cannot match on it"],
  ["URL without scheme", withEntry({ match: { url: "desk.example/*" } }), "is not a URL pattern"],
  ["package without registry", withEntry({ match: { package: "@acme/desk" } }), "does not say which registry"],
  ["stars in the middle of a command", withEntry({ match: { command: ["node", "**", "x"] } }), "can only come last"],
  ["command with a folder", withEntry({ match: { command: ["/usr/bin/node", "**"] } }), "compared by file name"],
  ["slip in a method", withWhen({ method: "tools/cal" }), 'did you mean "tools/call"?'],
  ["no client", withWhen({ client: { id: "cursor" } }), "is no client"],
  ["no protocol version", withWhen({ protocolVersion: "latest" }), "is no protocol version"],
  ["exception for nobody's rule", withException({ rule: "no-secret" }), 'did you mean "no-secrets"?'],
  ["exception that is empty", withException({ when: {} }), "exceptions[0].when: is empty"],
  ["no such day", withException({ until: "2027-02-30" }), '"2027-02-30" is not a date'],
  ["no date", withException({ until: "soon" }), "write the last day as year-month-day"],
  ["revision zero", policy({ revision: 0 }), "revision: must be 1 or more"],
  ["revision with a fraction", policy({ revision: 1.5 }), "revision: must be a whole number"],
  ["no revision", policy({ revision: undefined }), 'revision: "revision" is missing'],
  ["newer language", policy({ version: 2 }), "update Sluice"],
  ["older language", policy({ version: 0 }), "version: must be 1"],
  ["trust beyond 100", withWhen({ server: { trust: { below: 101 } } }), "must be 100 or less"],
  ["count of zero", withWhen({ data: { any: ["secret.*"], minCount: 0 } }), "must be 1 or more"],
  ["link that runs a script", withRule({ learnMore: "javascript:alert(1)" }), "must be an http or https address"],
  ["support link that runs a script", policy({ support: { url: "data:text/html,x" } }), "must be an http or https address"],
  ["message with a terminal escape", withRule({ message: "\u001b[2J" }), "control character"],
  ["message with invisible text", withRule({ message: "fine\u200b" }), "invisible character"],
  ["test that names a pattern", withRule({ tests: [{ given: { data: ["secret.*"] }, expect: "block" }] }), "without * or $"],
  ["test with a wrong server", withRule({ tests: [{ given: { server: "desc" }, expect: "block" }] }), 'did you mean "desk"?'],
])("refuses: %s", (_name, value, expected) => {
  expect(problems(JSON.parse(JSON.stringify(value))).join("\n")).toContain(expected);
});

test.each([[null], [undefined], ["text"], [[]], [5]])("refuses %j as a policy", (value) => {
  expect(validatePolicy(value).ok).toBe(false);
});

test("a policy for a newer engine says so, and nothing about the words it does not know", () => {
  const found = problems(policy({ minEngine: 99, novelty: true }));
  expect(found).toHaveLength(1);
  expect(found[0]).toContain("update Sluice");
});

test("all problems are told at once", () => {
  expect(problems(policy({ mode: "enforced", rules: [{ ...rule, efect: 1, effekt: 2 }, { ...rule, id: "x", effect: "deny" }] }))).toHaveLength(4);
});

test("a misspelt key that must be there is one problem, not two", () => {
  expect(problems(withRule({ effect: undefined, efect: "block" }))).toEqual(['rules[0].efect: unknown key "efect"; did you mean "effect"?']);
});

test("a key named __proto__ is as unknown as any other", () => {
  const value: unknown = JSON.parse(JSON.stringify(policy()).replace('"version"', '"__proto__":{"mode":"monitor"},"version"'));
  expect(validatePolicy(value).ok).toBe(false);
});

test("a vendor's own method is accepted", () => {
  expect(problems(withWhen({ method: "acme/reindex" }))).toEqual([]);
});
