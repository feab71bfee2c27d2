/** What the recorders wrote down, read back and compared. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

export const DIRECTIONS = ["to-server", "to-client"] as const;
export type Direction = (typeof DIRECTIONS)[number];
export type Side = "client" | "server";

/** Lines by direction, of all processes in the order in which they started. */
export type Recording = Readonly<Record<Direction, readonly string[]>>;

export function readRecording(folder: string, side: Side): Recording {
  const names = readdirSync(folder).sort();
  const lines = (direction: Direction): string[] => names.filter((name) => name.endsWith(`.${side}.${direction}`)).flatMap((name) => readFileSync(join(folder, name), "latin1").split(/(?<=\n)/).filter((line) => line !== ""));
  return { "to-server": lines("to-server"), "to-client": lines("to-client") };
}

export interface Difference {
  readonly direction: Direction;
  readonly at: number;
  readonly expected: string | undefined;
  readonly got: string | undefined;
}

/** Line by line, in order. */
export function compareExactly(expected: Recording, got: Recording): Difference[] {
  return DIRECTIONS.flatMap((direction) => firstDifference(direction, expected[direction], got[direction]));
}

export interface Varying {
  /** What the server makes anew in every run: times, random ids. */
  readonly varying: readonly RegExp[];
  /** The server numbers its own questions differently in every run. */
  readonly numbersVary?: boolean;
}

/** Message by message, without what the peers themselves make anew in every run; in any order, because answers overtake each other. */
export function compareRuns(expected: Recording, got: Recording, { varying, numbersVary }: Varying): Difference[] {
  const settle = (lines: readonly string[], direction: Direction): string[] =>
    lines.map((line) => varying.reduce((text, pattern) => text.replace(pattern, "…"), numbersVary && isServersQuestion(line, direction) ? line.replace(/"id":\d+(?=[,}])/, '"id":…') : line)).sort();
  return DIRECTIONS.flatMap((direction) => firstDifference(direction, settle(expected[direction], direction), settle(got[direction], direction)));
}

/** A question of the server to the client, or the client's answer to one. */
function isServersQuestion(line: string, direction: Direction): boolean {
  return (direction === "to-client") === "method" in (JSON.parse(line) as object);
}

function firstDifference(direction: Direction, expected: readonly string[], got: readonly string[]): Difference[] {
  const length = Math.max(expected.length, got.length);
  for (let at = 0; at < length; at++) if (expected[at] !== got[at]) return [{ direction, at, expected: expected[at], got: got[at] }];
  return [];
}
