/** Who may ask the background for what: relays hand over records, our own pages may also look and ask for discovery. */
import type { ProtectionState, ToBackground } from "../../shared/messages/extension.ts";
import type { Feedback } from "../../shared/events/record.ts";
import type { AskBook, PageSender } from "./ask-book.ts";
import type { Receipt } from "./record-writer.ts";

export interface Sender {
  readonly id?: string | undefined;
  readonly url?: string | undefined;
  readonly origin?: string | undefined;
  readonly frameId?: number | undefined;
  readonly documentId?: string | undefined;
  readonly tab?: { readonly id?: number | undefined; readonly url?: string | undefined } | undefined;
}

export interface MessageDoors {
  /** Id of this extension. */
  readonly self: string;
  /** `chrome-extension://<id>/` */
  readonly home: string;
  receive(records: unknown): Promise<Receipt>;
  readonly asks: Pick<AskBook, "askPage" | "gone" | "answer">;
  feedback(about: string, wish: Feedback["wish"], reason: string | null): Promise<void>;
  state(): Promise<ProtectionState>;
  discover(): boolean;
}

/** @returns the answer, or undefined for what is not ours to answer */
export function answer(doors: MessageDoors, message: unknown, sender: Sender): Promise<unknown> | undefined {
  if (sender.id !== doors.self || typeof message !== "object" || message === null) return undefined;
  // A content script speaks from a page's process, and that process may be in an attacker's hands.
  const own = sender.url?.startsWith(doors.home) === true;
  const given = message as Readonly<Record<string, unknown>> & { readonly kind?: ToBackground["kind"] };
  switch (given.kind) {
    case "records":
      return doors.receive(given["records"]);
    case "ask":
      return doors.asks.askPage(given["ask"], pageOf(sender));
    case "ask.gone": {
      const page = pageOf(sender);
      return page && doors.asks.gone(given["ticket"], given["how"], page.holder).then(() => ({ ok: true }));
    }
    // A person's word never comes from a page's process, whatever it claims to be.
    case "answer":
      return own ? doors.asks.answer(given["ticket"], given["answer"]) : undefined;
    case "feedback": {
      const { about, wish, reason } = given;
      if (!own || typeof about !== "string" || about.length > 64 || (wish !== "exception" && wish !== "mistake")) return undefined;
      return doors.feedback(about, wish, typeof reason === "string" ? reason : null).then(() => ({ ok: true }));
    }
    case "state":
      return own ? doors.state() : undefined;
    case "discover":
      return own ? Promise.resolve({ ok: doors.discover() }) : undefined;
    default:
      return undefined;
  }
}

/** The frame that speaks, and the page in the address bar around it, as the browser itself tells. */
function pageOf({ tab, frameId, documentId, origin }: Sender): PageSender | undefined {
  if (tab?.id === undefined || frameId === undefined) return undefined;
  const url = tab.url !== undefined && URL.canParse(tab.url) ? new URL(tab.url).origin : "null";
  // A window opened as about:blank has no address of its own, but the origin of whoever opened it.
  const page = url === "null" ? (origin ?? "null") : url;
  return { holder: { tab: tab.id, frame: frameId, ...(documentId === undefined ? {} : { document: documentId }) }, origin: page };
}
