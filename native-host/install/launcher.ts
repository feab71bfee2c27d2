/** Launchers: what browsers and desktop clients start. They know no shell PATH and no npm, so everything in a launcher is absolute. */
import process from "node:process";
import { writeWhole } from "./write-file.ts";

export interface Launcher {
  readonly node: string;
  /** `sluice.mjs`, or `main.ts` in a checkout. */
  readonly bundle: string;
  /** Null: for all users of a machine, each with a home of their own. */
  readonly home: string | null;
  /** What browsers name as caller: `chrome-extension://<id>/`, or a Firefox extension id. Null: not for a browser; runs any command, as clients' configurations name it. */
  readonly callers: readonly string[] | null;
}

/** Settings of Node that a client makes for its server: they are handed on to it (server-env.ts), and not followed by us. */
export const KEPT_FOR_SERVER = ["NODE_OPTIONS", "NODE_PATH"] as const;
/** What passes through lives only for a moment, so a small nursery is enough: it saves more than ten megabytes in every guard. */
const NODE_FLAGS = "--max-semi-space-size=1";

export function launcherText(launcher: Launcher, platform: NodeJS.Platform = process.platform): string {
  const { node, bundle, home, callers } = launcher;
  for (const part of [node, bundle, home ?? "", ...(callers ?? [])]) {
    if (/[\r\n\0]/.test(part)) throw new Error("a path or extension id with a line break cannot stand in a launcher");
  }
  const what = callers === null ? "Written by Sluice: clients start guards with this file." : "Written by Sluice: the browser starts the native host with this file.";
  const hostFor = (quoted: (text: string) => string): string => (callers === null ? "" : `host ${callers.map((caller) => `--allow-origin ${quoted(caller)}`).join(" ")} `);
  if (platform === "win32") return ["@echo off", `rem ${what}`, ...(home === null ? [] : [`set ${forCmd(`SLUICE_HOME=${home}`)}`]), ...KEPT_FOR_SERVER.map((name) => `if defined ${name} set "SLUICE_SERVER_${name}=%${name}%"`), ...KEPT_FOR_SERVER.map((name) => `set "${name}="`), `${forCmd(node)} ${NODE_FLAGS} ${forCmd(bundle)} ${hostFor(forCmd)}%*`, ""].join("\r\n");
  return `#!/bin/sh
# ${what}
${home === null ? "" : `SLUICE_HOME=${forSh(home)}\nexport SLUICE_HOME\n`}${KEPT_FOR_SERVER.map((name) => `[ -z "\${${name}+set}" ] || export SLUICE_SERVER_${name}="$${name}"`).join("\n")}
unset ${KEPT_FOR_SERVER.join(" ")}
exec ${forSh(node)} ${NODE_FLAGS} ${forSh(bundle)} ${hostFor(forSh)}"$@"
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
