/** The shape of what the registries say of one method. */

/** legacy = 2024-11-05 … 2025-11-25, modern = 2026-07-28. */
export type Era = "legacy" | "modern";

/** What `params.<at>` names. A task stands for whatever the request was about that began it. */
export type Subject = { readonly kind: "tool" | "prompt"; readonly at: "name" } | { readonly kind: "resource"; readonly at: "uri" } | { readonly kind: "task"; readonly at: "taskId" };

/**
 * Places in one part of a message. A place is a JSON pointer from the message's root and means the value there and all below it;
 * `*` stands for any one element of an array or member of a map. Where places overlap, the longest one counts.
 */
export interface Places {
  /** What people and programs hand over: personal or secret data may travel here. */
  readonly data?: readonly string[];
  /** Words that a model or a person is meant to follow or to choose by. */
  readonly instructions?: readonly string[];
  /** Data in which instructions can hide: results, documents, prompts filled in. */
  readonly both?: readonly string[];
  readonly embeds?: readonly Embed[];
}

/** A part of another message stands at this place. */
export type Embed =
  /** A whole request: its own `method` says which. */
  | { readonly at: string; readonly is: "request" }
  /** The result of this method; none: of the request that this message goes on with. */
  | { readonly at: string; readonly is: "result"; readonly of?: string };

/** Whether Sluice takes something in from a part besides judging it: from every message, or only from texts with one of these keys. */
export type Learned = "always" | readonly string[];

export interface MethodFacts {
  readonly kind: "request" | "notification";
  /** Who sends it. `view` and `host` are the two sides of MCP Apps. */
  readonly from: "client" | "server" | "both" | "view" | "host";
  /** Modern: not sent by itself, but asked inside a result (`inputRequests`). */
  readonly embedded?: boolean;
  readonly subject?: Subject;
  readonly params?: Places;
  readonly result?: Places;
  readonly learns?: { readonly params?: Learned; readonly result?: Learned };
}

export type Registry = Readonly<Record<string, MethodFacts>>;

/** Everything may stand anywhere: of a method nobody has told us about, and of what every message may carry. */
export const UNKNOWN_METHOD: MethodFacts = { kind: "request", from: "both", params: { both: ["/params"] }, result: { both: ["/result"] } };
export const IN_EVERY_MESSAGE: Places = { both: ["/params/_meta", "/result/_meta", "/error/message", "/error/data"] };

/** Any request may be answered with a task or with questions, and go on from there. */
export const LEARNED_FROM_EVERY = { params: ["inputResponses", "requestState"], result: ["taskId", "inputRequests", "requestState"] } as const satisfies MethodFacts["learns"];
