import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exampleHandshake, exampleRecord, exampleSummary, PASSED } from "../../../shared/events/example-records.fixture.ts";
import type { MessageRecord, Unstamped } from "../../../shared/events/record.ts";
import { openStage, type Stage } from "./run.fixture.ts";

let stage: Stage;
beforeEach(() => void (stage = openStage()));
afterEach(() => stage.close());

const DAY = 24 * 60 * 60 * 1000;

/** @param rules YAML of the rules, one a line. */
function policyText(rules: readonly string[], more = ""): string {
  return `version: 1\nid: p\nrevision: 1\nmode: enforce\nadmission: { default: monitor, servers: [] }\nrules:\n${rules.map((rule) => `  - ${rule}\n`).join("")}${more}`;
}

const NO_SECRETS = "{ id: no-secrets, title: Secrets stay, when: { direction: to-server, data: { any: [secret.*] } }, effect: block }";
const call = (changes: Partial<Unstamped<MessageRecord>> = {}): Unstamped<MessageRecord> => ({ ...exampleRecord(0), findings: [], tool: "get_customer", ...changes });
const secret = { findings: [exampleSummary("secret.jwt", 1)] };

test("simulate: what a policy would have blocked, by rule, server and person, with examples", async () => {
  const records = await stage.journal([call(secret), call(), call(secret), call({ ...secret, direction: "to-client", kind: "response" })]);
  const file = stage.file("p.yaml", policyText([NO_SECRETS]));
  const { code, out } = await stage.run("simulate", "--policy", file, "--json");
  expect(code).toBe(0);
  const blocked = { messages: 2, blocked: 2, stricter: 2, looser: 0, examples: [records[0]!.id, records[2]!.id] };
  expect(JSON.parse(out)).toMatchObject({
    messages: 4,
    changed: 2,
    matrix: { monitor: { monitor: 2, block: 2 } },
    byRule: [{ name: "no-secrets", ...blocked }],
    byServer: [{ name: "https://mcp3.example/mcp", ...blocked }],
    unknown: { messages: 0, because: [] },
  });
  const text = (await stage.run("simulate", "--policy", file)).out;
  expect(text).toContain("2 messages of 4 messages would come out differently");
  expect(text).toContain("no-secrets");
  expect(text).toContain(records[0]!.id);
});

test("simulate: only what was recorded since then, and without --policy the policy in force", async () => {
  await stage.journal([call(secret)], Date.now() - 8 * DAY);
  await stage.journal([call({ findings: [exampleSummary("secret.private-key", 1)] })]);
  const result = JSON.parse((await stage.run("simulate", "--json")).out) as object;
  expect(result).toMatchObject({ policy: { id: "sluice-baseline", source: "baseline" }, messages: 1, byRule: [{ name: "baseline-private-keys" }], matrix: { monitor: { redact: 1 } } });
  expect(JSON.parse((await stage.run("simulate", "--since", "30d", "--json")).out)).toMatchObject({ messages: 2 });
});

test("simulate: what no record tells is not counted, but said as what may come on top", async () => {
  await stage.journal([call({ tool: "read_file" }), call({ tool: "read_file" }), call({ tool: "search" })]);
  const file = stage.file("p.yaml", policyText(["{ id: no-red, title: Not for red, when: { tool: read_file, who: { group: red } }, effect: block }"]));
  const result = JSON.parse((await stage.run("simulate", "--policy", file, "--json")).out) as object;
  expect(result).toMatchObject({ changed: 0, matrix: { monitor: { monitor: 3 } }, byRule: [{ name: "no-red", messages: 0, blocked: 0, perhaps: 2 }], unknown: { messages: 2, changed: 0, because: [{ what: "group", messages: 2 }] } });
  const { out } = await stage.run("simulate", "--policy", file);
  expect(out).toContain("2 decisions hang on something that no record tells");
  expect(out).toContain("perhaps 2 more");
});

test("simulate: what the handshake said counts for the messages of its connection alone", async () => {
  const file = stage.file("p.yaml", policyText(["{ id: old, title: Old protocol, when: { protocolVersion: '2024-*' }, effect: block }"]));
  const old = call({ channel: "one" });
  const modern = call({ channel: "two" });
  await stage.journal([exampleHandshake(old, "2024-11-05"), exampleHandshake(modern, "2025-11-25"), old, modern]);
  expect(JSON.parse((await stage.run("simulate", "--policy", file, "--json")).out)).toMatchObject({ matrix: { monitor: { block: 1, monitor: 1 } }, unknown: { messages: 0 } });
});

