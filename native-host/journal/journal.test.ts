import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { EventRecord, Unstamped } from "../../shared/events/record.ts";
import { readJournal, surveyJournal } from "./reader.ts";
import { listSegments, verifySegment } from "./segment.ts";
import { tailJournal } from "./tail.ts";
import { openJournal } from "./writer.ts";

// Real processes on a busy machine: only a hang should fail here.
vi.setConfig({ testTimeout: 60_000 });

let dir: string;
beforeEach(() => (dir = join(mkdtempSync(join(tmpdir(), "sluice-journal-")), "journal")));
afterEach(() => rmSync(dirname(dir), { recursive: true, force: true }));

const note = (detail: string): Unstamped => ({ kind: "health", what: "coverage.gap", detail });
const detailOf = (record: EventRecord) => (record.kind === "health" ? record.detail : record.kind);
const onlySegment = () => listSegments(dir)[0]!.file;

function startWriter(name: string, count: number): ChildProcess {
  const script = fileURLToPath(new URL("writer.fixture.ts", import.meta.url));
  return spawn(process.execPath, [script, dir, name, String(count)], { stdio: ["pipe", "pipe", "inherit"] });
}

/** Resolves when the child has printed a line that satisfies `wanted`; returns the last line. */
async function printed(child: ChildProcess, wanted: (line: string) => boolean): Promise<void> {
  for await (const line of createInterface({ input: child.stdout! })) if (wanted(line)) return;
  throw new Error("the writer ended before it printed what was expected");
}

test("two processes write at once; the reader sees every record, in order, and both chains hold", async () => {
  const writers = [startWriter("a", 500), startWriter("b", 500)];
  await Promise.all(
    writers.map(async (writer) => {
      const exit = once(writer, "exit");
      await printed(writer, (line) => line === "done");
      writer.stdin!.end();
      expect(await exit).toEqual([0, null]);
    }),
  );
  const { records, torn, refused, segments } = await surveyJournal(dir);
  expect({ count: records.length, torn, refused, segments }).toEqual({ count: 1000, torn: 0, refused: 0, segments: 2 });
  expect(records.map((record) => record.id)).toEqual(records.map((record) => record.id).toSorted());
  for (const name of ["a", "b"]) {
    const own = records.map(detailOf).filter((detail) => detail.startsWith(`${name} `));
    expect(own).toEqual(Array.from({ length: 500 }, (_, i) => `${name} ${i + 1}`));
  }
  for (const { file } of listSegments(dir)) expect(await verifySegment(file)).toEqual({ ok: true, lines: 500, torn: false });
});

test("a killed writer loses nothing that it had flushed and tears at most its last line", async () => {
  for (const after of [3, 40]) {
    const writer = startWriter(`kill${after}`, 0);
    const exit = once(writer, "exit");
    let flushed = 0;
    let lines = 0;
    for await (const line of createInterface({ input: writer.stdout! })) {
      flushed = Number(line);
      // Reading goes on after the kill: lines printed before it still count as promises.
      if (++lines === after) writer.kill("SIGKILL");
    }
    expect(await exit).toEqual([null, "SIGKILL"]);
    const { records, torn, refused } = await surveyJournal(dir);
    expect(torn).toBeLessThanOrEqual(1);
    expect(refused).toBe(0);
    const seen = new Set(records.map(detailOf));
    const missing = Array.from({ length: flushed }, (_, i) => `kill${after} ${i + 1}`).filter((detail) => !seen.has(detail));
    expect(missing).toEqual([]);
  }
  for (const { file } of listSegments(dir)) expect(await verifySegment(file)).toMatchObject({ ok: true });
});

test("a writer that is asked to end writes what it still holds and dies of the signal", async () => {
  const writer = startWriter("term", 5);
  const exit = once(writer, "exit");
  await printed(writer, (line) => line === "done");
  writer.kill("SIGTERM");
  expect(await exit).toEqual([null, "SIGTERM"]);
  expect(await readJournal(dir)).toHaveLength(5);
});

test("only the owner can read the journal", async () => {
  const journal = openJournal(dir, "host");
  journal.append(note("x"));
  await journal.close();
  const file = onlySegment();
  expect([file, dirname(file), dir].map((path) => (statSync(path).mode & 0o777).toString(8))).toEqual(["600", "700", "700"]);
});

test("a block is in the file before append returns; other records wait", () => {
  const journal = openJournal(dir, "guard", { bufferMs: 1_000_000 });
  journal.append(note("first"));
  expect(listSegments(dir)).toEqual([]);
  journal.append(blocked());
  expect(readFileSync(onlySegment(), "utf8").split("\n")).toHaveLength(3);
  return journal.close();
});

