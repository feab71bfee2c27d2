/** The launcher: what a browser starts. Browsers and desktop clients know no shell PATH and no npm, so everything in it is absolute. */
import process from "node:process";
import { writeWhole } from "./write-file.ts";

export interface Launcher {
  readonly node: string;
  /** `sluice.mjs`, or `main.ts` in a checkout. */
  readonly bundle: string;
  readonly home: string;
  /** What browsers name as caller: `chrome-extension://<id>/`, or a Firefox extension id. */
  readonly callers: readonly string[];
}

export function launcherText(launcher: Launcher, platform: NodeJS.Platform = process.platform): string {
  const { node, bundle, home, callers } = launcher;
  for (const part of [node, bundle, home, ...callers]) {
    if (/[\r\n\0]/.test(part)) throw new Error("a path or extension id with a line break cannot stand in a launcher");
  }
  if (platform === "win32") {
    const allow = callers.map((caller) => `--allow-origin ${forCmd(caller)}`).join(" ");
    return ["@echo off", "rem Written by Sluice: the browser starts the native host with this file.", `set ${forCmd(`SLUICE_HOME=${home}`)}`, `set "NODE_OPTIONS="`, `${forCmd(node)} ${forCmd(bundle)} host ${allow} %*`, ""].join("\r\n");
  }
  const allow = callers.map((caller) => `--allow-origin ${forSh(caller)}`).join(" ");
  return `#!/bin/sh
# Written by Sluice: the browser starts the native host with this file.
SLUICE_HOME=${forSh(home)}
export SLUICE_HOME
unset NODE_OPTIONS NODE_PATH
exec ${forSh(node)} ${forSh(bundle)} host ${allow} "$@"
`;
}

/** Writes it for its owner alone to read, change and start. */
export function writeLauncher(file: string, launcher: Launcher): void {
  writeWhole(file, launcherText(launcher), 0o700);
}

function forSh(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function forCmd(text: string): string {
  return `"${text.replaceAll("%", "%%")}"`;
}
