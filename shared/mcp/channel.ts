/** Where messages travel. A channel lives as long as the connection it describes. */
import type { ClientIdentity, ServerIdentity } from "./identity.ts";

/** The three points at which Sluice stands. */
export type Point = "page" | "stdio" | "http";

export type Transport = "stdio" | "streamable-http" | "sse" | "websocket" | "message-port";

export type Direction = "to-server" | "to-client";

export function opposite(direction: Direction): Direction {
  return direction === "to-client" ? "to-server" : "to-client";
}

/** What was seen of how the client authenticates to the server. Presence only; the value is never kept. */
export type AuthenticationSeen = "none" | "bearer" | "other" | "unknown";

export interface Channel {
  /** Random, one per connection; events of one connection share it. */
  readonly id: string;
  readonly point: Point;
  readonly transport: Transport;
  readonly client: ClientIdentity;
  readonly server: ServerIdentity;
}
