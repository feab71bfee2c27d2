/** The shape of `sluice policy …` verbs, and what several of them say alike. */
import type { Io } from "../command.ts";
import { jsonText } from "../terminal.ts";

export interface Verb {
  /** Full help of this verb. */
  readonly usage: string;
  run(argv: readonly string[], io: Io): Promise<number>;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

export function writeJson(io: Io, value: unknown): void {
  io.stdout.write(`${jsonText(value, 2)}\n`);
}

/** Rows in columns; columns of numbers to the right. */
export function columns(rows: readonly (readonly (string | number)[])[], indent = "  "): string {
  const widths: number[] = [];
  const numeric = new Set<number>();
  for (const row of rows) {
    for (const [at, cell] of row.entries()) {
      widths[at] = Math.max(widths[at] ?? 0, text(cell).length);
      if (typeof cell === "number") numeric.add(at);
    }
  }
  const padded = (cell: string | number, at: number): string => (numeric.has(at) ? text(cell).padStart(widths[at]!) : text(cell).padEnd(widths[at]!));
  return rows.map((row) => `${`${indent}${row.map(padded).join("  ")}`.trimEnd()}\n`).join("");
}

function text(cell: string | number): string {
  return typeof cell === "number" ? cell.toLocaleString("en-US") : cell;
}
