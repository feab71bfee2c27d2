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
  ["threats, before a detector sees them", withWhen({ threat: { any: ["hidden-text.*"] } }), 'rules[0].when.threat: this version of Sluice cannot see threat findings yet; remove "threat"'],
  ["flow marks, before anybody sets them", withWhen({ flow: { has: ["private-data"] } }), "cannot see flow marks yet"],
  ["pins, before anybody keeps them", withWhen({ server: { pin: "changed" } }), "cannot see whether a server's definitions have changed yet"],
  ["file hashes, before anybody takes them", withEntry({ match: { sha256: "a".repeat(64) } }), "cannot see the hash"],
  ["registry names, before anybody asks", withEntry({ match: { registryName: "io.github.acme/*" } }), "cannot see a server's name in the registry"],
  ["slip in a threat key", withWhen({ threats: {} }), 'did you mean "threat"?'],
  ["unknown effect", withRule({ effect: "blok" }), 'rules[0].effect: unknown effect "blok"; did you mean "block"? allowed: allow, monitor, redact, coach, approve, block'],
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
  ["argument without slash", withWhen({ arguments: [{ at: "files.0.path", exists: true }] }), 'begin with a slash: "/files/0/path"'],
  ["argument with a bad escape", withWhen({ arguments: [{ at: "/a~2", exists: true }] }), "write ~1 for a /"],
  ["argument without a test", withWhen({ arguments: [{ at: "/a" }] }), "rules[0].when.arguments[0]: does not say what the argument must be"],
  ["missing argument with a test", withWhen({ arguments: [{ at: "/a", exists: false, equals: 1 }] }), "cannot be tested further"],
  ["slip in an argument", withWhen({ arguments: [{ at: "/a", equal: 1 }] }), 'did you mean "equals"?'],
  ["slip in a range", withWhen({ arguments: [{ at: "/a", range: { atleast: 1 } }] }), 'did you mean "atLeast"?'],
  ["range upside down", withWhen({ arguments: [{ at: "/a", range: { atLeast: 2, atMost: 1 } }] }), "nothing is at least 2 and at most 1"],
  ["empty size", withWhen({ arguments: [{ at: "/a", size: {} }] }), "rules[0].when.arguments[0].size: is empty"],
  ["text for a bound", withWhen({ arguments: [{ at: "/a", range: { atLeast: "many" } }] }), "must be a number, not text"],
  ["list for a value", withWhen({ arguments: [{ at: "/a", equals: ["x"] }] }), "rules[0].when.arguments[0].equals"],
  ["no arguments", withWhen({ arguments: [] }), "rules[0].when.arguments: is an empty list"],
  ["arguments of an answer", withWhen({ arguments: [{ at: "/a", exists: true }], direction: "to-client" }), "could never match"],
  ["zone that is none", withWhen({ time: { from: "08:00", zone: "Europe/Berln" } }), 'rules[0].when.time.zone: no time zone is called "Europe/Berln"'],
  ["no zone", withWhen({ time: { from: "08:00" } }), 'rules[0].when.time.zone: "zone" is missing'],
  ["no such day", withWhen({ time: { days: "mon-fry", zone: "UTC" } }), "or a span such as mon-fri"],
  ["no such day in a list of windows", withWhen({ time: [{ days: ["mon", "funday"], zone: "UTC" }] }), "rules[0].when.time[0].days[1]"],
  ["no such hour", withWhen({ time: { from: "25:00", zone: "UTC" } }), '"25:00" is no time of day'],
  ["hour without quotes (YAML reads minutes)", withWhen({ time: { from: 480, zone: "UTC" } }), "rules[0].when.time.from: must be text, not a number"],
  ["window without width", withWhen({ time: { from: "08:00", to: "08:00", zone: "UTC" } }), "begins and ends at the same minute"],
  ["window that is always open", withWhen({ time: { zone: "UTC" } }), "is open all week"],
  ["network that has no name", withWhen({ network: "ofice" }), 'no network is called "ofice"; this policy has no network'],
  ["slip in a network", policy({ networks: { office: ["10.0.0.0/8"] }, rules: [{ ...rule, when: { network: ["ofice"] } }] }), 'did you mean "office"?'],
  ["network that is none", policy({ networks: { office: ["10.0.0.0"], home: ["10.0.0.300/8"] } }), 'networks.home[0]: "10.0.0.300/8" is no address range'],
  ["network with bits to spare", policy({ networks: { office: ["10.1.2.3/8"] } }), "write the range's first address, 10.0.0.0/8"],
  ["rate of nothing", withWhen({ rate: { per: "1m" } }), "does not say what to count"],
  ["rate of both", withWhen({ rate: { calls: { over: 1 }, bytes: { over: 1 }, per: "1m" } }), "counts both calls and bytes"],
  ["rate in words", withWhen({ rate: { calls: { over: 1 }, per: "hour" } }), 'rules[0].when.rate.per: is no length of time; write "45s"'],
  ["rate over a week", withWhen({ rate: { calls: { over: 1 }, per: "7d" } }), "write 10s at least and 1d at most"],
  ["rate by a stranger", withWhen({ rate: { calls: { over: 1 }, per: "1m", by: "user" } }), "allowed: tool, server, session"],
  ["version without package", withEntry({ match: { url: "https://a.example/*", version: "^1" } }), '"version" needs "package" beside it'],
  ["version that is none", withEntry({ match: { package: "npm:a", version: "newest" } }), '"newest" is no version'],
  ["version that npm and PyPI read differently", withEntry({ match: { package: "npm:a", version: ">1.2" } }), "means different things to npm and PyPI"],
  ["web app with a path", withWhen({ client: { webApp: "https://chat.example/app/*" } }), "has a path"],
  ["trust that nobody has", withWhen({ server: { trust: { below: 50, atLeast: 60 } } }), "no score is at least 60 and below 50"],
  ["terms of coaching on a block", withRule({ override: { reason: "required" } }), "rules[0].override: belongs to effect coach"],
  ["terms of approval on coaching", withRule({ effect: "coach", approve: { within: "1m" } }), "rules[0].approve: belongs to effect approve"],
  ["slip in an override", withRule({ effect: "coach", override: { reson: "required" } }), 'did you mean "reason"?'],
  ["override without end", withRule({ effect: "coach", override: { for: "30d" } }), "longer than a week"],
  ["override for ever", withRule({ effect: "coach", override: { for: "ever" } }), 'write "call", "session", "45s"'],
  ["hold without end", withRule({ effect: "approve", approve: { within: "1h" } }), "write 5s at least and 5m at most"],
  ["offer of nothing", withRule({ effect: "approve", approve: { offer: [] } }), "is an empty list"],
  ["terms in an entry that allows", withEntry({ approve: { within: "1m" } }), "admission.servers[0].approve: belongs to effect approve"],
  ["unknown style", withRule({ effect: "redact", style: "blur" }), 'unknown style "blur"'],
  ["style where nothing is replaced", withRule({ style: "mask" }), 'replaces nothing; remove "style"'],
  ["style of a class that is none", policy({ redaction: { "pi.*": "mask" } }), 'redaction["pi.*"]: no data class of this build matches'],
  ["style that is none", policy({ redaction: { "pii.*": "blur" } }), 'redaction["pii.*"]: unknown style "blur"'],
  ["slip in the terms of a style", policy({ redaction: { "pii.*": { style: "token", restorefor: {} } } }), 'did you mean "restoreFor"?'],
  ["put back what is masked", policy({ redaction: { "pii.*": { style: "mask", restoreFor: { id: "desk" } } } }), 'nothing can be put back for style "mask"'],
  ["put back for nobody", policy({ redaction: { "pii.*": { style: "token", restoreFor: { id: "dsk" } } } }), 'did you mean "desk"?'],
  ["include that was not carried out", policy({ include: ["owasp-secrets"] }), "include: what this policy includes has not been put into it"],
  ["test at no moment", withRule({ tests: [{ given: { at: "2027-03-01 09:00" }, expect: "block" }] }), "write date, time and offset"],
  ["test with an unknown that is none", withRule({ tests: [{ given: { unknown: ["usr"] }, expect: "block" }] }), 'did you mean "user"?'],
  ["test with a pattern for a client", withRule({ tests: [{ given: { client: "client:*" }, expect: "block" }] }), "names one client"],
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

