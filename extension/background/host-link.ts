/** The line to the native host: opens it, opens it again when it breaks, and keeps every record until the host says that it is on disk. Nothing that decides waits for it. */
import type { Facts } from "../../shared/policy/decision.ts";
import { never } from "../../shared/base/result.ts";
import type { EventRecord } from "../../shared/events/record.ts";
import type { Answer, Ask } from "../../shared/gate/ask.ts";
import type { AnswerReceipt } from "../../shared/messages/asks.ts";
import { HOST_SEAM, type FromHost, type ToHost } from "../../shared/messages/host.ts";
import type { ProtectionState } from "../../shared/messages/extension.ts";
import { hearHost } from "./host-message.ts";
import { plainTrouble } from "./host-trouble.ts";

export interface HostPort {
  post(message: ToHost): void;
  onMessage(hear: (message: unknown) => void): void;
  /** @param verbatim what the browser says about it, null if nothing */
  onClosed(closed: (verbatim: string | null) => void): void;
  close(): void;
}

/** Records not yet on the host's disk, oldest first. */
export interface Outbox {
  take(limit: number): Promise<readonly EventRecord[]>;
  remove(ids: readonly string[]): Promise<void>;
}

export interface HostLinkDoors {
  open(): HostPort;
  readonly outbox: Outbox;
  readonly version: string;
  readonly browser: string;
  now(): number;
  /** @returns a function that cancels */
  after(ms: number, run: () => void): () => void;
  /** 0..1 */
  random(): number;
  onPolicyPart(part: Extract<FromHost, { kind: "policy" }>): void;
  onPolicyRejected(message: Extract<FromHost, { kind: "policy.rejected" }>): void;
  onRecords(records: readonly EventRecord[]): void;
  onAsk(ask: Ask): void;
  onAskGone(ticket: string): void;
  onAnswered(receipt: AnswerReceipt): void;
  /** Who uses this computer, as the host says. */
  onWho(who: NonNullable<Facts["who"]>): void;
  onConnected(version: string): void;
  /** Called once when a working line breaks, not for each vain attempt. */
  onLost(why: string): void;
  /** The line is closed: half-received things are void. */
  onClosed(): void;
  /** Something the host sent did not hold up. */
  onDistrust(why: string): void;
  onChange(): void;
}

export interface HostLink {
  state(): ProtectionState["host"];
  /** Opens the line if it is not open; an alarm calls this too, because a sleeping worker has no timers. */
  connect(): void;
  /** There may be new records to send. */
  nudge(): void;
  /** @returns false if there is no line */
  discover(): boolean;
  /** Hands a person's word to a guard. @returns false if there is no line */
  answer(ticket: string, answer: Answer): boolean;
}

/** Node needs about 80 ms to answer; a loaded machine much more. */
export const HELLO_MS = 10_000;
export const RECEIPT_MS = 15_000;
export const PING_EVERY_MS = 60_000;
export const PONG_MS = 15_000;
export const BATCH = 200;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
/** A line that held this long starts the waits anew. */
const STEADY_MS = 30_000;

