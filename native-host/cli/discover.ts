/** `sluice discover`: which MCP servers are the AI clients on this machine configured to use, and how risky are they? */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { uuidv7 } from "../../shared/base/uuid.ts";
import { RECORD_VERSION } from "../../shared/events/record.ts";
import { NOTE } from "../../shared/inventory/notes.ts";
import { observeServer, type ServerEntry } from "../../shared/inventory/inventory.ts";
import { plainText } from "../../shared/inventory/plain-text.ts";
import { scoreServer, type Score } from "../../shared/inventory/score.ts";
import { addressOf } from "../../shared/mcp/identity.ts";
import { deploymentOf } from "../clients/changes.ts";
import { discover, rememberChanges, seeThroughGuards, type DiscoveredServer, type Discovery } from "../clients/discover.ts";
import { shownPath, thisPlace, type Place } from "../clients/place.ts";
import { hostPaths } from "../home.ts";
import { openJournal } from "../journal/writer.ts";
import type { Command, Io } from "./command.ts";
import { Failure } from "./failure.ts";

const command: Command = {
  summary: "List the MCP servers that AI clients on this machine are set up to use",
  usage: `sluice discover [--json] [--home DIR] [--project DIR]... [--record | --no-record]

Reads the configuration files of Claude Desktop, Claude Code, Cursor, VS Code, Codex, Gemini CLI and others.
It starts nothing, changes nothing in them, and shows no secret.

  --json          print everything as JSON
  --home DIR      look into this home folder instead of yours (environment variables are then ignored)
  --project DIR   also look for configurations in this project folder; may be repeated
                  (default: the current folder and the projects that the clients themselves know)
  --record        write what changed since the last look into the journal
  --no-record     do not (default: write it if a journal exists and --home is not used)

Exit codes: 0 all files read, 1 a file or entry could not be read (see the list), 2 wrong usage, 3 something broke.`,
  async run(argv, io) {
    const { values } = parseArgs({
      args: [...argv],
      options: { json: { type: "boolean" }, home: { type: "string" }, project: { type: "string", multiple: true }, record: { type: "boolean" }, "no-record": { type: "boolean" } },
    });
    if (values.record && values["no-record"]) throw new Failure("--record and --no-record contradict each other", { code: 2, fix: "leave one of them out" });
    const place = placeOf(io, values.home, values.project);
    const paths = hostPaths(io.env);
    const discovery = await seeThroughGuards(paths, await discover(place));
    const risks = riskOf(discovery.servers);

    const wanted = values.record ?? (!values["no-record"] && values.home === undefined && existsSync(paths.journal));
    let recorded: number | null = null;
    if (wanted) {
      const deployments = await rememberChanges(paths, discovery);
      const journal = openJournal(paths.journal, "cli");
      for (const deployment of deployments) journal.append(deployment);
      const stored = await journal.flush();
      await journal.close();
      if (!stored) throw new Failure(`the journal in ${paths.journal} cannot be written`, { fix: "check the folder's permissions and the free space, or use --no-record" });
      recorded = deployments.length;
    }

    io.stdout.write(values.json ? `${JSON.stringify(asJson(discovery, risks, place, recorded), null, 2)}\n` : asText(discovery, risks, recorded));
    return discovery.problems.length > 0 ? 1 : 0;
  },
};
export default command;

function placeOf(io: Io, home: string | undefined, projects: readonly string[] | undefined): Place {
  const folders = (projects ?? []).map((folder) => resolve(folder));
  for (const folder of [...folders, ...(home === undefined ? [] : [resolve(home)])]) {
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw new Failure(`there is no folder ${plainText(folder, 200)}`, { code: 2, fix: "check the path" });
  }
  if (home === undefined) return thisPlace(io.env, folders.length > 0 ? folders : [process.cwd()]);
  return { ...thisPlace({}, folders), home: resolve(home) };
}

