/** Where `sluice install` puts the host: a folder that outlives npm's caches and a moved checkout. */
import { join } from "node:path";
import process from "node:process";

export interface InstalledPaths {
  /** Folder of all versions. */
  readonly hosts: string;
  /** Folder of this version. */
  readonly host: string;
  readonly launcher: string;
}

export function installedPaths(home: string, version: string): InstalledPaths {
  const hosts = join(home, "host");
  return { hosts, host: join(hosts, version), launcher: join(hosts, process.platform === "win32" ? "sluice-host.cmd" : "sluice-host") };
}
