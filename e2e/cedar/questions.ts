/** Conditions of our language as Cedar expressions. Each question says when its answer is known and when it is yes, because Cedar has no third truth. Shares no code with the engine it is compared with. */
import type { ArgumentMatch, ClientMatch, Condition, DataMatch, RateMatch, ServerMatch, TimeWindow } from "../../shared/policy/language.ts";

/** Two Cedar expressions. `yes` is asked only where `known` holds. */
export interface Question {
  readonly known: string;
  readonly yes: string;
}

const always = (yes: string): Question => ({ known: "true", yes });
const text = (value: string): string => JSON.stringify(value);
const list = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? (value as readonly T[]) : [value as T]);
const anyOf = (parts: readonly string[]): string => `(${parts.join(" || ")})`;
/** Cedar's `like` reads `*` as we do. */
const like = (value: string, patterns: string | readonly string[]): string => anyOf(list(patterns).map((pattern) => `${value} like ${text(pattern)}`));

/** Holds for certain. */
export const sure = (questions: readonly Question[]): string => (questions.length === 0 ? "true" : questions.map(({ known, yes }) => `(${known} && ${yes})`).join(" && "));
/** Holds, or might. */
export const maybe = (questions: readonly Question[]): string => (questions.length === 0 ? "true" : questions.map(({ known, yes }) => `(!(${known}) || ${yes})`).join(" && "));

/** @param dataKey name under which the context has the counts for a data condition. */
export function questionsOf(condition: Condition, dataKey: (match: DataMatch) => string): Question[] {
  const { who, client, server, method, tool, direction, data, authentication, time, network, rate } = condition;
  const questions: Question[] = [];
  if (who?.user !== undefined) questions.push({ known: "context has user", yes: like("context.user", who.user) });
  if (who?.group !== undefined) questions.push({ known: "context has groups", yes: anyOf(list(who.group).map((group) => `context.groups.contains(${text(group)})`)) });
  if (client) questions.push(...clientQuestions(client));
  if (server) questions.push(...serverQuestions(server));
  if (method !== undefined) questions.push({ known: "context has method", yes: like("context.method", method) });
  if (tool !== undefined) questions.push({ known: "context.toolKnown", yes: `(context has tool && ${like("context.tool", tool)})` });
  for (const match of condition.arguments ?? []) questions.push(argumentQuestion(match));
  if (direction !== undefined) questions.push(always(`context.direction == ${text(direction)}`));
  if (authentication !== undefined) questions.push({ known: "context has authentication", yes: anyOf(list(authentication).map((each) => `context.authentication == ${text(each)}`)) });
  if (network !== undefined) questions.push({ known: "context has addressKnown", yes: '(context has address && (context.address.isInRange(ip("10.0.0.0/8")) || context.address.isInRange(ip("fd00::/8"))))' });
  if (time !== undefined) questions.push(always(anyOf((list(time) as readonly TimeWindow[]).map(windowExpression))));
  if (rate) questions.push(rateQuestion(rate));
  if (data) questions.push(dataQuestion(data, dataKey(data)));
  return questions;
}

function clientQuestions({ id, webApp, point }: ClientMatch): Question[] {
  const questions: Question[] = [];
  if (id !== undefined) questions.push(always(like("context.client", id)));
  if (webApp !== undefined) questions.push(always(anyOf(list(webApp).map((origin) => `context.client == ${text(`app:${origin}`)}`))));
  if (point !== undefined) questions.push(always(anyOf(list(point).map((each) => `context.point == ${text(each)}`))));
  return questions;
}

