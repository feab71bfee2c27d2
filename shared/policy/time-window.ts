/** Weekly windows in a time zone. Summer time is the zone's own business: the window is about the clock on the wall. */
import { fail, ok, type Result } from "../base/result.ts";
import type { TimeWindow } from "./language-conditions.ts";

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
const MINUTE = 60_000;

/** What the clock on the wall says. */
interface WallTime {
  /** 0 is Sunday. */
  readonly day: number;
  /** Since midnight. */
  readonly minutes: number;
}

type ZoneClock = (now: number) => WallTime;

/** A formatter costs more than everything else here; there are some six hundred zones at most. */
const clocks = new Map<string, ZoneClock>();

/** @throws RangeError for a zone that this system does not know. */
function clockOf(zone: string): ZoneClock {
  const known = clocks.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  let minute = NaN;
  let wall: WallTime = { day: 0, minutes: 0 };
  const clock: ZoneClock = (now) => {
    const current = Math.floor(now / MINUTE);
    if (current !== minute) {
      const parts = Object.fromEntries(format.formatToParts(current * MINUTE).map(({ type, value }) => [type, value]));
      wall = { day: DAYS.findIndex((day) => day === parts["weekday"]?.toLowerCase()), minutes: Number(parts["hour"]) * 60 + Number(parts["minute"]) };
      minute = current;
    }
    return wall;
  };
  clocks.set(zone, clock);
  return clock;
}

export function isZone(zone: string): boolean {
  try {
    clockOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** `mon-fri` → 1 to 5; a span may run over the end of the week. */
export function readDays(text: string): Result<readonly number[]> {
  const [first, last, ...more] = text.toLowerCase().split("-");
  const [from, to] = [DAYS.indexOf(first as never), last === undefined ? DAYS.indexOf(first as never) : DAYS.indexOf(last as never)];
  if (from < 0 || to < 0 || more.length) return fail(`"${text}" is no day`);
  return ok(Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, step) => (from + step) % 7));
}

/** `08:30` in minutes; `24:00` is the end of the day. */
export function readTime(text: string): number | undefined {
  const parts = /^(\d{2}):(\d{2})$/.exec(text);
  if (!parts) return undefined;
  const [hours, minutes] = [Number(parts[1]), Number(parts[2])];
  const all = hours * 60 + minutes;
  return minutes < 60 && all <= 24 * 60 ? all : undefined;
}

/** Is this moment (Unix milliseconds) inside the window? @param window checked by the schema. */
export function compileWindow(window: TimeWindow): (now: number) => boolean {
  const clock = clockOf(window.zone);
  const written = window.days === undefined ? [] : typeof window.days === "string" ? [window.days] : window.days;
  const days = new Set(written.flatMap((text) => orThrow(readDays(text))));
  const from = readTime(window.from ?? "00:00") ?? 0;
  const to = readTime(window.to ?? "24:00") ?? 24 * 60;
  const on = (day: number): boolean => days.size === 0 || days.has(day);
  return (now) => {
    const { day, minutes } = clock(now);
    if (from < to) return on(day) && minutes >= from && minutes < to;
    // Over midnight: the evening of a listed day, or the small hours after one.
    return (on(day) && minutes >= from) || (on((day + 6) % 7) && minutes < to);
  };
}

function orThrow<T>(read: Result<T>): T {
  if (!read.ok) throw new Error(`a window that the schema should have refused: ${read.why}`);
  return read.value;
}

/** For people: `mon-fri 08:00-18:00 Europe/Berlin`. */
export function windowText({ days, from, to, zone }: TimeWindow): string {
  return [days === undefined ? "" : typeof days === "string" ? days : days.join(","), `${from ?? "00:00"}-${to ?? "24:00"}`, zone].filter(Boolean).join(" ");
}
