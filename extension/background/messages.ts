/** Who may ask the background for what: relays hand over records, our own pages may also look and ask for discovery. */
import type { ProtectionState, ToBackground } from "../../shared/messages/extension.ts";
import type { Receipt } from "./record-writer.ts";

export interface Sender {
  readonly id?: string | undefined;
  readonly url?: string | undefined;
}

export interface MessageDoors {
  /** Id of this extension. */
  readonly self: string;
  /** `chrome-extension://<id>/` */
  readonly home: string;
  receive(records: unknown): Promise<Receipt>;
  state(): Promise<ProtectionState>;
  discover(): boolean;
}

/** @returns the answer, or undefined for what is not ours to answer */
export function answer(doors: MessageDoors, message: unknown, sender: Sender): Promise<unknown> | undefined {
  if (sender.id !== doors.self || typeof message !== "object" || message === null) return undefined;
  // A content script speaks from a page's process, and that process may be in an attacker's hands.
  const own = sender.url?.startsWith(doors.home) === true;
  const given = message as { readonly kind?: ToBackground["kind"]; readonly records?: unknown };
  switch (given.kind) {
    case "records":
      return doors.receive(given.records);
    case "state":
      return own ? doors.state() : undefined;
    case "discover":
      return own ? Promise.resolve({ ok: doors.discover() }) : undefined;
    default:
      return undefined;
  }
}
