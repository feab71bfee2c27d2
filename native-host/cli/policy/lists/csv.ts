/** Comma-separated values (RFC 4180): quotes, doubled quotes, line breaks inside quotes. Also semicolons and tabs, as spreadsheets write them. */
import { fail, ok, type Result } from "../../../../shared/base/result.ts";

export interface CsvRow {
  /** Counted from one. */
  readonly line: number;
  readonly cells: readonly string[];
}

export function parseCsv(text: string): Result<CsvRow[]> {
  const source = text.replace(/^\ufeff/, "");
  const mark = separatorOf(source.slice(0, source.search(/[\r\n]|$/)));
  const rows: CsvRow[] = [];
  let cells: string[] = [];
  let cell = "";
  let line = 1;
  let start = 1;
  let at = 0;
  const endRow = (): void => {
    cells.push(cell);
    if (cells.some((each) => each.trim() !== "")) rows.push({ line: start, cells: cells.map((each) => each.trim()) });
    cells = [];
    cell = "";
    start = line;
  };
  while (at < source.length) {
    const char = source[at]!;
    if (char === '"' && cell.trim() === "") {
      const opened = line;
      cell = "";
      for (at++; ; at++) {
        const inner = source[at];
        if (inner === undefined) return fail(`the quote that opens in line ${opened} never closes`);
        if (inner === "\n") line++;
        if (inner !== '"') cell += inner;
        else if (source[at + 1] === '"') cell += source[++at];
        else break;
      }
      at++;
    } else if (char === mark) {
      cells.push(cell);
      cell = "";
      at++;
    } else if (char === "\n" || char === "\r") {
      at += char === "\r" && source[at + 1] === "\n" ? 2 : 1;
      line++;
      endRow();
    } else {
      cell += char;
      at++;
    }
  }
  endRow();
  return ok(rows);
}

function separatorOf(heading: string): string {
  const counts = [",", ";", "\t"].map((mark) => ({ mark, count: heading.split(mark).length }));
  return counts.reduce((best, each) => (each.count > best.count ? each : best)).mark;
}
