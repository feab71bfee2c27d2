/** The methods that MCP knows, in both eras, and where the thing they are about stands. Unknown methods pass (by policy); this table only says what we can name. */

export type Subject = "tool" | "prompt" | "resource";

export interface MethodFacts {
  /** Eras in which it is part of the protocol: legacy = 2024-11-05 … 2025-11-25, modern = 2026-07-28. */
  readonly eras: readonly ("legacy" | "modern")[];
  /** What `params.<at>` names. */
  readonly subject?: { readonly kind: Subject; readonly at: "name" | "uri" };
}

const BOTH = ["legacy", "modern"] as const;
const LEGACY = ["legacy"] as const;
const MODERN = ["modern"] as const;

/** MCP specification, schema.ts of each revision. */
export const METHODS: Readonly<Record<string, MethodFacts>> = {
  initialize: { eras: LEGACY },
  ping: { eras: LEGACY },
  "server/discover": { eras: MODERN },
  "tools/list": { eras: BOTH },
  "tools/call": { eras: BOTH, subject: { kind: "tool", at: "name" } },
  "resources/list": { eras: BOTH },
  "resources/templates/list": { eras: BOTH },
  "resources/read": { eras: BOTH, subject: { kind: "resource", at: "uri" } },
  "resources/subscribe": { eras: LEGACY, subject: { kind: "resource", at: "uri" } },
  "resources/unsubscribe": { eras: LEGACY, subject: { kind: "resource", at: "uri" } },
  "resources/directory/read": { eras: MODERN, subject: { kind: "resource", at: "uri" } },
  "subscriptions/listen": { eras: MODERN },
  "prompts/list": { eras: BOTH },
  "prompts/get": { eras: BOTH, subject: { kind: "prompt", at: "name" } },
  "completion/complete": { eras: BOTH },
  "logging/setLevel": { eras: LEGACY },
  "sampling/createMessage": { eras: BOTH },
  "elicitation/create": { eras: BOTH },
  "roots/list": { eras: BOTH },
  "tasks/get": { eras: BOTH },
  "tasks/result": { eras: LEGACY },
  "tasks/list": { eras: LEGACY },
  "tasks/cancel": { eras: BOTH },
  "tasks/update": { eras: MODERN },
  "skills/list": { eras: MODERN },
  "skills/get": { eras: MODERN },
  "notifications/initialized": { eras: LEGACY },
  "notifications/cancelled": { eras: BOTH },
  "notifications/progress": { eras: BOTH },
  "notifications/message": { eras: BOTH },
  "notifications/tools/list_changed": { eras: BOTH },
  "notifications/prompts/list_changed": { eras: BOTH },
  "notifications/resources/list_changed": { eras: BOTH },
  "notifications/resources/updated": { eras: BOTH, subject: { kind: "resource", at: "uri" } },
  "notifications/roots/list_changed": { eras: LEGACY },
  "notifications/elicitation/complete": { eras: LEGACY },
  "notifications/subscriptions/acknowledged": { eras: MODERN },
  "notifications/tasks/status": { eras: LEGACY },
  "notifications/tasks": { eras: MODERN },
};

export function isMcpMethod(method: string): boolean {
  return Object.hasOwn(METHODS, method);
}
