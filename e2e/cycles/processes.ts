/** The processes of one cycle, found by a mark in their environment: also those that had no time to say that they exist. */
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";

/** Name of the variable that carries the mark; children inherit it. */
export const MARK = "SLUICE_CYCLE";

/** Living processes that carry the mark. @param told process numbers that were written down, for systems without /proc. */
export function marked(mark: string, told: readonly number[]): number[] {
  if (process.platform !== "linux") return told.filter(isThere);
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && carries(name, mark)).map(Number);
}

function carries(pid: string, mark: string): boolean {
  try {
    // Empty for a process that has ended and was not collected yet.
    return readFileSync(`/proc/${pid}/environ`, "latin1").includes(`${MARK}=${mark}\0`);
  } catch {
    return false;
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
