import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { EventRecord, Unstamped } from "../../shared/events/record.ts";
import type { FromHost } from "../../shared/messages/host.ts";
import { canonicalJson } from "../../shared/policy/canonical.ts";
import type { Policy } from "../../shared/policy/language.ts";
import { readJournal } from "../journal/reader.ts";
import { createStamp } from "../journal/stamp.ts";
import { openSpool } from "../approvals/spool.ts";
import { openJournal, type JournalWriter } from "../journal/writer.ts";
import { encodeFrame, frameDecoder } from "./framing.ts";
import { chunksOf } from "./outbox.ts";
import { serve, type PolicyFeed, type ServeOptions } from "./serve.ts";

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "sluice-serve-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const policyOf = (revision: number, title = "test"): Policy => ({ version: 1, id: "test", title, revision, mode: "enforce", admission: { default: "block", servers: [] }, rules: [] });

/** A policy feed whose changes the test makes. */
function feed(first: Policy) {
  let current = { policy: first, source: "local" as const, digest: `digest-${first.revision}` };
  const applied: Parameters<PolicyFeed["onApplied"]>[0][] = [];
  const rejected: Parameters<PolicyFeed["onRejected"]>[0][] = [];
  return {
    policy: { current: () => current, onApplied: (callback) => void applied.push(callback), onRejected: (callback) => void rejected.push(callback) } satisfies PolicyFeed,
    apply(policy: Policy) {
      current = { policy, source: "local", digest: `digest-${policy.revision}` };
      for (const callback of applied) callback(current);
    },
    reject(...errors: string[]) {
      for (const callback of rejected) callback({ source: "local", errors, kept: { id: "test", revision: current.policy.revision } });
    },
  };
}

