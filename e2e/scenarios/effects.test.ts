/** Every effect on the pipe, without a browser: a real client, a guard process and a real server, and a person in a terminal. What the server says it has received is the proof. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { EventRecord } from "../../shared/events/record.ts";
import type { Ask } from "../../shared/gate/ask.ts";
import { whoIsHereWithGroups } from "../../native-host/person.ts";
import { readJournal } from "../../native-host/journal/reader.ts";
import { CUSTOMERS } from "../servers/customer-desk/records.ts";
import { HOST_BUNDLE, runSluice } from "../stage.ts";
import { DESK_STDIO } from "../tour/stdio-promises.ts";
import { until } from "../until.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
const NOTE = (beginning: string): string => `{ tool: add_note, arguments: [{ at: /text, glob: "${beginning} *" }] }`;
const POLICY = `version: 1
id: effects
title: Every effect
revision: 1
mode: enforce
support: { name: Desk team, url: "https://help.example/ai" }
redaction:
  pii.email: { style: token, restoreFor: { id: desk } }
  pii.iban: format-preserving
  pci.card-number: mask
admission:
  default: allow
  servers:
    - { id: desk, match: { command: ["node", "*customer-desk*", "--sdk", "v1"] }, effect: allow }
rules:
  - { id: never, title: Nothing is deleted, when: { tool: delete_customer }, effect: block, message: Delete by hand. }
  - { id: hidden, title: Customers stay hidden, when: { tool: get_customer, direction: to-client, data: { any: [pii.*, pci.*] } }, effect: redact }
  - { id: keys, title: Keys stay here, when: { direction: to-server, data: { any: [secret.*] } }, effect: redact }
  - { id: think, title: Think first, when: ${NOTE("think")}, effect: coach, message: Does it belong there?, override: { reason: required } }
  - { id: plain, title: Look twice, when: ${NOTE("plain")}, effect: coach }
  - { id: raw, title: As it is, when: ${NOTE("raw")}, effect: coach, override: { reason: none, raw: true } }
  - { id: look, title: Notes are looked at, when: ${NOTE("look")}, effect: approve, message: The right customer? }
  - { id: hurry, title: A quick yes, when: ${NOTE("hurry")}, effect: approve, approve: { within: 5s } }
  - { id: hourly, title: Hourly, when: ${NOTE("hourly")}, effect: approve, approve: { offer: [once, session, 1h] } }
  - { id: ours, title: Not for this group, when: { tool: list_tickets, who: { group: "${whoIsHereWithGroups().groups?.[0]}" } }, effect: block, message: Ask a colleague. }
  - { id: theirs, title: Not for others, when: { tool: find_customer, who: { group: nobody-is-in-this-one } }, effect: block }
  - { id: hours, title: Hours are secret, when: { tool: desk_hours }, effect: block }
exceptions:
  - { rule: hours, when: { tool: desk_hours }, owner: desk@firm.example, until: "${dayOf(Date.now() + DAY_MS)}", ticket: T-1 }
`;

const root = mkdtempSync(join(tmpdir(), "sluice-effects-"));
const home = join(root, "home");
/** How far the guards' clock is ahead, in milliseconds: they live through days while the test does not. */
const ahead = join(root, "ahead");
const CLOCK = `data:text/javascript,${encodeURIComponent(`import { readFileSync } from "node:fs"; const real = Date.now; Date.now = () => real() + Number(readFileSync(${JSON.stringify(ahead)}, "utf8"));`)}`;
/** Built at run time, in a live format, opening nothing. */
const secret = ["ghp", "Zx9Yw8Vu7Ts6".repeat(3)].join("_");

let desk: Client;
let stranger: Client;

async function guarded(...server: string[]): Promise<Client> {
  const client = new Client({ name: "test", version: "1" });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: ["--import", CLOCK, HOST_BUNDLE, "guard", "--client", "test", "--", "node", ...server], env: { ...(process.env as Record<string, string>), SLUICE_HOME: home }, stderr: "ignore" }));
  return client;
}

