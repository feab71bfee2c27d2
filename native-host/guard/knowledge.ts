/** What guards of one server know of it together: a small file in the state folder. SDK clients start a throw-away process of a server to look at it, and what its guard has learned counts for the next. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { EventRecord, MessageRecord } from "../../shared/events/record.ts";
import { isServerEntry } from "../../shared/inventory/entry-guard.ts";
import { isServerRecord, observeServer, type ServerEntry, type ServerRecord } from "../../shared/inventory/inventory.ts";
import { mergeEntries } from "../../shared/inventory/merge.ts";
import { member } from "../../shared/mcp/message.ts";
import type { Decision } from "../../shared/policy/decision.ts";
import { isMirroredByTool, type HeaderMemory, type MirroredByTool } from "./http/request-headers.ts";

export interface Knowledge {
  observe(record: EventRecord): void;
  /** All that is known of the server: what this process has seen, and those before it. Reads the file the first time. */
  entry(): ServerEntry | undefined;
  readonly headers: HeaderMemory;
  /** Writes what is new. Never throws: what could not be kept will be learned again. */
  close(): Promise<void>;
}

/** The file's content. */
interface Kept {
  readonly entry?: ServerEntry | undefined;
  readonly headers: MirroredByTool;
}

const NOTHING: Kept = { headers: {} };
const VERSION = 1;
const MAX_BYTES = 4 * 1024 * 1024;
/** A list or an introduction is worth writing soon: the process that learned it may be gone in a moment. */
const SOON_MS = 100;
const LATER_MS = 30_000;
/** Nobody holds the lock this long: it was left behind. */
const STALE_MS = 5000;
const TRIES = 20;
const PAUSE_MS = 15;

/** Messages that were decided by one and the same decision. */
interface Alike {
  last: MessageRecord;
  times: number;
}

const MAX_ALIKE = 64;

const NEWS: ReadonlySet<EventRecord["kind"]> = new Set(["initialized", "tools.listed", "prompts.listed", "resources.listed"]);

/** @param server its id: `srv_` and hex digits. */
export function openKnowledge(stateDir: string, server: string): Knowledge {
  const folder = join(stateDir, "servers");
  const file = join(folder, `${server.replace(/[^a-z0-9_]/gi, "")}.json`);
  /** Of earlier processes; undefined: not read yet. */
  let before: Kept | undefined;
  /** Seen by this process and not in the file yet. */
  let fresh: Kept = NOTHING;
  /** On its way into the file. */
  let going: Kept = NOTHING;
  /** All of these as one, for as long as somebody asks: putting them together costs far more than one record. */
  let all: Kept | undefined;
  /** Clean messages that were decided alike and are not taken in yet: thousands of them change no more than a count. */
  const alike = { request: new Map<Decision, Alike>(), response: new Map<Decision, Alike>() };
  let timer: NodeJS.Timeout | undefined;
  let due = Infinity;
  let writing: Promise<void> = Promise.resolve();

  function takeIn(record: ServerRecord, times: number): void {
    fresh = { ...fresh, entry: observeServer(fresh.entry, record, {}, times) };
    if (all) all = { ...all, entry: observeServer(all.entry, record, {}, times) };
  }

  function count(record: MessageRecord & { readonly kind: "request" | "response" }): void {
    const tallies = alike[record.kind];
    const tally = tallies.get(record.decision);
    if (tally && isAlike(tally.last, record)) {
      tally.last = record;
      tally.times++;
      return;
    }
    if (tally || tallies.size >= MAX_ALIKE) settle();
    tallies.set(record.decision, { last: record, times: 1 });
  }

  function settle(): void {
    for (const each of [alike.request, alike.response]) {
      for (const { last, times } of each.values()) takeIn(last, times);
      each.clear();
    }
  }

  function known(): Kept {
    settle();
    before ??= read(file, server);
    return (all ??= [before, going, fresh].reduce(both));
  }

  function plan(ms: number): void {
    if (due <= ms) return;
    clearTimeout(timer);
    due = ms;
    timer = setTimeout(save, ms);
    timer.unref();
  }

  function save(): void {
    clearTimeout(timer);
    due = Infinity;
    writing = writing.then(write);
  }

  async function write(): Promise<void> {
    settle();
    if (fresh === NOTHING) return;
    going = fresh;
    fresh = NOTHING;
    const kept = await underLock(folder, `${file}.lock`, async () => {
      const theirs = parse(await readFile(file, "utf8").catch(() => ""), server);
      const together = both(theirs, going);
      const { entry, headers } = together;
      await writeWhole(file, JSON.stringify({ version: VERSION, ...(entry ? { entry: { ...entry, admission: null } } : {}), headers }));
      return together;
    });
    if (kept) before = kept;
    // Somebody else was at it all the time, or the folder cannot be written: it stays new.
    else fresh = both(going, fresh);
    going = NOTHING;
    all = undefined;
  }

  return {
    observe(record) {
      if (!isServerRecord(record)) return;
      if (isPlain(record)) count(record);
      else {
        settle();
        takeIn(record, 1);
      }
      plan(NEWS.has(record.kind) ? SOON_MS : LATER_MS);
    },
    entry: () => known().entry,
    headers: {
      recall: () => known().headers,
      keep(headers) {
        fresh = { ...fresh, headers: { ...fresh.headers, ...headers } };
        all = undefined;
        plan(SOON_MS);
      },
    },
    async close() {
      save();
      await writing;
    },
  };
}

