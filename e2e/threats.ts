/** The threat catalogue: one id for every attack that Sluice claims to handle and every promise it makes. Tests cite ids (`threat: <id>` in a comment, or a promise of the tour by its id); `threats.test.ts` fails on an id that nothing cites and on a citation without an id. `npm run threats` prints it. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { ROOT } from "./places.ts";

export interface Threat {
  readonly kind: "attack" | "promise";
  /** The attack in one sentence, or what is promised. */
  readonly title: string;
  /** OWASP MCP Top 10 (2025 ids), sections of the MCP specification. */
  readonly references: readonly string[];
}

const attack = (title: string, ...references: string[]): Threat => ({ kind: "attack", title, references });
const promise = (title: string, ...references: string[]): Threat => ({ kind: "promise", title, references });

export const THREATS = {
  // What the tour proves, on page, pipe and under enterprise policy.
  "page-allowed-unchanged": promise("An allowed call passes byte for byte through the page", "MCP transports"),
  "page-secret-redacted": promise("A secret in an argument is gone before the server receives it", "MCP01"),
  "page-stream-redacted": promise("Personal data in a streamed result is gone before the page sees it", "MCP10"),
  "page-server-refused": promise("A server that is not listed is refused, and the page says why", "MCP09"),
  "page-tool-refused": promise("A forbidden tool is refused with the admin's own words", "MCP02"),
  "policy-broken-refused": promise("A broken policy is refused whole, with file, line and fix", "MCP07"),
  "policy-edit-counts": promise("An edited policy file decides the next call"),
  "host-killed-still-enforcing": promise("Without its host the extension goes on enforcing"),
  "stdio-secret-redacted": promise("A secret is gone before a local server receives it", "MCP01"),
  "stdio-server-refused": promise("An unlisted local server cannot be used", "MCP09"),
  "stdio-allowed-unchanged": promise("What is allowed on the pipe passes byte for byte"),
  "discover-clients": promise("Servers in client configurations are found; their secrets are not kept", "MCP09", "MCP01"),
  "popup-shows-stdio": promise("One popup shows what happened in the browser and on the pipe", "MCP08"),
  "managed-wins": promise("Enterprise browser policy wins over the person's own file"),
  "managed-edit-counts": promise("A changed browser policy file decides the next call"),

  // The wire.
  "ambiguous-json": attack("Two keys of one name, half a surrogate or a number out of range make two parsers read two messages", "MCP05"),
  "parser-bomb": attack("A message nested or split so deeply that judging it takes the machine down"),
  "oversized-message": attack("A message too large to be held is used to get past the judge"),
  "wrong-content-type": attack("A result under another content type slips past who expects JSON"),
  "redirected-elsewhere": attack("An allowed server sends the call on to one that is not allowed", "MCP09"),
  "header-mismatch": attack("A header names a harmless call while the body makes another, and each is read by somebody else", "MCP 2026-07-28 HeaderMismatch"),
  "split-in-chunks": attack("A value is cut at chunk borders so that no piece shows it", "MCP10"),
  "refusal-leaks": attack("The refusal itself repeats the value or the rule to whoever probes", "MCP01"),
  "refused-server-runs": attack("A server that the policy refuses works on in the background, because only its messages are stopped", "MCP09"),
  "fetched-later": attack("A result that a rule would stop is fetched later as a task's, where nobody names its tool", "MCP tasks", "MCP02"),
  "late-reply": attack("A reply arrives after its server was refused"),
  "handle-smuggling": attack("A secret hides where nothing may be rewritten: requestState, cursors, ids", "MCP10"),
  "encoded-secret": attack("A secret is encoded, escaped, folded or spelled with look-alikes", "MCP01", "MCP10"),
  "copy-in-structured-content": attack("A redacted value stands once more in structuredContent or a mirrored header", "MCP10"),

  // Policy.
  "policy-typo": attack("A typo in a key or an effect silently opens the gate", "MCP07"),
  "policy-rollback": attack("An older, looser revision is brought back"),
  "url-escape": attack("An address is built so that an allow entry for another host matches it", "MCP09"),
  "borrowed-package": attack("A command line borrows the name of an allowed package and starts another", "MCP04"),
  "policy-forged": attack("A policy that nobody signed, or somebody else, is handed out as the organization's", "MCP04"),
  "bundle-replayed": attack("An old signed policy bundle is handed out again, to a computer that has seen a newer one or to a new one", "MCP04"),
  "bundle-frozen": attack("Newer policies are held back, or the clock is set back, so that an old bundle never grows old", "MCP04"),
  "bundle-mixed": attack("Files of a policy bundle from different times, changed or cut on the way, are handed out together", "MCP04"),
  "bundle-keys": attack("A bundle, a root or too few of its keys are somebody else's", "MCP04"),
  "bundle-memory-lost": attack("What a computer remembers of its bundle is cut short or deleted, so that it takes an old one", "MCP04"),
  "bundle-endless": attack("A policy server sends without end, too slowly, or other than it announces"),
  "bundle-rollout": promise("A release reaches the share of computers it is meant for, and a revocation reaches all at once"),
  "bundle-fail-mode": promise("A computer that can have no valid policy for long falls back to the declared fail mode, never to none"),
  "team-loosens": attack("What a team adds loosens what the organization forbids", "MCP02"),
  "rule-opens-server": attack("A content rule or its order opens a server that no entry admits", "MCP02"),

  "redacted-in-style": promise("Values are taken out in the style that the policy names, and only servers it names get one back", "MCP10"),
  // The person.
  "approval-replayed": attack("An answer given to one call opens another, a second time, or after the policy has become stricter", "MCP02"),
  "person-approves": promise("A call that a rule wants looked at waits, is shown exactly, and goes on only after a person's yes", "MCP02"),
  "page-answers-itself": attack("A page answers the question that it has caused, imitates it, or asks in another's name", "MCP02"),
  "approval-race": attack("Two answers to one question, given in two places at once, both count", "MCP02"),
  "approval-flood": attack("Questions come in such numbers that a person stops reading them", "MCP02"),
  "approval-unreadable": attack("What is asked hides a part of what would be sent: too long, invisible or turned round", "MCP02", "MCP10"),

  // Seams.
  "stand-in-host": attack("Another program stands in for the native host to loosen policy"),
  "forged-records": attack("A page in an attacker's hands forges or floods records", "MCP08"),
  "hostile-names": attack("Names and descriptions carry markup, direction marks or terminal escapes", "MCP03"),
  "journal-tampering": attack("A line of the journal is changed or taken out", "MCP08"),
  "configuration-traps": attack("A client configuration is a pipe, a device, a bomb or a loop", "MCP04"),
  "managed-emptied": attack("A broken browser policy file empties the managed configuration"),
} as const satisfies Readonly<Record<string, Threat>>;

