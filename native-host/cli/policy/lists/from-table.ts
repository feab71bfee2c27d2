/** Ordered tables (source, destination, data, action), of which the first row that matches decides, from CSV or YAML. */
import { parseDocument, LineCounter, isNode, isSeq } from "yaml";
import { fail, ok, type Result } from "../../../../shared/base/result.ts";
import { isObject } from "../../../../shared/mcp/message.ts";
import { compileFirstMatch, type Row } from "../../../../shared/policy/first-match.ts";
import type { Condition, Effect, RedactionStyle, ServerMatch, WhoMatch } from "../../../../shared/policy/language.ts";
import { nearestWord } from "../../../../shared/policy/nearest-word.ts";
import { parseCsv } from "./csv.ts";
import { idGiver, type Imported } from "./imported.ts";
import { commandProblem } from "../../../../shared/policy/pattern-checks.ts";

export interface TableProblem {
  readonly line: number;
  readonly message: string;
  readonly fix?: string;
}

/** One row as it was written: column to its values. */
interface Written {
  readonly line: number;
  readonly cells: ReadonlyMap<string, readonly string[]>;
}

export const COLUMNS = ["name", "source", "app", "destination", "tool", "direction", "data", "action", "message", "owner"] as const;
const OTHER_NAMES: Readonly<Record<string, string>> = { user: "source", who: "source", client: "app", server: "destination", dest: "destination", activity: "tool", profile: "data", effect: "action", rule: "name", title: "name" };

const ACTIONS: Readonly<Record<string, { readonly effect: Effect; readonly style?: RedactionStyle }>> = {
  allow: { effect: "allow" },
  permit: { effect: "allow" },
  monitor: { effect: "monitor" },
  alert: { effect: "monitor" },
  log: { effect: "monitor" },
  redact: { effect: "redact" },
  mask: { effect: "redact", style: "mask" },
  coach: { effect: "coach" },
  "user alert": { effect: "coach" },
  warn: { effect: "coach" },
  approve: { effect: "approve" },
  block: { effect: "block" },
  deny: { effect: "block" },
  drop: { effect: "block" },
};

/** @param byDefault effect where no row matches; in such tables usually "allow". */
export function importTable(text: string, isYaml: boolean, byDefault: Effect): Result<Imported, TableProblem[]> {
  const written = isYaml ? yamlRows(text) : csvRows(text);
  if (!written.ok) return written;
  const problems: TableProblem[] = [];
  const rows: Row[] = [];
  const newId = idGiver();
  for (const [at, each] of written.value.entries()) {
    const read = rowsOf(each, at + 1, newId);
    if (read.ok) rows.push(...read.value);
    else problems.push(...read.why.map((problem) => ({ line: each.line, ...problem })));
  }
  if (rows.length === 0 && problems.length === 0) problems.push({ line: 1, message: "the table has no rows" });
  if (problems.length) return fail(problems);
  if (byDefault !== "allow") rows.push({ id: newId("otherwise"), title: "What no row of the table matches", place: "the end of the table", when: { method: "*" }, effect: byDefault });
  const { rules, exceptions, unreached } = compileFirstMatch(rows);
  const dead = unreached.map(({ row, by }) => ({ about: `${row.place} (${row.title})`, why: `no message ever reached it: ${by.place} (${by.title}) matches all of it before`, looser: false }));
  const notes = ["In the table the first row that matched decided. Here all rules count and the strictest decides, so each rule spares what an earlier, looser row let through; where one exemption cannot say that, exceptions say it."];
  return ok({ title: "Imported rule table", byDefault: "allow", servers: [], rules, exceptions, losses: dead, notes });
}

type Problem = Omit<TableProblem, "line">;

