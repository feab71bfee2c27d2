/** What the organization's browser policy says (`storage.managed`): read late, checked by ourselves, remembered, and never mistaken for "no policy" because the browser was slow or dropped a broken file. */
import { fail, ok, type Result } from "../../shared/base/result.ts";
import type { Mode } from "../../shared/policy/language.ts";

export const MANAGED_KEYS = ["configVersion", "orgName", "mode", "bundleUrl", "rootSha256", "channel", "failMode", "requireHost", "policy", "supportUrl", "privacyProfile", "lockUi"] as const;
export type ManagedKey = (typeof MANAGED_KEYS)[number];

export interface ManagedValues {
  readonly configVersion?: number;
  readonly orgName?: string;
  readonly mode?: Mode;
  readonly bundleUrl?: string;
  readonly rootSha256?: string;
  readonly channel?: string;
  readonly failMode?: "open" | "closed";
  readonly requireHost?: boolean;
  /** The whole policy as canonical JSON. */
  readonly policy?: string;
  readonly supportUrl?: string;
  readonly privacyProfile?: "minimal" | "standard" | "investigation";
  readonly lockUi?: boolean;
}

/** Keys that this build reads but does not act on yet: said aloud, so that no administrator relies on them. */
export const NOT_YET: readonly ManagedKey[] = ["bundleUrl", "rootSha256", "channel", "failMode", "privacyProfile", "lockUi"];

export type Management = "unknown" | "managed" | "unmanaged";

export interface ManagedState {
  readonly management: Management;
  readonly values: ManagedValues;
  /** What an administrator should put right, in words. */
  readonly notices: readonly string[];
}

/** How long a first start may take until its policy shows (measured: up to 4.6 s, over 6 s reported). */
export const FIRST_START_MS = 8_000;
export const MANAGED_KEY = "managed.last";

/** What survives a restart of worker and browser. */
interface Remembered {
  readonly firstStart: number;
  readonly settled: boolean;
  /** The browser has shown a policy once, even if every key of it was wrong. */
  readonly managed: boolean;
  readonly values: ManagedValues;
  readonly notices: readonly string[];
}

export interface ManagedDoors {
  /** `storage.managed.get()`; may take seconds. */
  read(): Promise<Readonly<Record<string, unknown>>>;
  load(): Promise<unknown>;
  save(remembered: unknown): Promise<void>;
  now(): number;
  after(ms: number, run: () => void): void;
  /** A development install (unpacked) may take the browser's first answer for final: whoever can load it could as well edit it. */
  firstAnswerIsFinal(): Promise<boolean>;
  onState(state: ManagedState): void;
  /** Something an administrator must hear of; goes into the record as health. */
  onAlarm(detail: string): void;
}

export interface ManagedConfig {
  current(): ManagedState;
  /** Call once in the first tick; also begins reading. */
  start(): Promise<void>;
  /** Call from `storage.onChanged` for the managed area. */
  changed(): Promise<void>;
}

/** Checks each key by itself: one wrong value costs that key, not the others. */
export function checkManaged(raw: Readonly<Record<string, unknown>>): { values: ManagedValues; dropped: string[] } {
  const values: Record<string, unknown> = {};
  const dropped: string[] = [];
  for (const [key, value] of Object.entries(raw)) {
    const checked = checkKey(key, value);
    if (checked.ok) values[key] = checked.value;
    else dropped.push(`${key.slice(0, 60)}: ${checked.why}`);
  }
  return { values: values as ManagedValues, dropped };
}

function checkKey(key: string, value: unknown): Result<unknown> {
  switch (key as ManagedKey) {
    case "configVersion":
      return Number.isSafeInteger(value) && (value as number) >= 0 ? ok(value) : fail("must be a whole number");
    case "mode":
      return oneOf(value, ["monitor", "enforce"]);
    case "failMode":
      return oneOf(value, ["open", "closed"]);
    case "privacyProfile":
      return oneOf(value, ["minimal", "standard", "investigation"]);
    case "requireHost":
    case "lockUi":
      return typeof value === "boolean" ? ok(value) : fail("must be true or false");
    case "rootSha256":
      return typeof value === "string" && /^[0-9a-fA-F]{64}$/.test(value) ? ok(value) : fail("must be 64 hexadecimal digits");
    case "supportUrl":
      return typeof value === "string" && isLink(value) ? ok(value) : fail("must be a web address (https://…)");
    case "orgName":
    case "bundleUrl":
    case "channel":
    case "policy":
      return typeof value === "string" && value !== "" ? ok(value) : fail("must be text");
    default:
      return fail("is not a key of Sluice");
  }
}

