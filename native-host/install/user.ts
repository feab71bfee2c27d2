/** Installs the host for one user: a copy that outlives npm's caches and a moved checkout, a launcher for browsers, one for clients, and a manifest for each browser. */
import { cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import process from "node:process";
import { writeLauncher } from "./launcher.ts";
import type { BrowserPlace } from "./locations.ts";
import { callerOf, manifestText, readManifest, type ManifestForm } from "./manifest.ts";
import { writeWhole } from "./write-file.ts";

export interface UserInstall {
  readonly home: string;
  readonly version: string;
  /** `sluice.mjs` with its chunks beside it. */
  readonly bundle: string;
  readonly node: string;
  readonly places: readonly BrowserPlace[];
  readonly ids: Readonly<Record<ManifestForm, string>>;
}

export function launcherFile(home: string): string {
  return join(home, "host", process.platform === "win32" ? "sluice-host.cmd" : "sluice-host");
}

/** What a client's configuration names as command, to start a guard without `npx` or a PATH. */
export function commandFile(home: string): string {
  return join(home, "host", process.platform === "win32" ? "sluice.cmd" : "sluice");
}

/** Running it again writes the same files. */
export function installForUser({ home, version, bundle, node, places, ids }: UserInstall): { host: string; launcher: string; command: string } {
  const host = join(home, "host", version);
  const [launcher, command] = [launcherFile(home), commandFile(home)];
  // Checked before anything is written.
  const callers = [...new Set(places.map((place) => place.form))].map((form) => callerOf(form, ids[form]));
  if (resolve(dirname(bundle)) !== resolve(host)) {
    rmSync(host, { recursive: true, force: true });
    cpSync(dirname(bundle), host, { recursive: true });
  }
  const installed = { node, bundle: join(host, basename(bundle)), home };
  writeLauncher(launcher, { ...installed, callers });
  writeLauncher(command, { ...installed, callers: null });
  for (const place of places) writeWhole(place.manifestFile, manifestText(place.form, launcher, ids[place.form]), 0o600);
  return { host, launcher, command };
}

/** Removes manifests that point to our launcher; when none is left, launcher and host too. @returns what is gone */
export function removeForUser(home: string, places: readonly BrowserPlace[], chosen: (place: BrowserPlace) => boolean): { files: string[]; places: BrowserPlace[] } {
  const ours = places.filter((place) => isOurs(place, launcherFile(home)));
  const gone = ours.filter(chosen);
  const files = [...new Set(gone.map((place) => place.manifestFile))];
  for (const file of files) rmSync(file);
  const folder = join(home, "host");
  if (gone.length === ours.length && existsSync(folder)) {
    rmSync(folder, { recursive: true });
    files.push(folder);
  }
  return { files, places: gone };
}

function isOurs(place: BrowserPlace, launcher: string): boolean {
  if (!existsSync(place.manifestFile)) return false;
  const manifest = readManifest(readFileSync(place.manifestFile, "utf8"));
  return typeof manifest !== "string" && manifest.path === launcher;
}