/** One written row may need several: "these people or that group" are two conditions. */
function rowsOf({ cells }: Written, number: number, newId: (text: string) => string): Result<Row[], Problem[]> {
  const problems: Problem[] = [];
  const values = (column: string): readonly string[] => (cells.get(column) ?? []).filter((value) => !/^(|\*|any|all|-)$/i.test(value));
  const word = (cells.get("action") ?? [])[0]?.toLowerCase() ?? "";
  const action = Object.hasOwn(ACTIONS, word) ? ACTIONS[word] : undefined;
  if (!action) problems.push(word === "" ? { message: "the row has no action", fix: `one of: ${Object.keys(ACTIONS).join(", ")}` } : { message: `there is no action "${word.slice(0, 40)}"`, fix: `${nearestFix(word, Object.keys(ACTIONS))}one of: ${Object.keys(ACTIONS).join(", ")}` });
  const sources = grouped(values("source"), sourceOf, problems);
  const servers = grouped(values("destination"), destinationOf, problems);
  const directions = values("direction").map(directionOf);
  if (directions.includes(null)) problems.push({ message: `there is no direction "${values("direction").join(", ").slice(0, 40)}"`, fix: "to-server (or out), to-client (or in)" });
  const direction = new Set(directions).size === 1 ? directions[0] : undefined;
  const [app, tool, data] = [values("app"), values("tool"), values("data")];
  if (action?.effect === "redact" && data.length === 0) problems.push({ message: "a row that redacts must say which data" });
  if (problems.length || !action) return fail(problems);
  const fixed: Condition = { ...(app.length && { client: { id: one(app) } }), ...(tool.length && { tool: one(tool) }), ...(direction && { direction }), ...(data.length && { data: { any: data } }) };
  const title = (cells.get("name") ?? [])[0]?.trim() || `Row ${number}`;
  const message = (cells.get("message") ?? []).join(", ");
  const owner = (cells.get("owner") ?? []).join(", ");
  const rows = (sources.length ? sources : [undefined]).flatMap((who) =>
    (servers.length ? servers : [undefined]).map((server): Row => {
      const asked: Condition = { ...(who && { who }), ...(server && { server }), ...fixed };
      return { id: newId(title), title, place: `row ${number}`, when: Object.keys(asked).length > 0 ? asked : { method: "*" }, ...action, ...(message && { message }), ...(owner && { owner }) };
    }),
  );
  return ok(rows);
}

/** Values of one kind become one condition, "any of"; kinds stay apart. */
function grouped<M extends object>(values: readonly string[], read: (value: string) => Result<M, Problem>, problems: Problem[]): M[] {
  const byKind = new Map<string, M>();
  for (const value of values) {
    const match = read(value);
    if (!match.ok) {
      problems.push(match.why);
      continue;
    }
    const [key = ""] = Object.keys(match.value);
    const known = byKind.get(key) as Record<string, unknown> | undefined;
    const now = (match.value as Record<string, unknown>)[key];
    // A command is a list already, and yes and no cannot be joined.
    if (known && typeof now === "string" && key !== "kind") byKind.set(key, { [key]: [known[key], now].flat() } as M);
    else byKind.set(known ? `${key} ${byKind.size}` : key, match.value);
  }
  return [...byKind.values()];
}

function sourceOf(text: string): Result<WhoMatch, Problem> {
  const parts = /^(user|group|device)\s*:\s*(.+)$/i.exec(text);
  if (!parts) return fail({ message: `"${text.slice(0, 60)}" does not say what it is`, fix: "write user:, group: or device: before a name; apps have a column of their own" });
  return ok({ [parts[1]!.toLowerCase()]: parts[2]! });
}

function destinationOf(text: string): Result<ServerMatch, Problem> {
  if (text.includes("://")) return ok({ url: text });
  if (/^(npm|pypi|oci):./.test(text)) return ok({ package: text });
  if (/^(local|remote)$/i.test(text)) return ok({ kind: text.toLowerCase() as "local" | "remote" });
  if (/^sanctioned$/i.test(text) || /^unsanctioned$/i.test(text)) return fail({ message: `"${text}" needs server entries that say which servers are sanctioned`, fix: "name the servers by address or package, or import the table and add the condition by hand" });
  const command = /^command\s*:\s*(.+)$/i.exec(text)?.[1]?.split(/\s+/);
  if (!command) return fail({ message: `"${text.slice(0, 60)}" names no server`, fix: "write an address (https://mcp.example/*), a package (npm:@acme/*), command: npx -y thing, local or remote" });
  const slip = commandProblem(command);
  return slip ? fail(slip) : ok({ command });
}

