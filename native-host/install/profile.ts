/** Registers the host for one browser profile folder and nothing else: for trials, tests and `npm start`. Deleting the folder removes all of it. */
import { join } from "node:path";
import process from "node:process";
import { HOST_NAME } from "../../shared/messages/host.ts";
import { writeLauncher } from "./launcher.ts";
import { callerOf, manifestText } from "./manifest.ts";
import { writeWhole } from "./write-file.ts";

export interface ProfileRegistration {
  readonly userDataDir: string;
  readonly extensionId: string;
  /** `SLUICE_HOME` of this host. */
  readonly home: string;
  readonly bundle: string;
  /** Absolute path of a Node ≥ 22 (≥ 24 when `bundle` is `main.ts`). */
  readonly node: string;
}

/** Chromium family on Linux and macOS, started with this `--user-data-dir`. Windows has no such place (its registry is per user). */
export function registerForProfile(registration: ProfileRegistration): { manifestFile: string; launcher: string } {
  if (process.platform === "win32") throw new Error("on Windows browsers look for native hosts in the registry only, not in a profile folder");
  const folder = join(registration.userDataDir, "NativeMessagingHosts");
  const manifestFile = join(folder, `${HOST_NAME}.json`);
  const launcher = join(folder, `${HOST_NAME}.sh`);
  writeLauncher(launcher, { ...registration, callers: [callerOf("chromium", registration.extensionId)] });
  writeWhole(manifestFile, manifestText("chromium", launcher, registration.extensionId), 0o600);
  return { manifestFile, launcher };
}
