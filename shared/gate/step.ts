/** What goes into a session and what comes out of it. */
import type { EventRecord, Malformed } from "../events/record.ts";
import type { AuthenticationSeen, Direction } from "../mcp/channel.ts";
import type { Decision, Facts } from "../policy/decision.ts";
import type { Answer, Ask } from "./ask.ts";
import type { Exchange } from "./exchanges.ts";

export type Input =
  /** The connection stands. */
  | { readonly kind: "open" }
  /** One JSON document, decoded. */
  | { readonly kind: "message"; readonly direction: Direction; readonly text: string; /** Its length in UTF-8, where the adapter knows it. */ readonly bytes?: number; /** The adapter can keep it until a person has answered. Where it cannot, what needs an answer is refused at once. */ readonly waits?: boolean }
  /** A person (or the clock) has answered a `hold`. The effects concern the held message. */
  | { readonly kind: "answer"; readonly ticket: string; readonly answer: Answer }
  | { readonly kind: "expire"; readonly ticket: string }
  /** Whoever sent the held message no longer waits: it is gone. */
  | { readonly kind: "leave"; readonly ticket: string }
  /** A connection without a message: the listening GET, the DELETE of a session. */
  | { readonly kind: "knock"; readonly what: string }
  /** Text that is no JSON document, or could not be taken whole. `head`: its first characters, to find an id. */
  | { readonly kind: "unreadable"; readonly direction: Direction; readonly fault: Malformed["fault"]; readonly detail: string; readonly bytes: number; readonly head: string; /** The request whose reply this was. */ readonly answers?: string }
  /** The reply to a request has ended without its answer, and a part of it had to be dropped. `head`: the request, to find its id. */
  | { readonly kind: "unanswered"; readonly head: string; readonly because: Unanswered }
  /** The server is gone for good while the client stays: nobody will answer what is still open. To be asked under a policy that refuses the server. */
  | { readonly kind: "abandoned" }
  /** Presence of authentication, as the adapter saw it. */
  | { readonly kind: "authentication"; readonly seen: AuthenticationSeen }
  | { readonly kind: "close"; readonly reason: string };

/** Why a request stays without its answer: a record of what was dropped, or the refusal of its batch. */
export type Unanswered = Pick<Malformed, "id" | "detail"> & { readonly fault: Malformed["fault"] | "batch" };

export type Effect =
  /** Hand on the original bytes. */
  | { readonly kind: "forward" }
  /** Hand on this instead. */
  | { readonly kind: "replace"; readonly text: string }
  /** Answer the sender with this. */
  | { readonly kind: "reply"; readonly text: string }
  /** Hand on nothing. */
  | { readonly kind: "drop" }
  /** Keep the message and ask: an `answer`, `expire` or `leave` for this ticket follows. `progress`: raw token under which the sender wants to hear that it waits. */
  | { readonly kind: "hold"; readonly ticket: string; readonly ask: Ask; readonly progress: string | null }
  /** A held message was taken back: forget it and its question. */
  | { readonly kind: "release"; readonly ticket: string }
  | { readonly kind: "record"; readonly record: EventRecord };

/** What happens to the message itself, apart from records. */
export interface Outcome {
  readonly fate: "forward" | "replace" | "drop" | "hold";
  /** New text for the receiver (`replace`). */
  readonly text: string | null;
  /** Answer for the sender. */
  readonly reply: string | null;
  readonly hold?: Extract<Effect, { kind: "hold" }>;
  /** Of a message that goes on as it is: what that was decided by. */
  readonly passed?: { readonly exchange: Exchange | null; readonly decision: Decision; readonly facts: Facts };
}
