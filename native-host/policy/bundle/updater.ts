/** tuf-js as this room uses it: on a copy of what is stored, with the time as an argument, and with answers that are bounded. The copy is thrown away; only what a whole run has verified is handed back. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Updater, type Fetcher } from "tuf-js";
import { DownloadHTTPError } from "tuf-js/dist/error.js";
import { isObject } from "../../../shared/mcp/message.ts";
import type { Release } from "./release-note.ts";
import { MAX_POLICY_BYTES, releasesOf } from "./release-note.ts";
import type { BundleSource } from "./source.ts";
import { BundleError, type TroubleCode } from "./trouble.ts";
import type { StoredBundle } from "./vault.ts";
import { sha256 } from "./verify.ts";

export const MAX_TIMESTAMP_BYTES = 16 * 1024;
export const MAX_METADATA_BYTES = 512 * 1024;
const MAX_ROTATIONS = 256;
const ROOT = /^(\d+)\.root\.json$/;

/** What a run has verified: everything but the policy itself. */
export interface Refreshed {
  readonly roots: readonly string[];
  readonly timestamp: string;
  readonly snapshot: string;
  readonly targets: string;
  readonly releases: readonly Release[];
  /** Of the timestamp, where it was fetched here. */
  readonly etag: string | null;
  /** The policy's text, its length and digest checked. */
  download(release: Release): Promise<string>;
}

export interface RefreshOptions {
  readonly source: BundleSource;
  /** What is stored and holds up; else the text of the pinned root. */
  readonly from: StoredBundle | string;
  /** Unix milliseconds. */
  readonly time: number;
  /** The newest timestamp, where it was fetched already. */
  readonly timestamp: Buffer | null;
  /** Folder for the copy. */
  readonly scratch: string;
}

/** Runs TUF's client workflow and hands what it found to `use`. @throws BundleError */
export async function refresh<T>({ source, from, time, timestamp, scratch }: RefreshOptions, use: (refreshed: Refreshed) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(scratch, "sluice-bundle-"));
  const roots = typeof from === "string" ? [from] : [...from.roots];
  /** The first fault of the network: tuf-js wraps it into words of its own. */
  let fault: BundleError | null = null;
  let etag: string | null = null;

  const fetcher: Fetcher = {
    async downloadBytes(address, maxLength) {
      const name = new URL(address).pathname.slice(1);
      if (name === "timestamp.json" && timestamp) return timestamp;
      try {
        const fetched = await source.fetch(name, { maxBytes: maxLength });
        if (fetched.kind !== "body") throw new DownloadHTTPError(`${name} is not there`, 404);
        if (ROOT.test(name)) roots.push(fetched.bytes.toString("utf8"));
        if (name === "timestamp.json") etag = fetched.etag;
        return fetched.bytes;
      } catch (error) {
        if (error instanceof BundleError) fault ??= error;
        throw error;
      }
    },
    // Only for targets, which are fetched below: tuf-js would put them into temporary files of its own.
    downloadFile: () => Promise.reject(new Error("not used")),
  };

  try {
    await writeFile(join(folder, "root.json"), roots.at(-1)!);
    if (typeof from !== "string") for (const role of ["timestamp", "snapshot", "targets"] as const) await writeFile(join(folder, `${role}.json`), from[role]);
    const updater = new Updater({
      metadataDir: folder,
      // Only the last part of an address counts here; the source knows the rest.
      metadataBaseUrl: "https://bundle.invalid",
      fetcher,
      config: { maxRootRotations: MAX_ROTATIONS, rootMaxLength: MAX_METADATA_BYTES, timestampMaxLength: MAX_TIMESTAMP_BYTES, snapshotMaxLength: MAX_METADATA_BYTES, targetsMaxLength: MAX_METADATA_BYTES },
    });
    // tuf-js reads the clock by itself and offers no other way.
    updater["trustedSet"].referenceTime = new Date(time);
    try {
      await updater.refresh();
    } catch (error) {
      throw fault ?? new BundleError(...explained(error));
    }
    const read = (role: string): Promise<string> => readFile(join(folder, `${role}.json`), "utf8");
    const targets = await read("targets");
    const list: unknown = JSON.parse(targets);
    const signed = isObject(list) && isObject(list["signed"]) ? list["signed"]["targets"] : undefined;
    return await use({ roots, timestamp: await read("timestamp"), snapshot: await read("snapshot"), targets, releases: releasesOf(signed), etag, download: (release) => download(source, release) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function download(source: BundleSource, { path, sha256: digest, length }: Release): Promise<string> {
  const name = targetFile(path, digest);
  const fetched = await source.fetch(name, { maxBytes: Math.min(length, MAX_POLICY_BYTES) });
  if (fetched.kind !== "body") throw new BundleError("broken", `${name} is listed and not there`);
  if (fetched.bytes.length !== length || sha256(fetched.bytes) !== digest) throw new BundleError("mismatch", `${name} is not what the signed list names: it was changed or cut on the way`);
  return fetched.bytes.toString("utf8");
}

/** Where a target lies: consistent snapshots put the digest before the name, so that a file never changes. */
export function targetFile(path: string, digest: string): string {
  const cut = path.lastIndexOf("/") + 1;
  return `targets/${path.slice(0, cut)}${digest}.${path.slice(cut)}`;
}

/** tuf-js tells most reasons in its text alone; the words are its own and name files, versions and counts. */
function explained(error: unknown): [TroubleCode, string] {
  const text = error instanceof Error ? error.message : "";
  if (/signed by \d+\/\d+/.test(text)) return ["signature", `not signed by enough trusted keys (${/\w+ was signed by \d+\/\d+/.exec(text)?.[0] ?? "too few"})`];
  if (/is expired/.test(text)) return ["expired", `what the source hands out is over (${/[\w.]+ is expired/.exec(text)?.[0] ?? "expired"}): nobody renews it, or somebody holds newer files back`];
  if (/less than|Expected version|Missing file/.test(text)) return ["rollback", "the source hands out something older than what this computer has seen"];
  if (/hash|length|doesn't match|does not match/i.test(text)) return ["mismatch", "files of the source do not belong together, or were changed on the way"];
  return ["broken", "the source does not hand out a whole set of signed files"];
}