function oneOf(value: unknown, allowed: readonly string[]): Result<unknown> {
  return allowed.includes(value as string) ? ok(value) : fail(`must be one of ${allowed.join(", ")}`);
}

/** An address that may stand behind a link in the popup. */
function isLink(text: string): boolean {
  return URL.canParse(text) && ["https:", "http:"].includes(new URL(text).protocol);
}

export function createManagedConfig(doors: ManagedDoors): ManagedConfig {
  let state: ManagedState = { management: "unknown", values: {}, notices: [] };
  let remembered: Remembered | null = null;
  // Reads run one after the other: a slow empty answer must not overtake a later full one.
  let turn: Promise<void> = Promise.resolve();

  async function load(): Promise<Remembered> {
    if (remembered) return remembered;
    const stored = parseRemembered(await doors.load());
    remembered = stored ?? { firstStart: doors.now(), settled: false, managed: false, values: {}, notices: [] };
    if (!stored) await doors.save(remembered);
    // Start from the last known configuration: the browser may take seconds to answer.
    if (remembered.settled) show(remembered);
    return remembered;
  }

  function show(from: Remembered): void {
    const next: ManagedState = { management: from.managed ? "managed" : "unmanaged", values: from.values, notices: from.notices };
    const changed = JSON.stringify(next) !== JSON.stringify(state);
    state = next;
    if (changed) doors.onState(next);
  }

  async function settle(before: Remembered, managed: boolean, values: ManagedValues, notices: readonly string[]): Promise<void> {
    const next: Remembered = { ...before, settled: true, managed, values, notices };
    // The worker restarts often: an alarm is raised when it is new, not at every wake.
    const fresh = notices.filter((notice) => !before.notices.includes(notice));
    if (JSON.stringify(next) !== JSON.stringify(before)) await doors.save((remembered = next));
    for (const notice of fresh) doors.onAlarm(notice);
    show(next);
  }

  async function take(raw: Readonly<Record<string, unknown>>): Promise<void> {
    const before = await load();
    if (Object.keys(raw).length === 0) return takeNothing(before);
    const { values, dropped } = checkManaged(raw);
    const notices = dropped.map((fault) => `Browser policy: ${fault}`);
    const kept = keepVanished(before.values, values);
    if (kept.length) notices.push(`Browser policy: ${kept.join(", ")} vanished although configVersion stayed, so the last value holds`);
    const merged: Record<string, unknown> = { ...values };
    for (const key of kept) merged[key] = before.values[key];
    const idle = NOT_YET.filter((key) => merged[key] !== undefined);
    if (idle.length) notices.push(`Browser policy: this version does not act on ${idle.join(", ")} yet`);
    await settle(before, true, merged as ManagedValues, notices);
  }

  async function takeNothing(before: Remembered): Promise<void> {
    // A policy file with one broken bracket looks exactly like a policy that was taken away.
    if (before.managed) return settle(before, true, before.values, ["Browser policy became empty, so the last known configuration holds"]);
    const left = before.firstStart + FIRST_START_MS - doors.now();
    if (!before.settled && left > 0 && !(await doors.firstAnswerIsFinal())) {
      doors.after(left, () => void read());
      return;
    }
    await settle(before, false, {}, []);
  }

  function read(): Promise<void> {
    const next = turn.then(async () => {
      let raw: Readonly<Record<string, unknown>> = {};
      try {
        raw = await doors.read();
      } catch {
        // Firefox throws where no policy exists: the same as an empty one.
      }
      await take(raw);
    });
    turn = next.catch(() => undefined);
    return next;
  }

  return {
    current: () => state,
    async start() {
      await load();
      await read();
    },
    changed: read,
  };
}

/** Keys that were there and are gone although nobody raised `configVersion`: dropped by the browser, not taken back by the administrator. */
function keepVanished(before: ManagedValues, now: ManagedValues): ManagedKey[] {
  if ((now.configVersion ?? 0) > (before.configVersion ?? 0)) return [];
  return MANAGED_KEYS.filter((key) => before[key] !== undefined && now[key] === undefined);
}

function parseRemembered(stored: unknown): Remembered | null {
  if (typeof stored !== "object" || stored === null) return null;
  const { firstStart, settled, managed, values, notices } = stored as Partial<Record<keyof Remembered, unknown>>;
  if (typeof firstStart !== "number" || typeof settled !== "boolean" || typeof managed !== "boolean" || typeof values !== "object" || values === null || !Array.isArray(notices)) return null;
  return { firstStart, settled, managed, values: checkManaged(values as Record<string, unknown>).values, notices: notices.map(String) };
}
