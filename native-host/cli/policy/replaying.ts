/** What `simulate` and `diff` share: the recorded past run through one or two policies. */
import { parseSince } from "../since.ts";
import type { EventRecord, MessageRecord } from "../../../shared/events/record.ts";
import { isMessage, type Surroundings } from "../../../shared/events/replay.ts";
import { EFFECTS, type Policy } from "../../../shared/policy/language.ts";
import { hostPaths } from "../../home.ts";
import type { Io } from "../command.ts";
import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";
import { exportedFiles, journalFiles, readRecorded, type Read, type RecordedFile } from "./recorded.ts";
import { SurroundingsOf } from "./surroundings.ts";
import type { Row, Tally } from "./tally.ts";
import { columns, counted } from "./verb.ts";

/** Where the records come from, as the command line says it. */
export interface Span {
  readonly since?: string | undefined;
  readonly events?: readonly string[] | undefined;
}

export interface Replayed extends Read {
  /** Messages that no policy could judge, and that were refused whatever it says. */
  readonly unreadable: number;
  readonly since: number;
  readonly ms: number;
}

export const SPAN_OPTIONS = { since: { type: "string" }, events: { type: "string", multiple: true } } as const;

/** @param judge called for each message, with what stood around it. */
export async function replay(span: Span, policies: readonly Policy[], io: Io, judge: (record: MessageRecord, around: Surroundings, person: string) => void): Promise<Replayed> {
  const started = performance.now();
  // An exported file is read whole, unless a time is named.
  const since = parseSince(span.since ?? (span.events ? "1970-01-01" : "7d"), Date.now());
  const files = span.events ? exportedFiles(span.events) : journalFiles(hostPaths(io.env).journal, since);
  const surroundings = new SurroundingsOf(policies);
  let unreadable = 0;
  const read = await readRecorded(files, since, io, (record: EventRecord, from: RecordedFile) => {
    surroundings.learn(record);
    if (isMessage(record)) judge(record, surroundings.around(record, from), from.person);
    else if (record.kind === "malformed" && record.outcome !== "passed") unreadable++;
  });
  return { ...read, unreadable, since, ms: Math.round(performance.now() - started) };
}

/** No journal and an empty one look alike: either way there is nothing to say. */
export function mustHaveMessages({ messages }: Tally, { since }: Replayed, span: Span): void {
  if (messages > 0) return;
  throw new Failure(span.events ? "there is no message in these files" : `nothing was recorded since ${new Date(since).toISOString().slice(0, 16).replace("T", " ")} UTC`, {
    code: 2,
    fix: span.events ? "name files that sluice events --json wrote" : "go further back with --since 30d, or name files with --events",
  });
}

/** Tables for people. @param words what "before" and "now" are called. */
export function tallyText(tally: Tally, words: { readonly before: string; readonly now: string }): string {
  const parts = [`What changes, ${words.before} → ${words.now}:\n`, matrixText(tally, words)];
  parts.push(tally.changed === 0 ? "Nothing would come out differently.\n" : `${counted(tally.changed, "message")} of ${counted(tally.messages, "message")} would come out differently.\n`);
  for (const [title, rows] of [["By rule", tally.byRule], ["By server", tally.byServer], ["By person", tally.byPerson]] as const) {
    if (rows.length > 0) parts.push(`\n${title}:\n`, rowsText(rows));
  }
  const { unknown } = tally;
  if (unknown.messages > 0) {
    parts.push(`\n${counted(unknown.messages, "decision")} ${unknown.messages === 1 ? "hangs" : "hang"} on something that no record tells, and ${unknown.messages === 1 ? "is" : "are"} "perhaps" above:\n`);
    parts.push(columns(unknown.because.map(({ words: what, messages }) => [messages, what])));
  }
  return parts.join("");
}

function matrixText({ matrix }: Tally, words: { readonly before: string; readonly now: string }): string {
  const froms = EFFECTS.filter((effect) => matrix[effect]);
  const tos = EFFECTS.filter((effect) => froms.some((from) => matrix[from]?.[effect]));
  return columns([[`${words.before} ↓  ${words.now} →`, ...tos], ...froms.map((from) => [from, ...tos.map((to) => (matrix[from]?.[to] ? String(matrix[from][to]) : "·"))])]);
}

const SHOWN = 12;

function rowsText(rows: readonly Row[]): string {
  const table = rows.slice(0, SHOWN).map(({ name, messages, effects, looser, perhaps, examples }) => {
    // A looser one comes out as nothing worth naming, mostly.
    const parts = EFFECTS.filter((effect) => effect !== "allow" && effect !== "monitor" && effects[effect]).map((effect) => `${effects[effect]!.toLocaleString("en-US")} ${effect}`);
    if (looser > 0) parts.push(`${looser.toLocaleString("en-US")} looser than before`);
    if (perhaps > 0) parts.push(`perhaps ${perhaps.toLocaleString("en-US")} more`);
    return [messages, printable(name, 60), parts.join(", "), `e.g. ${examples.slice(0, 2).join(" ")}`];
  });
  return columns(table) + (rows.length > SHOWN ? `  and ${rows.length - SHOWN} more (--json has them all)\n` : "");
}

