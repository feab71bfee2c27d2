/** Where the host keeps its things: one folder per user, or the one a launcher names. */
import { homedir } from "node:os";
import { join } from "node:path";

export interface HostPaths {
  readonly home: string;
  /** Folder of journal segments. */
  readonly journal: string;
  /** Personal policy, read only while no machine policy exists. */
  readonly policyFile: string;
  /** Last known good policy, keys, sequence numbers. */
  readonly state: string;
  readonly cache: string;
}

/** `SLUICE_HOME`, else the platform's folder for application state. */
export function hostPaths(env: NodeJS.ProcessEnv): HostPaths {
  const home = env["SLUICE_HOME"] ?? defaultHome(env);
  return { home, journal: join(home, "journal"), policyFile: join(home, "policy.yaml"), state: join(home, "state"), cache: join(home, "cache") };
}

function defaultHome(env: NodeJS.ProcessEnv): string {
  if (process.platform === "win32") return join(env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local"), "Sluice");
  if (process.platform === "darwin") return join(homedir(), "Library", "Application Support", "Sluice");
  return join(env["XDG_STATE_HOME"] ?? join(homedir(), ".local", "state"), "sluice");
}
