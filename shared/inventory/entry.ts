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

export interface EntryPrompt {
  readonly name: string;
  readonly description: string;
  readonly digests: readonly string[];
  readonly stamp: Stamp;
}

/** A resource, or (`template`) a pattern for many. */
export interface EntryResource {
  readonly name: string;
  /** Without query. */
  readonly uri: string;
  readonly template: boolean;
  readonly mimeType: string | null;
  readonly bytes: number | null;
  readonly stamp: Stamp;
}

export interface EntryInstructions {
  readonly length: number;
  readonly opening: string;
  /** Every text seen; more than one means that it changed. */
  readonly digests: readonly string[];
  readonly stamp: Stamp;
}

export type ListName = "tools" | "prompts" | "resources";

/** When a list was last seen, and when the server last said that it has changed; empty: never. */
export interface ListState {
  readonly listed: Stamp;
  readonly changed: Stamp;
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
  readonly prompts: readonly EntryPrompt[];
  readonly resources: readonly EntryResource[];
  readonly lists: Readonly<Record<ListName, ListState>>;
  /** Null: it gave none. */
  readonly instructions: EntryInstructions | null;
  readonly extensions: readonly string[];
  /** Most tools in one list that bring an app of their own (MCP Apps). */
  readonly apps: number;
  /** Connections seen. */
  readonly sessions: number;
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
export const LIMITS = { tools: 500, prompts: 200, resources: 500, extensions: 40, digests: 5, clients: 100, places: 100, protocolVersions: 20, capabilities: 40, dataClasses: 200, notes: 60, selfReports: 10, servers: 1000, text: 120, opening: 200, uri: 400 } as const;

/** Has the server said that this list changed, and nobody has asked for it since? */
export function isStale(entry: ServerEntry, list: ListName): boolean {
  const { listed, changed } = entry.lists[list];
  return changed > listed;
}

/** Does it bring apps, by what it says of itself or by what it offers? */
export function bringsApps({ apps, extensions, resources }: ServerEntry): boolean {
  return apps > 0 || extensions.includes("io.modelcontextprotocol/ui") || resources.some(({ uri }) => uri.startsWith("ui://"));
}

export function bringsSkills({ extensions, resources }: ServerEntry): boolean {
  return extensions.includes("io.modelcontextprotocol/skills") || resources.some(({ uri }) => uri.startsWith("skill://"));
}

/** Places that still stand in a configuration. */
export function configuredPlaces(entry: ServerEntry): readonly ConfiguredPlace[] {
  return entry.places.filter((place) => !place.removed);
}