export type ThreatId = keyof typeof THREATS;

export interface Citation {
  readonly id: string;
  /** `shared/gate/session.test.ts:41` */
  readonly where: string;
}

const FOLDERS = ["shared", "extension", "native-host", "e2e"];

/** All citations in the tests and promises of a checkout. */
export function citations(root: string = ROOT): Citation[] {
  const found: Citation[] = [];
  for (const file of FOLDERS.flatMap((folder) => testFiles(join(root, folder)))) {
    readFileSync(file, "utf8")
      .split("\n")
      .forEach((line, i) => {
        for (const id of idsIn(line, file.endsWith("-promises.ts"))) found.push({ id, where: `${relative(root, file)}:${i + 1}` });
      });
  }
  return found;
}

function idsIn(line: string, isPromises: boolean): string[] {
  const cited = /\/[/*]+ threat: ([a-z0-9, -]+)/.exec(line)?.[1];
  if (cited) return cited.split(",").map((id) => id.trim());
  const promised = isPromises ? /^\s*id: "([a-z0-9-]+)",$/.exec(line)?.[1] : undefined;
  return promised ? [promised] : [];
}

function testFiles(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (name === "node_modules" || name.startsWith(".")) return [];
    if (statSync(path).isDirectory()) return testFiles(path);
    return /\.test\.tsx?$/.test(name) || name.endsWith("-promises.ts") ? [path] : [];
  });
}

/** What is wrong with catalogue and citations, in words; empty when they agree. */
export function mismatches(cited: readonly Citation[], catalogue: Readonly<Record<string, Threat>> = THREATS): string[] {
  const known = new Set(Object.keys(catalogue));
  const seen = new Set(cited.map(({ id }) => id));
  return [
    ...cited.filter(({ id }) => !known.has(id)).map(({ id, where }) => `${where} cites "${id}", which the catalogue (e2e/threats.ts) does not have`),
    ...[...known].filter((id) => !seen.has(id)).map((id) => `no test cites "${id}": add "// threat: ${id}" to the test that proves it, or take the claim back`),
  ];
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const cited = citations();
  const rows = Object.entries(THREATS).map(([id, { kind, title, references }]) => ({ id, kind, title, references, tests: cited.filter((each) => each.id === id).map(({ where }) => where) }));
  if (process.argv.includes("--json")) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  else {
    process.stdout.write("| id | kind | what | references | proven by |\n| --- | --- | --- | --- | --- |\n");
    for (const { id, kind, title, references, tests } of rows) process.stdout.write(`| ${id} | ${kind} | ${title} | ${references.join(", ")} | ${tests.slice(0, 3).join("<br>")}${tests.length > 3 ? `<br>and ${tests.length - 3} more` : ""} |\n`);
  }
  const wrong = mismatches(cited);
  for (const line of wrong) process.stderr.write(`${line}\n`);
  process.exitCode = wrong.length ? 1 : 0;
}