/** Only how many there were makes a difference. */
function isAlike(a: MessageRecord, b: MessageRecord): boolean {
  return a.client === b.client && a.transport === b.transport && a.point === b.point;
}

/** A message of which a row tells nothing but that there was one more. */
function isPlain(record: ServerRecord): record is MessageRecord & { readonly kind: "request" | "response" } {
  return (record.kind === "request" || record.kind === "response") && record.findings.length === 0 && record.redacted === 0;
}

/** @param b what is newer. */
function both(a: Kept, b: Kept): Kept {
  if (b === NOTHING) return a;
  return { entry: a.entry && b.entry ? mergeEntries(a.entry, b.entry) : (b.entry ?? a.entry), headers: { ...a.headers, ...b.headers } };
}

/** For a rule that asks before anything was written: small, and read once. */
function read(file: string, server: string): Kept {
  try {
    return parse(readFileSync(file, "utf8"), server);
  } catch {
    return NOTHING;
  }
}

/** Nothing of what is not ours, broken or of another version: it is ignored, and in time written anew. */
function parse(text: string, server: string): Kept {
  if (text === "" || text.length > MAX_BYTES) return NOTHING;
  try {
    const value: unknown = JSON.parse(text);
    const entry = member(value, "entry");
    const headers = member(value, "headers");
    if (member(value, "version") !== VERSION || !isServerEntry(entry) || entry.id !== server || !isMirroredByTool(headers)) return NOTHING;
    return { entry, headers };
  } catch {
    return NOTHING;
  }
}

async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString("hex")}.new`;
  try {
    await writeFile(draft, text, { mode: 0o600, flag: "wx" });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** One process at a time, so that none writes over what another has just learned. Null: it did not come to it. */
async function underLock<T>(folder: string, lock: string, run: () => Promise<T>): Promise<T | null> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (let tries = 0; tries < TRIES; tries++) {
      if (await take(lock)) {
        try {
          return await run();
        } finally {
          await rm(lock, { force: true });
        }
      }
      await sleep(PAUSE_MS);
    }
  } catch {
    // The folder cannot be written.
  }
  return null;
}

async function take(lock: string): Promise<boolean> {
  try {
    await (await open(lock, "wx", 0o600)).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const since = await stat(lock).then(({ mtimeMs }) => mtimeMs, () => Infinity);
    if (Date.now() - since > STALE_MS) await rm(lock, { force: true });
    return false;
  }
}
