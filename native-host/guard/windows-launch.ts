/** How a server's command must be started on Windows, where package runners and installed tools are command files that no program can start directly. */
import { existsSync } from "node:fs";
import { win32 } from "node:path";

export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  /** The arguments are a finished command line. */
  readonly verbatim: boolean;
}

const COMMAND_FILE = /\.(cmd|bat)$/i;
const USUAL_EXTENSIONS = ".COM;.EXE;.BAT;.CMD";

/** Command files go through cmd.exe with everything escaped; all else starts directly. @param exists for tests. */
export function windowsLaunch(command: string, args: readonly string[], env: NodeJS.ProcessEnv, exists: (path: string) => boolean = existsSync): Launch {
  if (!COMMAND_FILE.test(locate(command, env, exists) ?? command)) return { file: command, args, verbatim: false };
  // cmd.exe would take a line break for the end of the command.
  if ([command, ...args].some((word) => /[\r\n\0]/.test(word))) throw new Error("an argument holds a line break, which Windows cannot hand to a command file");
  // cmd.exe reads the line once for itself, and the command file's own `%*` once more: arguments are escaped twice.
  const line = [escapeForCmd(quote(command)), ...args.map((word) => escapeForCmd(escapeForCmd(quote(word))))].join(" ");
  return { file: variable(env, "ComSpec") ?? "cmd.exe", args: ["/d", "/s", "/c", `"${line}"`], verbatim: true };
}

/** The file that Windows' own search would find for a command, as a shell would; undefined when there is none. */
function locate(command: string, env: NodeJS.ProcessEnv, exists: (path: string) => boolean): string | undefined {
  const extensions = (variable(env, "PATHEXT") ?? USUAL_EXTENSIONS).split(";").filter((each) => each !== "");
  const named = extensions.some((each) => command.toLowerCase().endsWith(each.toLowerCase()));
  const folders = /[\\/:]/.test(command) ? [""] : (variable(env, "PATH") ?? "").split(";").map((each) => each.replace(/^"(.*)"$/, "$1"));
  for (const folder of folders) {
    for (const extension of named ? [""] : extensions) {
      const path = folder === "" ? command + extension : win32.join(folder, command + extension);
      if (exists(path)) return path;
    }
  }
  return undefined;
}

/** Names of variables ignore case on Windows; a copy of the environment does not. */
function variable(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name] ?? Object.entries(env).find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1];
}

/** Quoting rules of CommandLineToArgvW: backslashes count only before a quote. */
function quote(word: string): string {
  return `"${word.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, "$1$1")}"`;
}

/** Carets before all that cmd.exe acts on; also behind a percent sign, or `%PATH:~0,9%` would still name a variable. */
function escapeForCmd(text: string): string {
  return text.replace(/[()%!^"<>&|;,= \t*?]|(?<=%)[^()%!^"<>&|;,= \t*?]/g, "^$&");
}