/** One score a server, however many clients use it. */
function riskOf(servers: readonly DiscoveredServer[]): Map<string, Score> {
  const entries = new Map<string, ServerEntry>();
  for (const [index, server] of servers.entries()) {
    const id = uuidv7(index, new Uint8Array(10));
    const record = { ...deploymentOf(server).deployment, change: "added", v: RECORD_VERSION, id, time: 0, by: "cli" } as const;
    entries.set(server.identity.id, observeServer(entries.get(server.identity.id), record));
  }
  return new Map([...entries].map(([id, entry]) => [id, scoreServer(entry)]));
}

function asJson(discovery: Discovery, risks: ReadonlyMap<string, Score>, place: Place, recorded: number | null): unknown {
  return {
    servers: discovery.servers.map(({ path: _path, ...server }) => ({ ...server, risk: risks.get(server.identity.id) })),
    problems: discovery.problems,
    filesRead: discovery.filesRead.map((file) => shownPath(file, place)),
    recorded,
  };
}

const HEAD = ["Client", "Server", "Where it goes", "Transport", "Version", "Guarded", "Risk"] as const;
const WIDTHS = [22, 28, 60, 15, 16, 7, 16] as const;

function asText(discovery: Discovery, risks: ReadonlyMap<string, Score>, recorded: number | null): string {
  const { servers, problems, filesRead } = discovery;
  const lines: string[] = [];
  if (servers.length === 0) {
    lines.push(filesRead.length === 0 && problems.length === 0 ? "No configuration of an AI client was found here." : "The configurations that could be read name no MCP server.");
  } else {
    const rows = servers.map((server) => rowOf(server, risks.get(server.identity.id)));
    lines.push(...table([[...HEAD], ...rows]), "", summaryOf(servers));
    const remarks = servers.flatMap((server) => server.notes.filter((note) => WORTH_SAYING.has(note)).map((note) => `  ${server.client.name} › ${server.name}: ${note} (${server.file})`));
    if (remarks.length > 0) lines.push("", "Worth a look:", ...new Set(remarks));
  }
  if (problems.length > 0) {
    lines.push("", problems.length === 1 ? "One problem:" : `${problems.length} problems:`);
    for (const problem of problems) lines.push(`  ${problem.file}${problem.line === undefined ? "" : `:${problem.line}`} ${problem.message}`, `    fix: ${problem.fix}`);
  }
  if (recorded !== null) lines.push("", recorded === 0 ? "Nothing changed since the last look." : `${recorded} ${recorded === 1 ? "change was" : "changes were"} written to the journal.`);
  // Names come out of files that others may have written: no line may steer the terminal.
  return `${lines.map((line) => line.replace(/[^\P{C}]/gu, "")).join("\n")}\n`;
}

const WORTH_SAYING = new Set<string>([NOTE.secretInArguments, NOTE.secretInEnvironment, NOTE.secretInHeader, NOTE.secretInUrl, NOTE.tlsOff, NOTE.autoApproved, NOTE.downloadAndRun, NOTE.environmentHijack]);

function rowOf(server: DiscoveredServer, risk: Score | undefined): string[] {
  const { identity } = server;
  const version = identity.kind === "remote" ? "–" : identity.package ? (identity.package.version ?? "newest") : "not stated";
  return [server.client.name, server.enabled ? server.name : `${server.name} (off)`, addressOf(identity), server.transport, version, server.guarded ? "yes" : "no", risk ? `${risk.level} (${risk.score})` : ""];
}

function table(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map((cell, column) => plainText(cell, WIDTHS[column] ?? 20)));
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd());
  return [lines[0] ?? "", widths.map((width) => "─".repeat(width)).join("  "), ...lines.slice(1)];
}

function summaryOf(servers: readonly DiscoveredServer[]): string {
  const clients = new Set(servers.map((server) => server.client.id)).size;
  const open = servers.filter((server) => !server.guarded).length;
  const several = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`;
  return `${several(servers.length, "server")} in ${several(clients, "client")}; ${open === 0 ? "all guarded by Sluice" : `${open} not guarded by Sluice`}. The risk grows clearer once traffic has been seen.`;
}