/** A host in this process and the browser's end of its pipe. */
function host(options: Partial<ServeOptions> = {}) {
  const input = new PassThrough();
  const output = new PassThrough();
  const logged: string[] = [];
  const received: FromHost[] = [];
  const waiting = new Set<() => void>();
  const decoder = frameDecoder();
  output.on("data", (chunk: Uint8Array) => {
    for (const frame of decoder.push(chunk)) {
      if (frame.kind !== "message") throw new Error(frame.why);
      received.push(frame.value as FromHost);
    }
    for (const check of waiting) check();
  });
  const journal = options.journal ?? openJournal(dir, "host");
  const done = serve({ input, output, policy: feed(policyOf(1)).policy, journal, journalDir: dir, spool: openSpool(dir), discover: async () => [], version: "1.2.3", user: "ada", log: (line) => logged.push(line), now: Date.now, ...options });
  return {
    received,
    logged,
    journal,
    send(value: unknown) {
      const frame = encodeFrame(value);
      if (frame.ok) input.write(frame.value);
    },
    raw: (bytes: Uint8Array) => input.write(bytes),
    /** Resolves with the first message, received already or not, that fits. */
    until<K extends FromHost["kind"]>(kind: K, fits: (message: Extract<FromHost, { kind: K }>) => boolean = () => true): Promise<Extract<FromHost, { kind: K }>> {
      return new Promise((resolve) => {
        const check = () => {
          const found = received.find((message): message is Extract<FromHost, { kind: K }> => message.kind === kind && fits(message as Extract<FromHost, { kind: K }>));
          if (!found) return;
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        check();
      });
    },
    async close() {
      input.end();
      await done;
      await journal.close();
    },
  };
}

const HELLO = { kind: "hello", seam: 2, version: "0.1.0", browser: "chromium" };
const note = (detail: string): Unstamped => ({ kind: "health", what: "extension.started", detail });
const extensionStamp = createStamp("extension");
const details = (records: readonly EventRecord[]) => records.flatMap((record) => (record.kind === "health" ? [record.detail] : []));

test("hello is answered, the policy follows whole, and a changed one comes at once", async () => {
  const source = feed(policyOf(1, "ä\u{1f600}\"\\".repeat(150_000)));
  const browser = host({ policy: source.policy });
  browser.send(HELLO);
  expect(await browser.until("hello")).toEqual({ kind: "hello", seam: 2, version: "1.2.3", user: "ada", journal: dir });
  const last = await browser.until("policy", (part) => part.part === part.parts - 1);
  const parts = browser.received.filter((message) => message.kind === "policy");
  expect(parts.map((part) => part.part)).toEqual(Array.from({ length: last.parts }, (_, i) => i));
  expect(last.parts).toBeGreaterThan(1);
  expect(parts.map((part) => part.text).join("")).toBe(canonicalJson(source.policy.current().policy));
  source.apply(policyOf(2));
  expect(await browser.until("policy", (part) => part.digest === "digest-2")).toMatchObject({ part: 0, parts: 1, text: canonicalJson(policyOf(2)) });
  await browser.close();
  expect((await readJournal(dir, { kinds: ["policy.applied"] })).map((record) => record.kind === "policy.applied" && record.policy.revision)).toEqual([1, 2]);
});

test("a refused policy is told, also to an extension that connects later, until a good one comes", async () => {
  const source = feed(policyOf(1));
  const browser = host({ policy: source.policy });
  source.reject("policy.yaml:3: unknown key");
  browser.send(HELLO);
  expect(await browser.until("policy.rejected")).toEqual({ kind: "policy.rejected", source: "local", errors: ["policy.yaml:3: unknown key"] });
  source.apply(policyOf(2));
  browser.received.length = 0;
  browser.send(HELLO);
  browser.send({ kind: "ping", nonce: "after" });
  await browser.until("pong");
  expect(browser.received.map((message) => message.kind)).toEqual(["hello", "policy", "pong"]);
  await browser.close();
  expect(await readJournal(dir, { kinds: ["policy.rejected"] })).toMatchObject([{ errors: ["policy.yaml:3: unknown key"], kept: { id: "test", revision: 1 } }]);
});

test("another version of the seam is answered with ours and gets nothing else", async () => {
  const browser = host();
  browser.send({ ...HELLO, seam: 99 });
  browser.send({ kind: "events", batch: 1, records: [] });
  browser.send({ kind: "ping", nonce: "x" });
  await browser.until("pong");
  expect(browser.received.map((message) => message.kind)).toEqual(["hello", "pong"]);
  await browser.close();
  expect(details(await readJournal(dir)).join()).toContain("update the host");
});

test("the extension's records are on disk with their own ids before the receipt", async () => {
  const browser = host();
  browser.send(HELLO);
  const records = [extensionStamp(note("one")), extensionStamp(note("two"))];
  browser.send({ kind: "events", batch: 7, records });
  expect(await browser.until("events.stored")).toEqual({ kind: "events.stored", batch: 7 });
  expect(await readJournal(dir, { kinds: ["health"] })).toEqual(records);
  await browser.close();
});

test("without a working journal there is no receipt", async () => {
  const working = openJournal(dir, "host");
  const broken: JournalWriter = { ...working, append: (record) => working.append(record), flush: () => Promise.resolve(false) };
  const browser = host({ journal: broken });
  browser.send(HELLO);
  browser.send({ kind: "events", batch: 1, records: [extensionStamp(note("one"))] });
  browser.send({ kind: "ping", nonce: "later" });
  await browser.until("pong");
  expect(browser.received.map((message) => message.kind)).not.toContain("events.stored");
  await browser.close();
});

test("records that are not valid, too long or not the extension's own are refused one by one, and the gap is recorded", async () => {
  const browser = host();
  browser.send(HELLO);
  const good = extensionStamp(note("good"));
  const forged = createStamp("guard")(note("forged"));
  browser.send({ kind: "events", batch: 1, records: [forged, { ...good, detail: "x".repeat(5000) }, { ...good, body: "y".repeat(5000) }, null, good, { ...good, id: "1" }] });
  await browser.until("events.stored");
  await browser.close();
  const stored = details(await readJournal(dir));
  expect(stored).toContain("good");
  expect(stored).not.toContain("forged");
  expect(stored.filter((detail) => detail.startsWith("5 records from the browser"))).toHaveLength(1);
});

test("records of guards reach the browser: those of the last hours at hello, later ones as they come, its own never", async () => {
  const guard = openJournal(dir, "guard");
  guard.append(note("before"));
  await guard.flush();
  const browser = host();
  browser.send(HELLO);
  const has = (detail: string) => browser.until("events", (message) => details(message.records).includes(detail));
  await has("before");
  browser.send({ kind: "events", batch: 1, records: [extensionStamp(note("mine"))] });
  await browser.until("events.stored");
  guard.append(note("after"));
  await guard.close();
  await has("after");
  const forwarded = browser.received.flatMap((message) => (message.kind === "events" ? details(message.records) : []));
  expect(forwarded).not.toContain("mine");
  await browser.close();
});

test("discovery's records are journalled and come with what was known before", async () => {
  const deployment = (name: string): Unstamped => ({
    kind: "deployment",
    change: "added",
    point: "stdio",
    client: { id: "client:cursor", name: "Cursor" },
    server: { kind: "local", id: "srv_0123456789abcdef", command: "npx", args: [] },
    name,
    where: "~/.cursor/mcp.json",
    guarded: false,
    transport: "stdio",
    notes: [],
  });
  const monthAgo = openJournal(dir, "cli", { now: () => Date.now() - 30 * 24 * 60 * 60 * 1000 });
  monthAgo.append(deployment("old"));
  await monthAgo.close();
  const browser = host({ discover: async () => [deployment("new") as Extract<Unstamped, { kind: "deployment" }>] });
  browser.send({ kind: "discover" });
  browser.send(HELLO);
  browser.send({ kind: "discover" });
  const named = (name: string) => browser.until("events", (message) => message.records.some((record) => record.kind === "deployment" && record.name === name));
  await Promise.all([named("old"), named("new")]);
  await browser.close();
  expect(browser.logged.join()).toContain("before hello");
  expect(await readJournal(dir, { kinds: ["deployment"] })).toHaveLength(2);
});

test("nonsense is logged and ignored; the conversation goes on", async () => {
  const browser = host();
  for (const junk of [null, 7, "text", [], {}, { kind: 5 }, { kind: "hello" }, { kind: "events", batch: "x" }]) browser.send(junk);
  browser.raw(Uint8Array.of(3, 0, 0, 0, 0x7b, 0x7b, 0x7b));
  browser.send(HELLO);
  browser.send({ kind: "run", command: "rm -rf /" });
  browser.send({ kind: "events", records: "many" });
  browser.send({ kind: "ping", nonce: "still here" });
  expect(await browser.until("pong")).toEqual({ kind: "pong", nonce: "still here" });
  expect(browser.logged.join("\n")).toContain("unknown kind was ignored: run");
  await browser.close();
});

test("a length that cannot be true ends the conversation instead of filling the memory", async () => {
  const browser = host();
  browser.raw(Uint8Array.of(255, 255, 255, 255));
  await browser.close();
  expect(browser.logged.join()).toContain("at most");
});

test("policy parts never cut a character in two", () => {
  const text = "a\u{1f600}".repeat(50);
  for (let size = 2; size < 12; size++) {
    const chunks = chunksOf(text, size);
    expect(chunks.join("")).toBe(text);
    expect(chunks.every((chunk) => chunk.isWellFormed() && chunk.length <= size && chunk.length > 0)).toBe(true);
  }
  expect(chunksOf("", 5)).toEqual([""]);
});
