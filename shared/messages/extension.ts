/** The seam between relay or views and the background worker (`runtime.sendMessage`). */
import type { EventRecord, Feedback, Unstamped } from "../events/record.ts";
import type { Answer, Ask } from "../gate/ask.ts";
import type { PolicySource } from "../policy/decision.ts";
import type { Policy } from "../policy/language.ts";

/** What the relay keeps deciding with; lives in `storage.local` under `SNAPSHOT_KEY` and swaps whole. */
export interface PolicySnapshot {
  readonly policy: Policy;
  readonly source: PolicySource;
  readonly digest: string;
  /** Unix milliseconds. */
  readonly appliedAt: number;
}

export const SNAPSHOT_KEY = "policy.snapshot";
/** Hex key for fingerprints, made at install. */
export const HASH_KEY = "hash.key";
/** Key of one object: server id → `{score, level}`, for rules on trust. */
export const TRUST_KEY = "trust";
/** Key of `Facts.who` as the host has told it, for rules on people. */
export const WHO_KEY = "who";

/** Set on the isolated world's `globalThis` by a relay that runs: nobody injects a second one. The page cannot see it. */
export const RELAY_MARK = "sluice.relay";

export type ToBackground =
  /** Records from a relay. The answer `{ok: true}` means "stored"; until then the relay keeps them. */
  | { readonly kind: "records"; readonly records: readonly EventRecord[] }
  /** A relay holds a call and asks. The answer is an `AskReceipt`. */
  | { readonly kind: "ask"; readonly ask: Ask }
  /** A relay no longer holds it. */
  | { readonly kind: "ask.gone"; readonly ticket: string; readonly how: AskEnd["how"] }
  /** A person's word, from our own pages only. The answer is an `AnswerReceipt`. */
  | { readonly kind: "answer"; readonly ticket: string; readonly answer: Answer }
  /** From our own pages only. The answer `{ok: true}` means "on record". */
  | { readonly kind: "feedback"; readonly about: string; readonly wish: Feedback["wish"]; readonly reason: string | null }
  | { readonly kind: "state" }
  | { readonly kind: "discover" };

/** What comes of asking. `ok` false: nobody can be asked. `answer`: an earlier yes holds for this, nobody is asked. */
export interface AskReceipt {
  readonly ok: boolean;
  readonly answer?: Answer;
}

/** Background → relay: a person's word on what it holds. The relay answers `{ok: true}` when the call still waited. */
export type ToRelay = { readonly kind: "answer"; readonly ticket: string; readonly answer: Answer };

/** Key of one `AskBoard` in `storage.session`: the popup reads it there, whether or not the worker sleeps. */
export const ASKS_KEY = "asks";

/** Key of the `KeptGrant`s of pages in `storage.session`: no page and no content script can read or write it. */
export const GRANTS_KEY = "grants";

/** What waits for the person, and what has just ended. */
export interface AskBoard {
  /** Oldest first. */
  readonly open: readonly Ask[];
  readonly ended: readonly AskEnd[];
}

/** How a question ended, for windows that still show it. */
export interface AskEnd {
  readonly ticket: string;
  readonly how: "allowed" | "denied" | "expired" | "gone" | "elsewhere";
  readonly time: number;
}

/** State of protection, for the popup. */
export interface ProtectionState {
  readonly policy: { readonly id: string; readonly title: string | null; readonly revision: number; readonly source: PolicySource; readonly mode: "monitor" | "enforce"; readonly appliedAt: number } | null;
  readonly management: "unknown" | "managed" | "unmanaged";
  readonly host: { readonly state: "connected" | "connecting" | "missing"; readonly version: string | null; readonly error: string | null; readonly since: number };
  /** Errors of the last rejected policy, newest; null once a later one was applied. */
  readonly rejected: { readonly time: number; readonly source: string; readonly errors: readonly string[] } | null;
  readonly support: Policy["support"] | null;
  /** Name of the organization that manages this browser, if it gives one. */
  readonly organization: string | null;
  /** What somebody should put right, in plain words. */
  readonly notices: readonly string[];
  readonly blocking: "full" | "page-only";
}

export type { Unstamped };