// threat: journal-tampering
test("the chain shows a changed, a removed, a swapped and a foreign line", async () => {
  const journal = openJournal(dir, "host");
  for (const detail of ["one", "two", "three"]) journal.append(note(detail));
  await journal.close();
  const file = onlySegment();
  const [one = "", two = "", three = ""] = readFileSync(file, "utf8").split("\n");
  const verdict = async (...lines: string[]) => {
    writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
    return verifySegment(file);
  };
  expect(await verdict(one, two, three)).toEqual({ ok: true, lines: 3, torn: false });
  expect(await verdict(one, two.replace("two", "TWO"), three)).toMatchObject({ ok: false, line: 3 });
  expect(await verdict(one, three)).toMatchObject({ ok: false, line: 2 });
  expect(await verdict(two, one, three)).toMatchObject({ ok: false, line: 1 });
  expect(await verdict(one, one, two, three)).toMatchObject({ ok: false, line: 2 });
  const copy = join(dirname(file), basename(file).replace(/-[0-9a-f]+\.jsonl$/, "-0.jsonl"));
  writeFileSync(copy, `${one}\n`);
  expect(await verifySegment(copy)).toMatchObject({ ok: false, line: 1 });
});

test("torn ends, damage, newer kinds, newer versions and repeats are counted or folded, never fatal", async () => {
  const journal = openJournal(dir, "host");
  const record = journal.append(note("good"));
  journal.store([{ ...record, by: "extension" }]);
  await journal.close();
  const other = { ...record, id: record.id.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")) };
  const lines = [{ ...other, kind: "teleported" }, { ...other, v: 2 }, { ...other, detail: "x".repeat(5000) }, { ...other, id: "../../etc/passwd" }, null, 7];
  appendFileSync(onlySegment(), `${lines.map((line) => JSON.stringify(line)).join("\n")}\nnot json\n{"v":1,"id":"`);
  const survey = await surveyJournal(dir);
  expect(survey.records).toEqual([record]);
  expect(survey).toMatchObject({ torn: 1, newer: 2, refused: 5 });
});

test("a filter takes kinds and the time from which on", async () => {
  let time = Date.parse("2026-01-01T10:00:00Z");
  const journal = openJournal(dir, "host", { now: () => time });
  journal.append(note("old"));
  await journal.flush();
  time += 3 * 24 * 60 * 60 * 1000;
  journal.append(note("new"));
  journal.append({ kind: "policy.rejected", source: "local", errors: ["policy.yaml:3: unknown key"], kept: null });
  await journal.close();
  expect(listSegments(dir).map((segment) => segment.day)).toEqual(["2026-01-01", "2026-01-04"]);
  expect((await readJournal(dir, { since: time })).map(detailOf)).toEqual(["new", "policy.rejected"]);
  expect((await readJournal(dir, { kinds: ["policy.rejected"] })).map(detailOf)).toEqual(["policy.rejected"]);
});

test("a clock that stands still or steps back does not change the order of one writer's records", async () => {
  const times = [5000, 5000, 4000, 5000, 5001].map((ms) => Date.parse("2026-01-01T00:00:00Z") + ms);
  let at = 0;
  const journal = openJournal(dir, "host", { now: () => times[Math.min(at, times.length - 1)]! });
  for (at = 0; at < times.length; at++) journal.append(note(String(at)));
  await journal.close();
  expect((await readJournal(dir)).map(detailOf)).toEqual(["0", "1", "2", "3", "4"]);
});

test("while the journal cannot be written recording goes on; afterwards the kept records and the count of the lost are there", async () => {
  writeFileSync(dir, "a file stands where the folder should be");
  const journal = openJournal(dir, "guard", { queueChars: 1000 });
  for (let i = 0; i < 100; i++) journal.append(note(`record ${i}`));
  expect(await journal.flush()).toBe(false);
  unlinkSync(dir);
  expect(await journal.flush()).toBe(true);
  journal.append(note("afterwards"));
  await journal.close();
  const records = await readJournal(dir);
  const kept = records.map(detailOf).filter((detail) => detail.startsWith("record "));
  expect(kept.length).toBeGreaterThan(0);
  expect(kept).toEqual(kept.map((_, i) => `record ${i}`));
  expect(records.find((record) => record.kind === "health" && record.what === "records.lost")).toMatchObject({ detail: expect.stringMatching(`^${100 - kept.length} records since `) as string });
  expect(records.map(detailOf)).toContain("afterwards");
});

test.skipIf(process.platform === "win32")("a file that takes no more in the middle of a line ends clean, its chain unbroken, and the rest goes to the next one", async () => {
  // A tiny file size limit gives a short write and then an error, as a full disk does.
  const script = fileURLToPath(new URL("writer.fixture.ts", import.meta.url));
  const writer = spawn("/bin/bash", ["-c", `trap '' XFSZ; ulimit -f 8; exec "$0" "$@"`, process.execPath, script, dir, "full", "400"], { stdio: ["pipe", "pipe", "inherit"] });
  const exit = once(writer, "exit");
  await printed(writer, (line) => line === "done");
  writer.stdin.end();
  await exit;
  const { records, torn, refused, segments } = await surveyJournal(dir);
  expect({ torn, refused, count: records.length }).toEqual({ torn: 0, refused: 0, count: 400 });
  expect(segments).toBeGreaterThan(5);
  for (const { file } of listSegments(dir)) expect(await verifySegment(file)).toMatchObject({ ok: true, torn: false });
});

test("a segment that somebody deletes is replaced by a new one", async () => {
  const journal = openJournal(dir, "host");
  journal.append(note("one"));
  await journal.flush();
  unlinkSync(onlySegment());
  journal.append(note("two"));
  await journal.close();
  expect((await readJournal(dir)).map(detailOf)).toEqual(["two"]);
});

test("a record that no reader would take leaves a visible gap instead of vanishing", async () => {
  const journal = openJournal(dir, "guard");
  journal.append(note("x".repeat(10_000)));
  await journal.close();
  expect(await readJournal(dir)).toMatchObject([{ kind: "health", what: "records.lost" }]);
});

/** Collects what a tail delivers and resolves when `count` records are there. */
function tailing(now?: () => number) {
  const records: EventRecord[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const tail = tailJournal(
    dir,
    (fresh) => {
      records.push(...fresh);
      for (const { count, resolve } of waiting) if (records.length >= count) resolve();
    },
    { pollMs: 20, ...(now && { now }) },
  );
  return { records, close: () => tail.close(), until: (count: number) => new Promise<void>((resolve) => (records.length >= count ? resolve() : waiting.push({ count, resolve }))) };
}

test("a tail delivers what comes after it, across segments, writers and days", async () => {
  let time = Date.parse("2026-03-01T23:59:59Z");
  const now = () => time;
  const before = openJournal(dir, "guard", { now });
  before.append(note("before"));
  await before.flush();
  const tail = tailing(now);
  before.append(note("same segment"));
  await before.flush();
  await tail.until(1);
  const second = openJournal(dir, "cli", { now });
  second.append(note("new segment"));
  await second.close();
  await tail.until(2);
  time += 5000;
  before.append(note("next day"));
  await before.close();
  await tail.until(3);
  tail.close();
  expect(tail.records.map(detailOf)).toEqual(["same segment", "new segment", "next day"]);
});

test("a tail that begins before the journal exists sees its first record", async () => {
  const tail = tailing();
  const journal = openJournal(dir, "host");
  journal.append(note("first"));
  await journal.close();
  await tail.until(1);
  tail.close();
  expect(tail.records.map(detailOf)).toEqual(["first"]);
});

test("a tail never delivers half a line, nor a line whose beginning it missed", async () => {
  const journal = openJournal(dir, "host");
  const one = journal.append(note("one"));
  await journal.close();
  const file = onlySegment();
  const line = (detail: string, last: string) => `${JSON.stringify({ ...one, id: one.id.slice(0, -1) + last, detail })}\n`;
  const [two, three] = [line("two ä", "a"), line("three", "b")];
  appendFileSync(file, two.slice(0, 30));
  const tail = tailing();
  appendFileSync(file, two.slice(30));
  await tail.until(1);
  const bytes = Buffer.from(three);
  appendFileSync(file, bytes.subarray(0, 50));
  // Another writer's record proves that the tail has looked since.
  const other = openJournal(dir, "cli");
  other.append(note("other"));
  await other.close();
  await tail.until(2);
  appendFileSync(file, bytes.subarray(50));
  await tail.until(3);
  tail.close();
  expect(tail.records.map(detailOf)).toEqual(["two ä", "other", "three"]);
});

function blocked(): Unstamped {
  return {
    kind: "request",
    channel: "c1",
    point: "stdio",
    transport: "stdio",
    client: { id: "client:cursor", name: "Cursor" },
    server: { kind: "local", id: "srv_0123456789abcdef", command: "npx", args: ["-y", "desk"] },
    direction: "to-server",
    method: "tools/call",
    tool: "delete_all",
    bytes: 120,
    findings: [],
    decision: { effect: "block", enforced: "block", decidedBy: "no-delete", title: "No deletes", message: null, learnMore: null, severity: "high", matched: [], redactions: [], policy: { id: "p", revision: 1, source: "local" } },
    redacted: 0,
  };
}
