/** Where to look: one person's home on one system. Injected, so that tests (and `--home`) look at a copy of another machine. */
import { homedir } from "node:os";

export interface Place {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly platform: "linux" | "darwin" | "win32";
  /** Project folders to look into; their files come from whoever wrote the project. */
  readonly projects: readonly string[];
  /** Put before absolute paths such as `/etc/…`; empty on a real machine. */
  readonly root?: string;
}

/** This person, this machine. */
export function thisPlace(env: NodeJS.ProcessEnv, projects: readonly string[]): Place {
  const platform = process.platform === "win32" || process.platform === "darwin" ? process.platform : "linux";
  return { home: (platform === "win32" ? env["USERPROFILE"] : env["HOME"]) || homedir(), env, platform, projects };
}

/** The path as people may see it: the home folder as `~`. */
export function shownPath(file: string, place: Place): string {
  const path = file.replaceAll("\\", "/");
  const home = place.home.replaceAll("\\", "/").replace(/\/$/, "");
  if (path === home) return "~";
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
