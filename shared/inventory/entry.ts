/** What is known of one server and of one client: plain JSON, bounded, safe to store as a row. */
import type { ToolClass } from "../events/record.ts";
import type { AuthenticationSeen, Point, Transport } from "../mcp/channel.ts";
import type { ClientIdentity, ServerIdentity } from "../mcp/identity.ts";
import type { DataClass } from "../inspect/data/finding.ts";
import type { Effect } from "../policy/language.ts";
import type { DataSource } from "./data-source.ts";

/** Time and id of the record that a value came from. The later stamp wins, so records may arrive in any order. */
export type Stamp = string;

export interface SelfReport {
  readonly name: string;
  readonly version?: string;
  readonly title?: string;
}

export interface EntryTool {
  readonly name: string;
  readonly description: string;
  readonly classes: readonly ToolClass[];
  /** Every definition seen under this name; more than one means that it changed. */
  readonly digests: readonly string[];
  readonly stamp: Stamp;
}

/** One place where a configuration (or a web app) names this server. A removed place stays as a marker until it is pushed out. */
export interface ConfiguredPlace {
  readonly client: ClientIdentity;
  readonly where: string;
  readonly name: string;
  readonly guarded: boolean;
  readonly notes: readonly string[];
  readonly removed: boolean;
  readonly stamp: Stamp;
}

export interface ServerEntry {
  readonly id: string;
  readonly identity: ServerIdentity;
  /** What the server says of itself: display only. */
  readonly self: SelfReport | null;
  readonly transports: readonly Transport[];
  readonly points: readonly Point[];
  readonly protocolVersions: readonly string[];
  readonly era: "legacy" | "modern" | "both" | null;
  readonly capabilities: readonly string[];
  readonly authentication: readonly AuthenticationSeen[];
  readonly tools: readonly EntryTool[];
  readonly toolCounts: Readonly<Partial<Record<ToolClass, number>>>;
  readonly dataSource: DataSource;
  /** Client ids. */
  readonly clients: readonly string[];
  readonly places: readonly ConfiguredPlace[];
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** `redacted` counts values, the others messages. */
  readonly counts: { readonly requests: number; readonly responses: number; readonly blocked: number; readonly redacted: number; readonly malformed: number };
  readonly dataClasses: readonly { readonly class: DataClass; readonly count: number }[];
  /** As of the last decision. `sanctioned` is null while nobody could tell. */
  readonly admission: { readonly effect: Effect | null; readonly sanctioned: boolean | null; readonly stamp: Stamp } | null;
  /** Of all places that are not removed. */
  readonly notes: readonly string[];
  /** Stamp of `self`. */
  readonly selfStamp: Stamp;
}

export interface ClientEntry {
  readonly id: string;
  readonly name: string;
  readonly version: string | null;
  /** What it says of itself: display only. */
  readonly self: readonly SelfReport[];
  /** Server ids. */
  readonly servers: readonly string[];
  readonly points: readonly Point[];
  readonly firstSeen: number;
  readonly lastSeen: number;
}

/** A hostile peer must not be able to fill the store. */
export const LIMITS = { tools: 500, digests: 5, clients: 100, places: 100, protocolVersions: 20, capabilities: 40, dataClasses: 200, notes: 60, selfReports: 10, servers: 1000, text: 120 } as const;

/** Places that still stand in a configuration. */
export function configuredPlaces(entry: ServerEntry): readonly ConfiguredPlace[] {
  return entry.places.filter((place) => !place.removed);
}
