/** The seam between extension and native host (native messaging, `dev.sluice.host`). Every message has a `kind`; versions are compared in `hello`. The extension can never name a command, a file or a URL for the host. */
import type { EventRecord } from "../events/record.ts";
import type { Answer, Ask } from "../gate/ask.ts";
import type { AnswerReceipt } from "./asks.ts";
import type { PolicySource } from "../policy/decision.ts";

/** 2: questions and answers. */
export const HOST_SEAM = 2;
export const HOST_NAME = "dev.sluice.host";
/** Chromium kills the port above 1 MiB per host message: chunks stay well below it. */
export const CHUNK_CHARS = 256 * 1024;

export type ToHost =
  | { readonly kind: "hello"; readonly seam: number; readonly version: string; readonly browser: string }
  /** Records of the extension, acknowledged by `events.stored` once they are on disk. */
  | { readonly kind: "events"; readonly batch: number; readonly records: readonly EventRecord[] }
  /** Ask for everything the host knows of this machine's servers and clients, as records. */
  | { readonly kind: "discover" }
  /** A person's word on a guard's question; answered by `answered`. */
  | { readonly kind: "answer"; readonly ticket: string; readonly answer: Answer }
  | { readonly kind: "ping"; readonly nonce: string };

export type FromHost =
  | { readonly kind: "hello"; readonly seam: number; readonly version: string; readonly user: string; /** For rules on people; absent where the system does not say. */ readonly groups?: readonly string[]; readonly device?: string; readonly journal: string }
  /** One part of a policy snapshot; parts of one `digest` swap in together when all have arrived. */
  | {
      readonly kind: "policy";
      readonly digest: string;
      readonly source: PolicySource;
      readonly part: number;
      readonly parts: number;
      readonly text: string;
    }
  | { readonly kind: "policy.rejected"; readonly source: PolicySource; readonly errors: readonly string[] }
  | { readonly kind: "events.stored"; readonly batch: number }
  /** Records that guards and discovery wrote on this machine. */
  | { readonly kind: "events"; readonly records: readonly EventRecord[] }
  /** A guard holds a call and asks. */
  | { readonly kind: "ask"; readonly ask: Ask }
  /** Its question is over: answered elsewhere, expired, or taken back. */
  | { readonly kind: "ask.gone"; readonly ticket: string }
  | { readonly kind: "answered"; readonly receipt: AnswerReceipt }
  | { readonly kind: "pong"; readonly nonce: string };
