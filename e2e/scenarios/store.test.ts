/** The extension's store on the IndexedDB of a real browser: each record counts once, rows and counters agree, retention forgets the oldest and owns up to what the host never got. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aMessage, CHAT, DESK, NOTES } from "../../extension/ui/fixtures.ts";
import type { createLedger } from "../../extension/store/ledger.ts";
import type { connected, today } from "../../extension/store/queries.ts";
import type { SluiceDb } from "../../extension/store/db.ts";
import { findBrowser } from "../browser/find.ts";
import { ROOT } from "../places.ts";

/** What the bundle below leaves on the page. */
interface Bench {
  readonly SluiceDb: typeof SluiceDb;
  readonly createLedger: typeof createLedger;
  readonly today: typeof today;
  readonly connected: typeof connected;
}
declare const store: Bench;

const folder = mkdtempSync(join(tmpdir(), "sluice-store-"));
let server: Server;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  const found = await findBrowser(process.env);
  if ("missing" in found) throw new Error(found.missing);
  const entry = join(folder, "store.ts");
  const files = ["db", "ledger", "queries"].map((name) => `export * from ${JSON.stringify(join(ROOT, "extension/store", `${name}.ts`))};`).join("\n");
  writeFileSync(entry, files);
  const built = await build({
    configFile: false,
    logLevel: "error",
    build: { write: false, minify: false, lib: { entry, formats: ["iife"], name: "store" } },
  });
  const output = (Array.isArray(built) ? built[0] : built) as { output: readonly { code?: string }[] };
  const code = output.output[0]?.code ?? "";
  server = createServer((_, response) => response.setHeader("content-type", "text/html").end("<!doctype html><title>store</title>"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  browser = await chromium.launch({ executablePath: found.path, chromiumSandbox: process.getuid?.() !== 0 });
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.evaluate(`${code}\nglobalThis.store = store;`);
});

afterAll(async () => {
  await browser?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

const noon = new Date().setHours(12, 0, 0, 0);

test("the same record counts once: across calls, and twice in one call", async () => {
  const record = aMessage({ effect: "block", time: noon });
  const counted = await page.evaluate(async (given) => {
    const db = new store.SluiceDb("once");
    const ledger = store.createLedger(db);
    const options = { toHost: true, context: {} };
    const first = await ledger.store([given, given], options);
    const second = await ledger.store([given], options);
    const { counts, rows } = await store.today(db, given.time);
    const [entry] = (await store.connected(db)).servers;
    return { fresh: [first.fresh.length, second.fresh.length], counts, rows: rows.length, outbox: (await ledger.take(10)).length, blocked: entry?.counts.blocked, requests: entry?.counts.requests };
  }, record);
  expect(counted).toEqual({ fresh: [1, 0], counts: { block: 1, redact: 0, watch: 0 }, rows: 1, outbox: 1, blocked: 1, requests: 1 });
});

test("what the host told goes not back to it, and what it confirmed leaves the outbox", async () => {
  const [own, theirs] = [aMessage({ time: noon }), aMessage({ time: noon, server: NOTES })];
  const left = await page.evaluate(
    async ([mine, host]) => {
      const ledger = store.createLedger(new store.SluiceDb("outbox"));
      await ledger.store([mine], { toHost: true, context: {} });
      await ledger.store([host], { toHost: false, context: {} });
      const before = (await ledger.take(10)).map((record) => record.id);
      await ledger.remove(before);
      return { before, after: (await ledger.take(10)).length };
    },
    [own, theirs] as const,
  );
  expect(left).toEqual({ before: [own.id], after: 0 });
});

test("today is today: newest first, yesterday and quiet traffic left out", async () => {
  const records = [aMessage({ effect: "block", time: noon - 86_400_000 }), aMessage({ effect: "allow", time: noon }), aMessage({ effect: "redact", redacted: 1, time: noon + 1 }), aMessage({ effect: "block", time: noon + 2 }), aMessage({ effect: "block", enforced: "monitor", time: noon + 3 })];
  const seen = await page.evaluate(
    async ([given, now]) => {
      const db = new store.SluiceDb("today");
      await store.createLedger(db).store(given, { toHost: false, context: {} });
      const { counts, rows } = await store.today(db, now);
      return { counts, verdicts: rows.map((row) => row.verdict) };
    },
    [records, noon + 60_000] as const,
  );
  expect(seen).toEqual({ counts: { block: 1, redact: 1, watch: 1 }, verdicts: ["watch", "block", "redact"] });
});

test("retention drops the oldest in slices, keeps the counters true and counts what the host never got", async () => {
  const records = Array.from({ length: 1_300 }, (_, index) => aMessage({ time: noon + index, server: index % 2 ? DESK : NOTES, client: { ...CHAT, id: `app:${index % 3}` } }));
  const kept = await page.evaluate(async (given) => {
    const db = new store.SluiceDb("keep");
    const ledger = store.createLedger(db);
    await ledger.store(given, { toHost: true, context: {} });
    await ledger.remove(given.slice(0, 100).map((record) => record.id));
    let slices = 0;
    while ((slices++, await ledger.trim({ events: 200, servers: 1, clients: 2 })));
    const oldest = await db.events.orderBy("time").first();
    return { slices, rows: await db.events.count(), total: await ledger.counter("events"), lost: await ledger.counter("lost"), oldest: oldest?.id, outbox: (await ledger.take(5_000)).length, servers: (await ledger.servers()).length, clients: await db.clients.count() };
  }, records);
  expect(kept).toEqual({ slices: 3, rows: 200, total: 200, lost: 1_000, oldest: records[1_100]!.id, outbox: 200, servers: 1, clients: 2 });
});
