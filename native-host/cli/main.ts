/** `sluice …`: finds the command by name and loads nothing else, so that a guard starts fast. */
import { existsSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { hostPaths } from "../home.ts";
import type { Command, Io } from "./command.ts";
import { Failure } from "./failure.ts";

const COMMANDS = {
  guard: () => import("./guard.ts"),
  host: () => import("./host.ts"),
  events: () => import("./events.ts"),
  approvals: () => import("./approvals.ts"),
  policy: () => import("./policy.ts"),
  discover: () => import("./discover.ts"),
  doctor: () => import("./doctor.ts"),
  install: () => import("./install.ts"),
  uninstall: () => import("./uninstall.ts"),
  deploy: () => import("./deploy.ts"),
  version: () => import("./version.ts"),
} satisfies Record<string, () => Promise<{ default: Command }>>;

type Name = keyof typeof COMMANDS;
const isName = (name: string): name is Name => Object.hasOwn(COMMANDS, name);

async function main(argv: readonly string[], io: Io): Promise<number> {
  const [first = "help", ...rest] = argv;
  // A browser starts its host with the extension's origin (Chromium) or the manifest's path (Firefox) and no command.
  if (first.startsWith("chrome-extension://") || first.endsWith("dev.sluice.host.json")) return run("host", argv, io);
  if (first === "--version" || first === "-v") return run("version", [], io);
  if (first === "help" || first === "--help" || first === "-h") return rest[0] && isName(rest[0]) ? run(rest[0], [...rest.slice(1), "--help"], io) : help(io);
  if (!isName(first)) {
    const { nearestWord } = await import("../../shared/policy/nearest-word.ts");
    const near = nearestWord(first, Object.keys(COMMANDS));
    throw new Failure(`there is no command "${first.slice(0, 40)}"`, { code: 2, fix: near ? `did you mean "sluice ${near}"? "sluice help" lists all` : `"sluice help" lists all commands` });
  }
  return run(first, rest, io);
}

async function run(name: Name, argv: readonly string[], io: Io): Promise<number> {
  const command = await load(name);
  // What follows `--` belongs to the command that a guard starts.
  const own = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  if (own.includes("--help") || own.includes("-h")) {
    const part = await command.usageOf?.(own);
    io.stdout.write(part === undefined ? `${capitalised(command.summary)}.\n\n${command.usage.trimEnd()}\n` : `${part.trimEnd()}\n`);
    return 0;
  }
  try {
    return await command.run(argv, io);
  } catch (error) {
    // node:util parseArgs: its message names the option, never a value.
    if (String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS")) {
      throw new Failure((error as Error).message.split(". ")[0]!, { code: 2, fix: `"sluice ${name} --help" shows what it takes` });
    }
    throw error;
  }
}

async function load(name: Name): Promise<Command> {
  try {
    return (await COMMANDS[name]()).default;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND" && (error as Error).message.includes(`${name}.ts'`);
    if (!missing) throw error;
    throw new Failure(`the command "${name}" is not part of this build`, { fix: "npm run build" });
  }
}

async function help(io: Io): Promise<number> {
  const lines = ["Sluice watches and guards what flows between AI apps and MCP servers on this machine.", "", "Usage: sluice <command> [options]", ""];
  for (const name of Object.keys(COMMANDS) as Name[]) {
    const summary = await load(name).then((command) => command.summary, () => "(does not load in this build)");
    lines.push(`  ${name.padEnd(11)}${capitalised(summary)}`);
  }
  lines.push("", `"sluice <command> --help" tells more about one of them.`, "Exit codes: 0 done, 1 the answer is no (a check failed), 2 wrong usage, 3 something broke.", "");
  io.stdout.write(lines.join("\n"));
  return 0;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1).replace(/\.$/, "");
}

/** The next start takes the compiled code of this one. Not before the first real use: a question for help leaves no folder behind. */
function keepCompiledCode(): void {
  const { home, cache } = hostPaths(process.env);
  if (existsSync(home)) enableCompileCache(join(cache, "code"));
}

// `sluice events | head` is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

keepCompiledCode();
const io: Io = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: process.env };
try {
  process.exitCode = await main(process.argv.slice(2), io);
} catch (error) {
  const failure = error instanceof Failure ? error : new Failure(error instanceof Error ? error.message : String(error), { fix: "set SLUICE_DEBUG=1 to see where" });
  process.stderr.write(`sluice: ${failure.message}\n${failure.fix ? `  fix: ${failure.fix}\n` : ""}`);
  if (process.env["SLUICE_DEBUG"] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exitCode = failure.code;
}
