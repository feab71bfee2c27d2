/** What a process costs, as Linux tells it: CPU time of all its threads, and memory that is its alone. */
import { readdirSync, readFileSync } from "node:fs";

/** CPU time used so far, in microseconds; null where the system does not tell. */
export function cpuMicroseconds(pid: number): number | null {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.reduce((sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]) / 1000, 0);
  } catch {
    return null;
  }
}

/** Megabytes (10^6) of memory that no other process shares; null where the system does not tell. */
export function privateMegabytes(pid: number): number | null {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    return [...rollup.matchAll(/^Private_(?:Clean|Dirty): +(\d+) kB$/gm)].reduce((sum, match) => sum + Number(match[1]) * 1024, 0) / 1e6;
  } catch {
    return null;
  }
}