export function createHostLink(doors: HostLinkDoors): HostLink {
  let state: ProtectionState["host"] = { state: "connecting", version: null, error: null, since: doors.now() };
  let port: HostPort | null = null;
  let greeted = false;
  let failures = 0;
  let batches = 0;
  /** The batch that waits for its receipt. */
  let flying: { readonly batch: number; readonly ids: readonly string[] } | null = null;
  let filling = false;
  let again = false;
  const clocks = new Map<"hello" | "receipt" | "ping" | "pong" | "retry", () => void>();

  function clock(name: "hello" | "receipt" | "ping" | "pong" | "retry", ms: number, run: () => void): void {
    clocks.get(name)?.();
    clocks.set(name, doors.after(ms, run));
  }

  function stop(...names: readonly ("hello" | "receipt" | "ping" | "pong" | "retry")[]): void {
    for (const name of names) {
      clocks.get(name)?.();
      clocks.delete(name);
    }
  }

  function show(next: Omit<ProtectionState["host"], "since">): void {
    if (next.state === state.state && next.error === state.error && next.version === state.version) return;
    state = { ...next, since: next.state === state.state ? state.since : doors.now() };
    doors.onChange();
  }

  function connect(): void {
    if (port) return;
    stop("retry");
    let opened: HostPort;
    try {
      opened = doors.open();
    } catch (error) {
      failed(error instanceof Error ? error.message : null);
      return;
    }
    port = opened;
    opened.onMessage((message) => {
      if (port === opened) hear(message);
    });
    opened.onClosed((verbatim) => {
      if (port === opened) failed(verbatim);
    });
    clock("hello", HELLO_MS, () => giveUp("The Sluice host program does not answer."));
    send({ kind: "hello", seam: HOST_SEAM, version: doors.version, browser: doors.browser });
  }

  function send(message: ToHost): void {
    try {
      port?.post(message);
    } catch (error) {
      giveUp(plainTrouble(error instanceof Error ? error.message : null));
    }
  }

  /** Closes a line that is of no use. */
  function giveUp(why: string): void {
    port?.close();
    lost(why);
  }

  function failed(verbatim: string | null): void {
    lost(plainTrouble(verbatim));
  }

  function lost(why: string): void {
    const worked = greeted;
    const steady = worked && doors.now() - state.since >= STEADY_MS;
    port = null;
    greeted = false;
    flying = null;
    stop("hello", "receipt", "ping", "pong");
    doors.onClosed();
    if (worked) doors.onLost(why);
    failures = steady ? 1 : failures + 1;
    show({ state: "missing", version: state.version, error: why });
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
    clock("retry", Math.round(wait * (0.75 + doors.random() / 2)), connect);
  }

  function hear(raw: unknown): void {
    const heard = hearHost(raw);
    if (heard.kind === "bad") return doors.onDistrust(`The host sent ${heard.why}.`);
    if (heard.refused) doors.onDistrust(`The host sent ${heard.refused} records that did not hold up.`);
    const { message } = heard;
    if (!greeted && message.kind !== "hello") return giveUp("The Sluice host program spoke before it said hello.");
    switch (message.kind) {
      case "hello":
        return welcome(message);
      case "policy":
        return doors.onPolicyPart(message);
      case "policy.rejected":
        return doors.onPolicyRejected(message);
      case "events":
        if (message.records.length) doors.onRecords(message.records);
        return;
      case "events.stored":
        return void receipt(message.batch);
      case "ask":
        return doors.onAsk(message.ask);
      case "ask.gone":
        return doors.onAskGone(message.ticket);
      case "answered":
        return doors.onAnswered(message.receipt);
      case "pong":
        return stop("pong");
      default:
        return never(message);
    }
  }

  function welcome({ seam, version, user, groups, device }: Extract<FromHost, { kind: "hello" }>): void {
    if (seam !== HOST_SEAM) {
      const older = seam < HOST_SEAM ? "the host program" : "this extension";
      return giveUp(`The Sluice host program (version ${version}) and this extension do not fit together. Please update ${older}.`);
    }
    stop("hello");
    greeted = true;
    show({ state: "connected", version, error: null });
    doors.onConnected(version);
    // "unknown" is what a host says that has no name for its user.
    doors.onWho({ ...(user !== "unknown" && { user }), ...(groups && { groups }), ...(device !== undefined && { device }) });
    clock("ping", PING_EVERY_MS, ping);
    nudge();
  }

  /** A hung host keeps its pipe open; only silence after a question gives it away. */
  function ping(): void {
    clock("pong", PONG_MS, () => giveUp("The Sluice host program stopped answering."));
    clock("ping", PING_EVERY_MS, ping);
    send({ kind: "ping", nonce: String(doors.now()) });
  }

  function nudge(): void {
    again = true;
    if (!filling) void fill();
  }

  async function fill(): Promise<void> {
    filling = true;
    try {
      while (again && greeted && !flying) {
        again = false;
        const records = await doors.outbox.take(BATCH);
        if (!records.length || !greeted) continue;
        const batch = ++batches;
        flying = { batch, ids: records.map((record) => record.id) };
        clock("receipt", RECEIPT_MS, () => giveUp("The Sluice host program did not confirm that it stored the records."));
        send({ kind: "events", batch, records });
      }
    } catch (error) {
      // The records stay where they are; the next nudge tries again.
      doors.onDistrust(`The records for the host could not be read: ${error instanceof Error ? error.name : "unknown"}.`);
    } finally {
      filling = false;
    }
  }

  async function receipt(batch: number): Promise<void> {
    if (!flying || flying.batch !== batch) return;
    stop("receipt");
    const { ids } = flying;
    await doors.outbox.remove(ids);
    if (flying?.batch === batch) flying = null;
    nudge();
  }

  return {
    state: () => state,
    connect,
    nudge,
    discover() {
      if (!greeted) return false;
      send({ kind: "discover" });
      return true;
    },
    answer(ticket, answer) {
      if (!greeted) return false;
      send({ kind: "answer", ticket, answer });
      return true;
    },
  };
}
