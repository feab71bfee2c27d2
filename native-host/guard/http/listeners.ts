/** Which addresses of this machine are guards of ours, and for which server: said in the state folder while they listen, so that nobody takes them for servers of their own. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { isLoopback } from "./target.ts";

export interface Listener {
  readonly pid: number;
  readonly host: string;
  readonly port: number;
  /** Address of the guarded server, without query. */
  readonly target: string;
}

const CONNECT_MS = 500;

const folderOf = (state: string): string => join(state, "listening");

/** Says that this guard listens. Never throws: it is a courtesy to other commands. @returns takes it back. */
export function announce(state: string, listener: Listener): () => void {
  const folder = folderOf(state);
  const file = join(folder, `${listener.pid}-${listener.port}.json`);
  try {
    for (const { file: old, listener: other } of readAll(state)) if (!other || !isRunning(other.pid)) rmSync(old, { force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(file, JSON.stringify(listener), { mode: 0o600 });
  } catch {
    // The folder cannot be written.
  }
  return () => rmSync(file, { force: true });
}

/** Those that live: their process runs and their port takes connections. What a killed guard has left does not count. */
export async function readListeners(state: string): Promise<readonly Listener[]> {
  const said = readAll(state).flatMap(({ listener }) => (listener && isRunning(listener.pid) ? [listener] : []));
  const live = await Promise.all(said.map(answers));
  return said.filter((_, i) => live[i]);
}

/** The guard that an address leads to. */
export function listenerAt(listeners: readonly Listener[], address: string): Listener | undefined {
  const url = URL.canParse(address) ? new URL(address) : null;
  const host = url?.hostname.replace(/^\[|\]$/g, "");
  if (!url || host === undefined || url.protocol !== "http:" || !isLoopback(host)) return undefined;
  return listeners.find((each) => String(each.port) === (url.port || "80") && (each.host === host || /^localhost$/.test(host) || each.host === "localhost"));
}

function readAll(state: string): { readonly file: string; readonly listener: Listener | null }[] {
  const folder = folderOf(state);
  let names: string[] = [];
  try {
    names = readdirSync(folder).filter((name) => /^\d+-\d+\.json$/.test(name));
  } catch {
    // Nobody has listened yet.
  }
  return names.map((name) => ({ file: join(folder, name), listener: read(join(folder, name)) }));
}

function read(file: string): Listener | null {
  try {
    const { pid, host, port, target } = JSON.parse(readFileSync(file, "utf8")) as Partial<Record<keyof Listener, unknown>>;
    const holds = Number.isSafeInteger(pid) && Number.isSafeInteger(port) && typeof host === "string" && typeof target === "string";
    return holds ? { pid: pid as number, host, port: port as number, target } : null;
  } catch {
    return null;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // Gone, or another person's, and so none of ours.
    return false;
  }
}

async function answers({ host, port }: Listener): Promise<boolean> {
  const socket = connect({ host, port });
  const late = new AbortController();
  try {
    return await Promise.race([
      new Promise<boolean>((resolve) => socket.once("connect", () => resolve(true)).once("error", () => resolve(false))),
      sleep(CONNECT_MS, false, { signal: late.signal }).catch(() => false),
    ]);
  } finally {
    late.abort();
    socket.destroy();
  }
}