test("every new key is accepted where it belongs", () => {
  const when = {
    client: { webApp: ["https://chat.example", "https://*.chat.example/*"] },
    server: { package: "npm:@acme/*", version: ">=1.4.0 <2 || ~2.0.3" },
    arguments: [{ at: "/to/*/address", glob: "*@acme.example" }, { at: "", size: { atMost: 3 } }, { at: "/dry", in: [true, null, "yes", 1] }],
    time: [{ days: ["mon-thu", "sun"], from: "22:00", to: "06:00", zone: "America/New_York" }, { days: "fri", zone: "UTC" }],
    network: ["office"],
    rate: { bytes: { over: 0 }, per: "10m", by: "tool" },
    data: { any: ["secret.*"], minCount: 2, minTotal: 5 },
  };
  const coach = { ...rule, id: "coach", effect: "coach", when, override: { reason: "required", for: "8h", raw: true } };
  const approve = { ...rule, id: "approve", effect: "approve", approve: { offer: ["once", "session", "1h"], within: "300s" } };
  const redaction = { "pii.*": "format-preserving", "pii.email": { style: "token", restoreFor: { id: "desk" } }, "secret.*": { style: "placeholder" } };
  const admission = { default: "approve", approve: { within: "60s" }, servers: [{ ...entry, effect: "coach", override: { for: "session" }, tools: [{ name: "x", effect: "approve" }], approve: { offer: ["once"] } }] };
  const given = { server: "desk", client: "client:cursor", user: "u", groups: [], device: "d", method: "tools/call", tool: "t", arguments: { a: [1] }, direction: "to-server", data: ["secret.jwt"], transport: "stdio", protocolVersion: "2025-11-25", authentication: "none", trust: 0, at: "2027-03-01T09:00:00+01:00", addresses: ["10.1.2.3", "fe80::1%eth0"], calls: 0, bytes: 5, unknown: ["rate"] };
  expect(problems(policy({ minEngine: 2, networks: { office: ["10.0.0.0/8", "fd00::/8"] }, redaction, admission, rules: [coach, approve, { ...rule, tests: [{ given, expect: "block" }] }] }))).toEqual([]);
});

test("a vendor's own method is accepted", () => {
  expect(problems(withWhen({ method: "acme/reindex" }))).toEqual([]);
});
