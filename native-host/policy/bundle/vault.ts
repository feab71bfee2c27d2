/** What a machine keeps of its bundle: metadata and policy in one file that is replaced whole, the last one before it, the floor below which nothing is taken, and the state of polling. */
import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { isObject } from "../../../shared/mcp/message.ts";
import type { Trouble } from "./trouble.ts";

/** Texts as they were signed. */
export interface StoredBundle {
  /** From the pinned one to the newest. */
  readonly roots: readonly string[];
  readonly timestamp: string;
  readonly snapshot: string;
  readonly targets: string;
  /** Which of the targets. */
  readonly path: string;
  readonly policy: string;
}

export interface Versions {
  readonly root: number;
  readonly timestamp: number;
  readonly snapshot: number;
  readonly targets: number;
}

/** Kept apart from the bundle, so that a torn bundle does not take the memory along. */
export interface Floor {
  readonly versions: Versions;
  /** Highest revision that was in force, per channel. */
  readonly revisions: Readonly<Record<string, number>>;
  /** Unix milliseconds: it is at least this late, whatever the clock says. */
  readonly time: number;
}

export interface PollNote {
  /** Last try; Unix milliseconds. */
  readonly at: number;
  /** When the source last confirmed what is stored. */
  readonly confirmedAt: number | null;
  readonly nextAt: number;
  /** Tries in a row without a good answer. */
  readonly failures: number;
  readonly etag: string | null;
  /** When everything was last asked for, not only whether something changed. */
  readonly wholeAt: number;
  readonly trouble: Trouble | null;
}

export interface Vault {
  bundle(): Promise<StoredBundle | null>;
  /** The one before. */
  previous(): Promise<StoredBundle | null>;
  keep(bundle: StoredBundle): Promise<void>;
  floor(): Promise<Floor>;
  raise(floor: Floor): Promise<void>;
  note(): Promise<PollNote | null>;
  write(note: PollNote): Promise<void>;
  /** Runs alone among all processes of this user; null when another one is at it. */
  alone<T>(run: () => Promise<T>): Promise<T | null>;
}

export const NO_FLOOR: Floor = { versions: { root: 0, timestamp: 0, snapshot: 0, targets: 0 }, revisions: {}, time: 0 };
/** Longer than any update may take. */
const LOCK_MS = 5 * 60_000;

/** One vault a pinned root: a root that the administrator pins anew begins with an empty memory. */
export function vaultFolder(state: string, rootSha256: string): string {
  return join(state, "bundle", rootSha256.slice(0, 16));
}

/** Files whose change means that something else may be in force. */
export function vaultFiles(state: string, rootSha256: string): string[] {
  return ["bundle.json", "poll.json"].map((name) => join(vaultFolder(state, rootSha256), name));
}

export function openVault(folder: string): Vault {
  const at = (name: string): string => join(folder, name);

  async function write(name: string, value: unknown): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const draft = at(`${name}.${process.pid}.${randomBytes(4).toString("hex")}`);
    try {
      await writeFile(draft, JSON.stringify(value), { mode: 0o600, flag: "wx", flush: true });
      await rename(draft, at(name));
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  return {
    bundle: async () => asBundle(await readJson(at("bundle.json"))),
    previous: async () => asBundle(await readJson(at("bundle.old.json"))),
    async keep(bundle) {
      const before = asBundle(await readJson(at("bundle.json")));
      if (before && before.policy !== bundle.policy) await write("bundle.old.json", before);
      await write("bundle.json", bundle);
    },
    floor: async () => asFloor(await readJson(at("floor.json"))) ?? asFloor(await readJson(at("floor.old.json"))) ?? NO_FLOOR,
    async raise(floor) {
      // Two copies: one torn file must not be the end of the memory.
      await write("floor.json", floor);
      await write("floor.old.json", floor);
    },
    note: async () => asNote(await readJson(at("poll.json"))),
    write: (note) => write("poll.json", note),
    async alone(run) {
      const lock = at("lock");
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const age = Date.now() - ((await stat(lock).catch(() => null))?.mtimeMs ?? Date.now());
      if (Math.abs(age) > LOCK_MS) await rm(lock, { force: true });
      const held = await open(lock, "wx", 0o600).catch(() => null);
      if (!held) return null;
      try {
        return await run();
      } finally {
        await held.close();
        await rm(lock, { force: true });
      }
    },
  };
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch {
    return null; // missing or torn: as good as none
  }
}

const isText = (value: unknown): value is string => typeof value === "string";
const isCount = (value: unknown): value is number => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

function asBundle(value: unknown): StoredBundle | null {
  if (!isObject(value)) return null;
  const { roots, timestamp, snapshot, targets, path, policy } = value;
  if (!Array.isArray(roots) || !roots.every(isText) || !isText(timestamp) || !isText(snapshot) || !isText(targets) || !isText(path) || !isText(policy)) return null;
  return { roots, timestamp, snapshot, targets, path, policy };
}

function asFloor(value: unknown): Floor | null {
  if (!isObject(value) || !isObject(value["versions"]) || !isObject(value["revisions"]) || !isCount(value["time"])) return null;
  const { root, timestamp, snapshot, targets } = value["versions"];
  if (!isCount(root) || !isCount(timestamp) || !isCount(snapshot) || !isCount(targets) || !Object.values(value["revisions"]).every(isCount)) return null;
  return { versions: { root, timestamp, snapshot, targets }, revisions: value["revisions"] as Record<string, number>, time: value["time"] };
}

function asNote(value: unknown): PollNote | null {
  if (!isObject(value)) return null;
  const { at, confirmedAt, nextAt, failures, etag, wholeAt, trouble } = value;
  if (!isCount(at) || !isCount(nextAt) || !isCount(failures) || !isCount(wholeAt) || !(confirmedAt === null || isCount(confirmedAt)) || !(etag === null || isText(etag))) return null;
  const fault = isObject(trouble) && isText(trouble["code"]) && isText(trouble["text"]) ? (trouble as unknown as Trouble) : null;
  return { at, confirmedAt, nextAt, failures, etag, wholeAt, trouble: fault };
}