beforeAll(async () => {
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, "policy.yaml"), POLICY, { mode: 0o600 });
  writeFileSync(ahead, "0");
  [desk, stranger] = await Promise.all([guarded(DESK_STDIO, "--sdk", "v1"), guarded(DESK_STDIO)]);
});
afterAll(async () => {
  await Promise.all([desk?.close(), stranger?.close()]);
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

const call = async (client: Client, name: string, args: Record<string, unknown> = {}): Promise<{ text: string; isError: boolean }> => {
  const { content, isError } = await client.callTool({ name, arguments: args });
  return { text: (content as { text?: string }[]).map(({ text }) => text).join("\n"), isError: isError === true };
};
/** The desk repeats what it has saved. */
const note = (text: string, client = desk): ReturnType<typeof call> => call(client, "add_note", { id: "c-1005", text });
const notesOf = async (): Promise<string> => (await call(desk, "get_customer", { id: "c-1005" })).text;
const sluice = (...args: string[]): string => runSluice({ home }, "approvals", ...args);
const question = (words: string): Promise<Ask> =>
  until(`a question with "${words}"`, () => {
    const asks = sluice("--json").split("\n").filter(Boolean).map((line) => JSON.parse(line) as Ask);
    return asks.find(({ shown }) => shown.includes(words));
  });
const records = <K extends EventRecord["kind"]>(kind: K, fits: (record: Extract<EventRecord, { kind: K }>) => boolean): Promise<Extract<EventRecord, { kind: K }>> =>
  until("on record", async () => (await readJournal(join(home, "journal"))).filter((record): record is Extract<EventRecord, { kind: K }> => record.kind === kind).findLast(fits));

test("block: the client reads why and whom to turn to, and nothing is deleted", async () => {
  const refused = await call(desk, "delete_customer", { id: "c-1007" });
  expect(refused.isError).toBe(true);
  expect(refused.text).toMatch(/Nothing is deleted.*Delete by hand\..*help\.example/s);
  expect((await call(desk, "get_customer", { id: "c-1007" })).isError).toBe(false);
});

test("a rule on a group counts for who is in it, as the system says, and for nobody else", async () => {
  const refused = await call(desk, "list_tickets");
  expect(refused.text).toMatch(/Not for this group.*Ask a colleague/s);
  expect((await call(desk, "find_customer", { query: "a" })).isError).toBe(false);
});

// threat: redacted-in-style
test("redact in every style; the token is turned back for the server that the policy names, and for no other", async () => {
  const { email, phone, card, iban } = CUSTOMERS[0]!;
  const { text } = await call(desk, "get_customer", { id: "c-1001" });
  for (const value of [email, phone, card, iban]) expect(text).not.toContain(value);
  expect(text).toContain("[redacted pii.phone]");
  expect(text).toContain(`••••${card.slice(-4)}`);
  expect(text).toMatch(/IBAN: XX00[ 0-9A-Z]+/);
  const token = /\[\[sluice:pii\.email:[0-9a-f]{16}\]\]/.exec(text)![0];
  expect((await note(`write to ${token}`)).text).toContain(`write to ${email}`);

  // Another guard knows its own tokens only; and those go back to nobody, because the policy does not name this server.
  const own = /\[\[sluice:pii\.email:[0-9a-f]{16}\]\]/.exec((await call(stranger, "get_customer", { id: "c-1001" })).text)![0];
  expect(own).not.toBe(token);
  const said = await note(`write to ${token} or ${own}`, stranger);
  expect(said.text).toContain(`write to ${token} or ${own}`);
});

test("coach: without the reason that the rule wants it does not go on; with one it does, redacted as ever", async () => {
  const noted = note(`think of ${secret}`);
  const ask = await question("think of");
  expect(ask).toMatchObject({ effect: "coach", message: "Does it belong there?", reason: "required", masked: 1 });
  expect(() => sluice("allow", ask.ticket)).toThrow("A reason is needed.");
  expect(() => sluice("allow", ask.ticket, "--reason", " ")).toThrow("A reason is needed.");
  sluice("allow", ask.ticket, "--reason", "ticket 12");
  expect((await noted).text).toContain("think of [redacted secret.github-token]");
  expect(await records("approval.answered", ({ request }) => request === ask.ticket)).toMatchObject({ asks: "coach", answer: "allowed", via: "cli", reason: "ticket 12" });
});

test("coach without terms of its own: a plain yes will do, and a no is a no", async () => {
  const going = note("plain yes");
  sluice("allow", (await question("plain yes")).ticket);
  expect((await going).isError).toBe(false);
  const staying = note("plain no");
  sluice("deny", (await question("plain no")).ticket);
  expect(await staying).toMatchObject({ isError: true, text: expect.stringMatching(/did not allow this.*Look twice/s) });
  expect(await notesOf()).not.toContain("plain no");
});

test("coach with a raw override: it goes on as it is, secret and all", async () => {
  const noted = note(`raw ${secret}`);
  const ask = await question("raw ");
  expect(ask).toMatchObject({ reason: "none", masked: 1 });
  expect(ask.shown).not.toContain(secret);
  sluice("allow", ask.ticket);
  expect((await noted).text).toContain(`raw ${secret}`);
});

// threat: person-approves
test("approve: held until the terminal says yes; a no, and silence, mean no", async () => {
  const [yes, no, silence] = [note("look yes"), note("look no"), note("hurry up")];
  const [first, second] = [await question("look yes"), await question("look no")];
  expect(await notesOf()).not.toContain("look");
  expect(sluice("allow", first.ticket.slice(-8))).toContain("Allowed once: add_note on");
  expect(sluice("deny", second.ticket.slice(-8))).toContain("Denied: add_note on");
  expect((await yes).text).toContain("look yes");
  expect(await no).toMatchObject({ isError: true, text: expect.stringMatching(/did not allow this.*The right customer\?/s) });
  expect(await silence).toMatchObject({ isError: true, text: expect.stringMatching(/Nobody answered within 5 seconds.*sluice approvals/s) });
  expect(await records("approval.answered", ({ rules }) => rules.includes("hurry"))).toMatchObject({ answer: "expired", via: "timeout", span: null });
  const notes = await notesOf();
  expect(notes).toContain("look yes");
  expect(notes).not.toMatch(/look no|hurry/);
});

test("an exception spares a call until its last day is over, in a guard that lives through the night", async () => {
  expect((await call(desk, "desk_hours")).isError).toBe(false);
  writeFileSync(ahead, String(2 * DAY_MS));
  try {
    expect(await call(desk, "desk_hours")).toMatchObject({ isError: true, text: expect.stringContaining("Hours are secret") });
  } finally {
    writeFileSync(ahead, "0");
  }
});

// threat: approval-replayed
test("a yes for an hour holds in the next guard, for that server alone, until the hour is over or it is taken back", async () => {
  const first = note("hourly one");
  expect(sluice("allow", (await question("hourly one")).ticket, "--for", "1h")).toContain("Allowed for 1 hour");
  await first;
  const [listed, ...others] = sluice("grants", "--json").split("\n").filter(Boolean).map((line) => JSON.parse(line) as { id: string; rule: string; thing: string; counts: boolean });
  expect(listed).toMatchObject({ rule: "hourly", thing: "tool add_note", counts: true });
  expect(others).toEqual([]);
  expect(sluice("grants")).toMatch(/tool add_note on .*, for test\n.*allowed for 1 hour by rule hourly, (60|59) min left/);

  const next = await guarded(DESK_STDIO, "--sdk", "v1");
  const asked = async (client: Client, words: string): Promise<void> => {
    const noted = note(words, client);
    sluice("deny", (await question(words)).ticket);
    expect((await noted).isError).toBe(true);
  };
  try {
    expect((await note("hourly two", next)).text).toContain("hourly two");
    expect(await records("request", ({ answer }) => answer === "granted")).toMatchObject({ tool: "add_note", decision: { effect: "approve", enforced: "allow" } });
    await asked(stranger, "hourly elsewhere");
    writeFileSync(ahead, String(HOUR_MS));
    await asked(next, "hourly late");
    writeFileSync(ahead, "0");
    expect((await note("hourly three", next)).isError).toBe(false);

    expect(sluice("revoke", listed!.id.slice(-8))).toContain("Taken back: tool add_note on");
    expect(() => sluice("revoke", listed!.id)).toThrow("has ended, or was taken back");
    await Promise.all([asked(desk, "hourly again"), asked(next, "hourly anew")]);
  } finally {
    writeFileSync(ahead, "0");
    await next.close();
  }
});
