/** `sluice events`: what happened on this machine, for people and (as JSON lines) for programs. */
import { once } from "node:events";
import process from "node:process";
import { parseArgs } from "node:util";
import { glob } from "../../shared/base/glob.ts";
import type { EventKind, EventRecord } from "../../shared/events/record.ts";
import { addressOf } from "../../shared/mcp/identity.ts";
import { hostPaths } from "../home.ts";
import { surveyJournal } from "../journal/reader.ts";
import { tailJournal } from "../journal/tail.ts";
import type { Command, Io } from "./command.ts";
import { describeRecord, isBlocked, serverOf, type Outcome } from "./event-lines.ts";
import { Failure } from "./failure.ts";
import { parseSince } from "./since.ts";
import { jsonText, painter, printable, type Paint } from "./terminal.ts";

const KINDS: readonly EventKind[] = ["session.started", "session.ended", "initialized", "tools.listed", "prompts.listed", "resources.listed", "request", "response", "notification", "approval.requested", "approval.answered", "feedback", "malformed", "deployment", "policy.applied", "policy.rejected", "health"];

const command: Command = {
  summary: "Show what happened: connections, calls, decisions",
  usage: `Usage: sluice events [options]

  --since 1h|7d|2026-11-21   only what happened since then (s, m, h, d, w, or a date with or without time; default 24h)
  --kind request             only this kind; may be given several times
                             (${KINDS.join(", ")})
  --blocked                  only what was blocked
  --server TEXT              only servers whose address, name or id contains TEXT (or matches it, with *)
  --follow, -f               go on and show new ones as they happen
  --json                     one JSON record a line`,
  async run(argv, io) {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        since: { type: "string", default: "24h" },
        kind: { type: "string", multiple: true, default: [] },
        blocked: { type: "boolean", default: false },
        server: { type: "string" },
        follow: { type: "boolean", short: "f", default: false },
        json: { type: "boolean", default: false },
      },
    });
    const since = parseSince(values.since, Date.now());
    const kinds = new Set(values.kind.flatMap((kind) => kind.split(",")).map(kindOf));
    const isServer = values.server === undefined ? undefined : serverFilter(values.server);
    const wanted = (record: EventRecord) => (kinds.size === 0 || kinds.has(record.kind)) && (!values.blocked || isBlocked(record)) && (!isServer || isServer(record));
    const print = values.json ? (record: EventRecord) => `${jsonText(record)}\n` : linePrinter(io);

    const { journal } = hostPaths(io.env);
    // The tail starts first and waits, so that nothing falls between reading and following.
    const early: EventRecord[] = [];
    let deliver = (records: readonly EventRecord[]): void => {
      early.push(...records);
    };
    const tail = values.follow ? tailJournal(journal, (records) => deliver(records)) : null;

    const survey = await surveyJournal(journal, { since });
    const shown = new Set<string>();
    const show = (records: readonly EventRecord[]) => {
      const fresh = records.filter((record) => wanted(record) && !shown.has(record.id));
      if (fresh.length > 0) io.stdout.write(fresh.map(print).join(""));
    };
    show(survey.records);
    for (const record of survey.records) shown.add(record.id);
    tellSkipped(survey, io);
    if (!tail) {
      if (!values.json && !survey.records.some(wanted)) io.stderr.write(`Nothing ${values.blocked ? "was blocked" : "was recorded"} since ${new Date(since).toLocaleString()}${kinds.size > 0 || isServer ? " for this filter" : ""}.\n`);
      return 0;
    }
    show(early);
    shown.clear();
    for (const record of early) shown.add(record.id);
    deliver = show;
    await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
    tail.close();
    return 0;
  },
};
export default command;

function kindOf(text: string): EventKind {
  const kind = KINDS.find((known) => known === text);
  if (!kind) throw new Failure(`there is no kind "${printable(text, 40)}"`, { code: 2, fix: `kinds are ${KINDS.join(", ")}` });
  return kind;
}

function serverFilter(pattern: string): (record: EventRecord) => boolean {
  const matcher = glob(pattern.includes("*") ? pattern : `*${pattern}*`, true);
  return (record) => {
    const server = serverOf(record);
    if (!server) return false;
    const names = [server.id, addressOf(server)];
    if (record.kind === "deployment") names.push(record.name);
    if (record.kind === "initialized" && record.serverInfo) names.push(record.serverInfo.name);
    return names.some((name) => matcher.matches(name));
  };
}

const STYLE: Readonly<Record<Outcome, Parameters<Paint>[0] | null>> = { passed: "green", noted: "yellow", redacted: "yellow", blocked: "red", info: null, problem: "red" };

/** Columns: time, who → whom, what, result; the reason stands on its own line, because it is a sentence. A new day prints its date first. */
function linePrinter(io: Io): (record: EventRecord) => string {
  const paint = painter(io);
  let lastDay = "";
  return (record) => {
    const at = new Date(record.time);
    const day = at.toLocaleDateString("sv");
    const heading = day === lastDay ? "" : `${paint("bold", day)}\n`;
    lastDay = day;
    const line = describeRecord(record);
    const style = STYLE[line.outcome];
    const columns = [paint("dim", at.toLocaleTimeString("sv")), printable(line.who, 60).padEnd(44), printable(line.what, 60).padEnd(30)];
    const result = printable(line.result, 60);
    columns.push(style ? paint(style, result) : result);
    const why = line.why ? `\n          ${paint("dim", printable(line.why, 400))}` : "";
    return `${heading}${columns.join("  ").trimEnd()}${why}\n`;
  };
}

function tellSkipped(survey: { torn: number; refused: number; newer: number }, io: Io): void {
  const parts = [];
  if (survey.refused > 0) parts.push(`${survey.refused} damaged`);
  if (survey.newer > 0) parts.push(`${survey.newer} written by a newer Sluice (update to see them)`);
  if (survey.torn > 0) parts.push(`${survey.torn} cut short by a crash`);
  if (parts.length > 0) io.stderr.write(`Not shown: ${parts.join(", ")}.\n`);
}
