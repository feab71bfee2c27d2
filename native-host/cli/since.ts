/** `--since` of every command that looks back. */
import { Failure } from "./failure.ts";
import { printable } from "./terminal.ts";

/** `90m`, `7d`, or a date; Unix milliseconds. */
export function parseSince(text: string, now: number): number {
  const span = /^(\d+)([smhdw])$/.exec(text);
  const unit = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }[span?.[2] ?? "s"] ?? 0;
  const time = span ? now - Number(span[1]) * unit : /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time)) throw new Failure(`--since does not understand "${printable(text, 40)}"`, { code: 2, fix: "write 30m, 1h, 7d, or a date such as 2026-11-21" });
  return Math.max(0, time);
}
