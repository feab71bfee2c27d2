/** What changed in the clients' configurations since the last look. The state file holds what records hold: names, masked commands, URLs without query. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isEventRecord } from "../../shared/events/guard.ts";
import { RECORD_VERSION, type Deployment, type Unstamped } from "../../shared/events/record.ts";
import type { HostPaths } from "../home.ts";
import type { Discovery } from "./discover.ts";
import type { DiscoveredServer } from "./normalise.ts";

/** One configured server as remembered: what its record says, and the file's full path. */
export interface KnownDeployment {
  readonly path: string;
  readonly deployment: Omit<Unstamped<Deployment>, "change">;
}

const FILE = "clients.json";

/** The record (without its `change`) for a server that was found. */
export function deploymentOf(server: DiscoveredServer): KnownDeployment {
  return {
    path: server.path,
    deployment: {
      kind: "deployment",
      point: server.transport === "stdio" ? "stdio" : "http",
      client: server.client,
      server: server.identity,
      name: server.name,
      where: (server.project === undefined ? server.file : `${server.file} (${server.project})`).slice(0, 2000),
      guarded: server.guarded,
      transport: server.transport,
      notes: server.notes.slice(0, 100),
    },
  };
}

export interface Changes {
  readonly deployments: readonly Unstamped<Deployment>[];
  /** What to remember. */
  readonly known: readonly KnownDeployment[];
}

/** Compares the last look with this one. What stood in a file that cannot be read now, or that was not looked at and is still there, stays as it was. */
export function compareDeployments(before: readonly KnownDeployment[], discovery: Discovery, exists: (path: string) => boolean): Changes {
  const now = new Map(discovery.servers.map((server) => [keyOf(deploymentOf(server)), deploymentOf(server)]));
  const last = new Map(before.map((known) => [keyOf(known), known]));
  const read = new Set(discovery.filesRead);
  const failed = new Set(discovery.filesFailed);
  const deployments: Unstamped<Deployment>[] = [];
  const kept: KnownDeployment[] = [];

  for (const [key, old] of last) {
    const current = now.get(key);
    if (!current) {
      if (failed.has(old.path) || (!read.has(old.path) && exists(old.path))) kept.push(old);
      else deployments.push({ ...old.deployment, change: "removed" });
    } else if (current.deployment.server.id !== old.deployment.server.id) {
      // Another server under the same name: the old one is gone from there, and the inventory must hear it.
      deployments.push({ ...old.deployment, change: "removed" });
    }
  }
  for (const [key, current] of now) {
    const old = last.get(key);
    if (!old || old.deployment.server.id !== current.deployment.server.id) deployments.push({ ...current.deployment, change: "added" });
    else if (JSON.stringify(comparable(old)) !== JSON.stringify(comparable(current))) deployments.push({ ...current.deployment, change: "changed" });
  }
  return { deployments, known: [...kept, ...now.values()] };
}

function keyOf({ path, deployment }: KnownDeployment): string {
  return JSON.stringify([deployment.client.id, path, deployment.where, deployment.name]);
}

/** What a person would call a change; the order of variables is none. */
function comparable({ deployment }: KnownDeployment): unknown {
  return [deployment.guarded, deployment.transport, [...deployment.notes].sort()];
}

export function fileExists(path: string): boolean {
  return existsSync(path);
}

/** What the last look found; nothing when there was none or its file is damaged (then everything counts as added once more). */
export async function readKnown(paths: HostPaths): Promise<KnownDeployment[]> {
  let text: string;
  try {
    text = await readFile(join(paths.state, FILE), "utf8");
  } catch {
    return [];
  }
  try {
    const { version, known } = JSON.parse(text) as { version?: unknown; known?: unknown };
    return version === 1 && Array.isArray(known) ? known.filter(isKnown) : [];
  } catch {
    return [];
  }
}

function isKnown(value: unknown): value is KnownDeployment {
  if (typeof value !== "object" || value === null) return false;
  const { path, deployment } = value as { path?: unknown; deployment?: object };
  return typeof path === "string" && isEventRecord({ ...deployment, change: "added", v: RECORD_VERSION, id: "00000000-0000-7000-8000-000000000000", time: 0, by: "host" });
}

/** Replaces the state file whole, readable by its owner only. */
export async function writeKnown(paths: HostPaths, known: readonly KnownDeployment[]): Promise<void> {
  await mkdir(paths.state, { recursive: true, mode: 0o700 });
  const file = join(paths.state, FILE);
  const fresh = `${file}.${randomBytes(6).toString("hex")}.new`;
  try {
    await writeFile(fresh, `${JSON.stringify({ version: 1, known }, null, 1)}\n`, { mode: 0o600, flag: "wx" });
    await rename(fresh, file);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}