test("simulate: a policy that only watches stops nothing; --as-enforced counts what it says", async () => {
  await stage.journal([call(secret)]);
  const file = stage.file("p.yaml", policyText([NO_SECRETS]).replace("mode: enforce", "mode: monitor"));
  const watched = await stage.run("simulate", "--policy", file);
  expect(watched.out).toContain("This policy only watches");
  expect(JSON.parse((await stage.run("simulate", "--policy", file, "--json")).out)).toMatchObject({ changed: 0 });
  expect(JSON.parse((await stage.run("simulate", "--policy", file, "--as-enforced", "--json")).out)).toMatchObject({ changed: 1, byRule: [{ blocked: 1 }] });
});

test("simulate: exported files stand for persons, and what is no record is counted, not believed", async () => {
  await stage.journal([call(secret), call()]);
  const lines = journalLines().join("\n");
  const file = stage.file("p.yaml", policyText([NO_SECRETS]));
  const [alice, bob] = [stage.file("alice.jsonl", `${lines}\nnot a record\n`), stage.file("bob.jsonl", lines.replaceAll(/"id":"[0-9a-f]{8}/g, '"id":"00000000'))];
  const { out, err } = await stage.run("simulate", "--policy", file, "--events", alice, "--events", bob, "--json");
  expect(err).toBe("");
  expect(JSON.parse(out)).toMatchObject({ messages: 4, unread: 1, byPerson: [{ name: "alice", blocked: 1 }, { name: "bob", blocked: 1 }] });
});

test("simulate and diff: with nothing recorded there is no answer", async () => {
  const file = stage.file("p.yaml", policyText([NO_SECRETS]));
  await expect(stage.run("simulate", "--policy", file)).rejects.toMatchObject({ code: 2, message: expect.stringContaining("nothing was recorded") as string });
  await expect(stage.run("diff", file, file, "--events", stage.file("empty.jsonl", ""))).rejects.toMatchObject({ code: 2 });
  await expect(stage.run("simulate", "--policy", stage.file("bad.yaml", "version: 1\n"))).rejects.toMatchObject({ code: 2, message: expect.stringContaining("bad.yaml:1:1") as string });
  await expect(stage.run("simulate", "--since", "yesterday")).rejects.toMatchObject({ code: 2 });
});

test("diff: what was written otherwise, by id and without regard to order", async () => {
  const other = "{ id: other, title: Other, when: { tool: search }, effect: monitor }";
  const a = stage.file("a.yaml", policyText([NO_SECRETS, other]));
  const b = stage.file("b.yaml", policyText([other.replace("monitor", "block"), NO_SECRETS]));
  expect((await stage.run("diff", a, stage.file("c.yaml", policyText([other, NO_SECRETS])))).code).toBe(0);
  const { code, out } = await stage.run("diff", a, b, "--json");
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ changes: [{ kind: "changed", what: "rule", id: "other", details: ["effect: monitor → block"] }], decisions: null });
  const removed = await stage.run("diff", b, stage.file("d.yaml", policyText([NO_SECRETS], "exceptions: [{ rule: no-secrets, when: { tool: search }, owner: o, until: 2030-01-01, ticket: T-1 }]\n")));
  expect(removed.out).toContain("- rule other: block; Other");
  expect(removed.out).toContain("+ exception to no-secrets (T-1, until 2030-01-01)");
});

test("diff: which recorded messages would come out differently, old effect to new", async () => {
  await stage.journal([call(secret), call(), call({ tool: "search" })]);
  const a = stage.file("a.yaml", policyText([NO_SECRETS]));
  const b = stage.file("b.yaml", policyText(["{ id: no-search, title: No search, when: { tool: search }, effect: block }"]));
  const { code, out } = await stage.run("diff", a, b, "--since", "1d", "--json");
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    decisions: {
      changed: 2,
      matrix: { monitor: { monitor: 1, block: 1 }, block: { monitor: 1 } },
      byRule: [
        { name: "no-search", stricter: 1, looser: 0 },
        { name: "no-secrets", stricter: 0, looser: 1 },
      ],
    },
  });
});