function serverQuestions(match: ServerMatch): Question[] {
  const questions: Question[] = [];
  if (match.kind !== undefined) questions.push(always(`context.kind == ${text(match.kind)}`));
  if (match.url !== undefined) questions.push(always(`(context.kind == "remote" && ${anyOf(list(match.url).map(urlExpression))})`));
  if (match.command !== undefined) questions.push(always(commandExpression(match.command)));
  if (match.package !== undefined) questions.push(always(`(context has package && ${like("context.package", match.package)})`));
  // The only range that is generated: ^1.4.
  if (match.version !== undefined) questions.push({ known: "(!(context has package) || context has major)", yes: "(context has package && context.major == 1 && context.minor >= 4)" });
  if (match.id !== undefined) questions.push({ known: `(context.entries.contains(${text(match.id as string)}) || !context.maybeEntries.contains(${text(match.id as string)}))`, yes: `context.entries.contains(${text(match.id as string)})` });
  if (match.sanctioned !== undefined) questions.push({ known: "context has sanctioned", yes: `context.sanctioned == ${match.sanctioned}` });
  if (match.trust) questions.push({ known: "context has trust", yes: match.trust.below !== undefined ? `context.trust < ${match.trust.below}` : `context.trust >= ${match.trust.atLeast}` });
  return questions;
}

function urlExpression(pattern: string): string {
  if (pattern === "*") return "true";
  const url = new URL(pattern);
  const path = url.pathname.endsWith("/*") ? `(context.path like ${text(url.pathname)} || context.path == ${text(url.pathname.slice(0, -2))})` : `context.path == ${text(url.pathname)}`;
  return `(context.origin == ${text(url.origin)} && ${path})`;
}

function commandExpression(words: readonly string[]): string {
  const open = words.at(-1) === "**";
  const fixed = open ? words.slice(0, -1) : words;
  const count = open ? `context.words >= ${fixed.length}` : `context.words == ${fixed.length}`;
  return `(context.kind == "local" && ${[count, ...fixed.map((word, at) => `context.word${at} like ${text(word)}`)].join(" && ")})`;
}

function argumentQuestion({ at, glob, range, equals, size, exists, in: allowed }: ArgumentMatch): Question {
  const given = (known: string, yes: string): Question => ({ known: `(context.isNoCall || (context.argumentsKnown && ${known}))`, yes: `(!context.isNoCall && ${yes})` });
  if (at === "/path" && glob !== undefined) return given('context.path_kind != "parts"', `(context.path_kind == "text" && ${like("context.path_text", glob)})`);
  if (at === "/path" && exists === false) return given("true", 'context.path_kind == "nothing"');
  if (at === "/n" && range?.atLeast !== undefined) return given("true", `(context has n && context.n >= ${range.atLeast})`);
  if (at === "/list/*" && equals !== undefined) return given("true", `context.members.contains(${String(equals)})`);
  if (at === "/list" && size?.atLeast !== undefined) return given("true", `(context has size && context.size >= ${size.atLeast})`);
  // The arguments as a whole are no plain value.
  if (at === "" && allowed) return given("false", "false");
  throw new Error(`no translation for the argument ${at}`);
}

function windowExpression({ days, from = "00:00", to = "24:00", zone }: TimeWindow): string {
  const [begin, end] = [from, to].map((time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3)));
  const clock = zone === "UTC" ? "utc" : "berlin";
  if (days !== undefined && days !== "mon-fri") throw new Error("only mon-fri is generated");
  const on = (day: string): string => (days === undefined ? "true" : `(${day} >= 1 && ${day} <= 5)`);
  const today = `context.${clock}_day`;
  const minutes = `context.${clock}_minutes`;
  if (begin! < end!) return `(${on(today)} && ${minutes} >= ${begin} && ${minutes} < ${end})`;
  return `((${on(today)} && ${minutes} >= ${begin}) || (${on(`context.${clock}_yesterday`)} && ${minutes} < ${end}))`;
}

function rateQuestion({ calls, bytes }: RateMatch): Question {
  if (calls) return { known: "(!context.isCall || context has before)", yes: `(context.isCall && context.before + 1 > ${calls.over})` };
  return { known: "context has before", yes: `context.before + context.bytes > ${bytes!.over}` };
}

function dataQuestion({ minCount = 1, minTotal = 1 }: DataMatch, key: string): Question {
  const found = `(context.${key}.distinct >= ${minCount} && context.${key}.total >= ${Math.max(1, minTotal)})`;
  return { known: `(${found} || !context.${key}.unchecked)`, yes: found };
}
