/** The heavy test peers of e2e/peers, installed when something needs them and not before. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { Advice } from "./advice.ts";
import { ROOT } from "./places.ts";

export const PEERS = join(ROOT, "e2e", "peers");

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly integrity?: string; readonly optional?: boolean }>>;
}

/** Installs the locked peers if they are not there. Says so first: it takes a while. */
export async function readyPeers(say: (line: string) => void): Promise<string> {
  if (peersMatch()) return "ready";
  say("installing the locked test peers with npm ci --prefix e2e/peers; this takes about half a minute");
  const npm = process.env["npm_execpath"] ?? join(dirname(process.execPath), "..", "lib", "node_modules", "npm", "bin", "npm-cli.js");
  const args = ["ci", "--prefix", PEERS, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const child = existsSync(npm) ? spawn(process.execPath, [npm, ...args], { stdio: ["ignore", "ignore", "pipe"] }) : spawn("npm", args, { stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2000)));
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Advice(`The test peers could not be installed (npm ci --prefix e2e/peers, exit code ${String(code)}):\n\n${errors}`);
  return "installed";
}

/** Compares what npm says it installed with what is locked, package by package. */
function peersMatch(): boolean {
  const [locked, installed] = [readLock(join(PEERS, "package-lock.json")), readLock(join(PEERS, "node_modules", ".package-lock.json"))];
  if (!locked || !installed) return false;
  return Object.entries(locked.packages).every(([path, { version, integrity, optional }]) => {
    const there = installed.packages[path];
    if (path === "" || (there === undefined && optional === true)) return true;
    return there !== undefined && there.version === version && there.integrity === integrity;
  });
}

function readLock(file: string): Lock | null {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Lock;
  } catch {
    return null;
  }
}