test("explain: what happened, which clause, what would be said today; a unique beginning or end of the id is enough", async () => {
  const decision = { ...PASSED, effect: "block", enforced: "block", decidedBy: "r", title: "R", matched: [{ kind: "rule", id: "r", title: "R", effect: "block", mode: "enforce", clauses: ["data secret.jwt (1)"] }] } as const;
  const [record, second] = await stage.journal([call({ ...secret, decision }), call()]);
  const { code, out } = await stage.run("explain", record!.id);
  expect(code).toBe(0);
  expect(out).toContain("Blocked.");
  expect(out).toContain('Rule "R" (r): block, because of data secret.jwt (1).');
  expect(out).toContain("Found: secret.jwt, 1");
  expect(out).toMatch(/Today \(sluice-baseline, revision 1, built into Sluice\) this would be redact; then it was block\./);
  for (const part of [record!.id.slice(-8), record!.id.slice(0, 35)]) expect(JSON.parse((await stage.run("explain", part, "--json")).out)).toMatchObject({ id: record!.id, atTheTime: { enforced: "block" }, today: { enforced: "redact" } });
  expect(JSON.parse((await stage.run("explain", second!.id, "--policy", stage.file("p.yaml", policyText([NO_SECRETS])), "--json")).out)).toMatchObject({ today: { enforced: "monitor", policy: { id: "p" } } });
});

test("explain: no such event exits 1, several or no id 2", async () => {
  const [record] = await stage.journal([call(), call()]);
  await expect(stage.run("explain", "00000000-0000-7000-8000-000000000000")).rejects.toMatchObject({ code: 1 });
  await expect(stage.run("explain", record!.id.slice(0, 8))).rejects.toMatchObject({ code: 2, message: expect.stringContaining("2 events match") as string });
  await expect(stage.run("explain", "abc")).rejects.toMatchObject({ code: 2 });
  await expect(stage.run("explain", "../etc")).rejects.toMatchObject({ code: 2 });
});

test("explain: what is no message is told, too", async () => {
  const [record] = await stage.journal([{ kind: "health", what: "coverage.gap", detail: "a gap" }]);
  expect((await stage.run("explain", record!.id)).out).toContain("a gap");
});

function journalLines(): string[] {
  const journal = join(stage.folder, "home", "journal");
  return readdirSync(journal).flatMap((day) => readdirSync(join(journal, day)).flatMap((name) => readFileSync(join(journal, day, name), "utf8").trimEnd().split("\n")));
}

test("simulate: what a task brings is judged with the request that began it", async () => {
  const file = stage.file("p.yaml", policyText(["{ id: calls, title: No calls, when: { method: tools/call, data: { any: [secret.*] } }, effect: block }"]));
  const began = call({ exchange: "e1" });
  const result = call({ ...secret, kind: "response", direction: "to-client", method: "tasks/result", exchange: "e2", chain: "e1" });
  await stage.journal([began, result, { ...result, exchange: "e3", chain: "other" }]);
  expect(JSON.parse((await stage.run("simulate", "--policy", file, "--json")).out)).toMatchObject({ byRule: [{ name: "calls", blocked: 1 }] });
});

// threat: hostile-names
test("what servers call themselves steers no terminal, neither in tables nor as JSON", async () => {
  const server = { ...exampleRecord(0).server, kind: "local", id: "srv_x", command: "evil\u009b31m\u202e", args: [] } as unknown as Unstamped<MessageRecord>["server"];
  const [record] = await stage.journal([call({ ...secret, server, tool: "get\u001b[2J" })]);
  const file = stage.file("p.yaml", policyText([NO_SECRETS]));
  for (const argv of [["simulate", "--policy", file], ["simulate", "--policy", file, "--json"], ["explain", record!.id, "--policy", file], ["explain", record!.id, "--json"], ["diff", file, stage.file("q.yaml", policyText(["{ id: o, title: O, when: { tool: o }, effect: block }"])), "--since", "1d", "--json"]]) {
    const { out } = await stage.run(...argv);
    // oxlint-disable-next-line no-control-regex
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  }
});
