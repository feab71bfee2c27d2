/** The processes that a server has started: wrappers such as `npx` hide the real server behind them, and a killed wrapper must not leave it running. */
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

/** A process, told from a later one with the same number by when it began. */
export interface Member {
  readonly pid: number;
  readonly began: string;
}

interface Row extends Member {
  readonly parent: number;
  readonly group: number;
}

/** Descendants in the same process group: what a server detached on purpose (a browser, a daemon) is not ours to end. Never throws; none where they cannot be listed. */
export function familyOf(pid: number): readonly Member[] {
  const rows = listProcesses();
  const group = rows.find((row) => row.pid === pid)?.group;
  const found = new Set([pid]);
  for (let grown = true; grown; ) {
    const more = rows.filter((row) => found.has(row.parent) && !found.has(row.pid) && row.group === group);
    for (const row of more) found.add(row.pid);
    grown = more.length > 0;
  }
  found.delete(pid);
  return rows.filter((row) => found.has(row.pid));
}

/** Waits for them to end by themselves, and kills those that are left. */
export async function endFamily(family: readonly Member[], graceMs: number): Promise<void> {
  const deadline = performance.now() + graceMs;
  let left = family;
  for (;;) {
    const rows = listProcesses();
    left = left.filter((member) => rows.some((row) => row.pid === member.pid && row.began === member.began));
    if (left.length === 0) return;
    if (performance.now() > deadline) break;
    await sleep(50);
  }
  for (const { pid } of left) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended in between.
    }
  }
}

function listProcesses(): readonly Row[] {
  try {
    if (process.platform === "linux") return readdirSync("/proc").flatMap(readStat);
    if (process.platform === "win32") return [];
    const table = execFileSync("ps", ["-A", "-o", "pid=,ppid=,pgid=,lstart="], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return table.split("\n").flatMap((line) => {
      const [, pid, parent, group, began = ""] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), group: Number(group), began }];
    });
  } catch {
    return [];
  }
}

function readStat(name: string): Row[] {
  if (!/^\d+$/.test(name)) return [];
  try {
    const text = readFileSync(`/proc/${name}/stat`, "latin1");
    // The name of the program may hold anything, brackets included: the fields begin behind its last one.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const [state, parent, group] = fields;
    return state === "Z" ? [] : [{ pid: Number(name), parent: Number(parent), group: Number(group), began: fields[19] ?? "" }];
  } catch {
    return [];
  }
}
