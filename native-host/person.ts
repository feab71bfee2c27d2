/** Who uses this computer, for rules on people: as the system says it, never as a page or a client does. */
import { execFileSync } from "node:child_process";
import { hostname, userInfo } from "node:os";
import process from "node:process";
import type { Facts } from "../shared/policy/decision.ts";

export type Person = NonNullable<Facts["who"]>;

const TAKES_MS = 3000;
const MAX_GROUPS = 500;

/** User and computer; what the system has no name for (a container with a bare number) is absent, and rules on it count as unknown. */
export function whoIsHere(): Person {
  const user = userName();
  return { ...(user === undefined ? {} : { user }), device: hostname() };
}

/** With the groups, which take the system a moment to say (a directory may have to be asked). */
export function whoIsHereWithGroups(): Person {
  const groups = groupNames();
  return { ...whoIsHere(), ...(groups === undefined ? {} : { groups }) };
}

function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

function groupNames(): readonly string[] | undefined {
  const [command, ...args] = process.platform === "win32" ? ["whoami", "/groups", "/fo", "csv", "/nh"] : ["id", "-Gn"];
  try {
    return groupsIn(execFileSync(command!, args, { encoding: "utf8", timeout: TAKES_MS, stdio: ["ignore", "pipe", "ignore"], windowsHide: true }), process.platform);
  } catch {
    return undefined;
  }
}

/** @param said by `id -Gn` (names between spaces), or by Windows' `whoami` (a table whose first column is the name). */
export function groupsIn(said: string, platform: NodeJS.Platform): readonly string[] {
  const names = platform === "win32" ? Array.from(said.matchAll(/^"([^"]+)"/gm), ([, name]) => name!) : said.trim().split(/\s+/);
  return names.filter((name) => name !== "").slice(0, MAX_GROUPS);
}