function directionOf(text: string): "to-server" | "to-client" | null {
  if (/^(to-server|out|outbound|upload|request)$/i.test(text)) return "to-server";
  return /^(to-client|in|inbound|download|response)$/i.test(text) ? "to-client" : null;
}

function one(values: readonly string[]): string | readonly string[] {
  return values.length === 1 ? values[0]! : values;
}

function csvRows(text: string): Result<Written[], TableProblem[]> {
  const parsed = parseCsv(text);
  if (!parsed.ok) return fail([{ line: 1, message: parsed.why }]);
  const [heading, ...rest] = parsed.value;
  if (!heading) return fail([{ line: 1, message: "the table is empty" }]);
  const columns = heading.cells.map(columnOf);
  const unknown = heading.cells.filter((_, at) => columns[at] === undefined);
  if (unknown.length) return fail(unknown.map((name) => unknownColumn(name, heading.line)));
  if (!columns.includes("action")) return fail([{ line: heading.line, message: 'the first line names no column "action"', fix: `columns are ${COLUMNS.join(", ")}` }]);
  const long = rest.filter(({ cells }) => cells.length > columns.length).map(({ line, cells }) => ({ line, message: `the row has ${cells.length} cells, and the heading names ${columns.length}` }));
  if (long.length) return fail(long);
  // Words for people are one text; all else may be several.
  const several = (column: string, cell: string): string[] => (column === "name" || column === "message" || column === "owner" ? [cell] : cell.split(/[;|\n]/).map((each) => each.trim()));
  return ok(rest.map(({ line, cells }) => ({ line, cells: new Map(cells.map((cell, at) => [columns[at]!, several(columns[at]!, cell)])) })));
}

function yamlRows(text: string): Result<Written[], TableProblem[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, { version: "1.2", schema: "core", stringKeys: true, prettyErrors: false, lineCounter: lines });
  const faults = document.errors.map(({ pos, message }) => ({ line: lines.linePos(pos[0]).line, message }));
  if (faults.length) return fail(faults);
  if (!isSeq(document.contents)) return fail([{ line: 1, message: "the file is no list of rows", fix: "begin each row with a dash" }]);
  const places = document.contents.items.map((item) => (isNode(item) && item.range ? lines.linePos(item.range[0]).line : 1));
  const problems: TableProblem[] = [];
  const rows = (document.toJS({ maxAliasCount: 50 }) as unknown[]).flatMap((row, at): Written[] => {
    const line = places[at] ?? 1;
    if (!isObject(row)) {
      problems.push({ line, message: "the row is no set of keys" });
      return [];
    }
    const cells = new Map<string, string[]>();
    for (const [name, value] of Object.entries(row)) {
      const column = columnOf(name);
      if (column === undefined) problems.push(unknownColumn(name, line));
      else cells.set(column, (Array.isArray(value) ? value : [value]).map(String));
    }
    return [{ line, cells }];
  });
  return problems.length ? fail(problems) : ok(rows);
}

function columnOf(name: string): string | undefined {
  const plain = name.trim().toLowerCase();
  return COLUMNS.find((column) => column === plain) ?? (Object.hasOwn(OTHER_NAMES, plain) ? OTHER_NAMES[plain] : undefined);
}

function unknownColumn(name: string, line: number): TableProblem {
  return { line, message: `there is no column "${name.slice(0, 40)}"`, fix: `${nearestFix(name.toLowerCase(), COLUMNS)}columns are ${COLUMNS.join(", ")}` };
}

function nearestFix(word: string, words: readonly string[]): string {
  const near = nearestWord(word, words);
  return near ? `did you mean "${near}"? ` : "";
}
