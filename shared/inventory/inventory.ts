/** From records to what is known. Pure, and independent of the order in which records arrive: times take minimum and maximum, counts add, and of two values the later record's stays. The caller sees to it that no record is counted twice. */
import type { Deployment, EventRecord, Initialized, Malformed, MessageRecord, PromptsListed, ResourcesListed, SessionEnded, SessionStarted, ToolsListed } from "../events/record.ts";
import { ADMISSION_DEFAULT, type Decision } from "../policy/decision.ts";
import { EFFECTS, type Policy } from "../policy/language.ts";
import { never } from "../base/result.ts";
import { dataSourceOf } from "./data-source.ts";
import { classCounts, placesOf } from "./derived.ts";
import { stampOf, withItem } from "./stamps.ts";
import { LIMITS, type ClientEntry, type ConfiguredPlace, type SelfReport, type ServerEntry, type Stamp } from "./entry.ts";
import { changedList, promptsListed, resourcesListed, toolsListed, withStamp } from "./lists.ts";
import { plainText } from "./plain-text.ts";

export type { ClientEntry, ConfiguredPlace, EntryTool, SelfReport, ServerEntry } from "./entry.ts";
export { configuredPlaces } from "./entry.ts";

export interface Inventory {
  readonly servers: ReadonlyMap<string, ServerEntry>;
  readonly clients: ReadonlyMap<string, ClientEntry>;
}

/** What records do not say themselves. */
export interface ObserveContext {
  /** Ids of the admission entries that the policy marks as sanctioned. Absent: nobody can tell. */
  readonly sanctioned?: ReadonlySet<string>;
}

/** Records that tell of a server and a client. */
export type ServerRecord = SessionStarted | SessionEnded | Initialized | ToolsListed | PromptsListed | ResourcesListed | MessageRecord | Malformed | Deployment;

const SERVER_KINDS: ReadonlySet<EventRecord["kind"]> = new Set<ServerRecord["kind"]>(["session.started", "session.ended", "initialized", "tools.listed", "prompts.listed", "resources.listed", "request", "response", "notification", "malformed", "deployment"]);

export function isServerRecord(record: EventRecord): record is ServerRecord {
  return SERVER_KINDS.has(record.kind);
}

/** Context for `observe` from the policy in force. */
export function contextOf(policy: Policy): ObserveContext {
  return { sanctioned: new Set(policy.admission.servers.filter((entry) => entry.sanctioned === true).map((entry) => entry.id)) };
}

export function emptyInventory(): Inventory {
  return { servers: new Map(), clients: new Map() };
}

/** The inventory after one more record. */
export function observe(inventory: Inventory, record: EventRecord, context: ObserveContext = {}): Inventory {
  return observeAll(inventory, [record], context);
}

/** The same for many records at once, copying only once. */
export function observeAll(inventory: Inventory, records: Iterable<EventRecord>, context: ObserveContext = {}): Inventory {
  const servers = new Map(inventory.servers);
  const clients = new Map(inventory.clients);
  for (const record of records) {
    if (!isServerRecord(record)) continue;
    servers.set(record.server.id, observeServer(servers.get(record.server.id), record, context));
    clients.set(record.client.id, observeClient(clients.get(record.client.id), record));
  }
  return { servers, clients };
}

/** One server's row after one more record about it. @param times so many messages of which all but the time was the same; the record is the last one's. */
export function observeServer(entry: ServerEntry | undefined, record: ServerRecord, context: ObserveContext = {}, times = 1): ServerEntry {
  // A row that an older build has stored lacks what it did not know.
  const before = entry ? { ...UNSEEN, ...entry } : newServer(record);
  const seen: ServerEntry = {
    ...before,
    transports: withItem(before.transports, record.transport, 10),
    points: withItem(before.points, record.point, 3),
    clients: withItem(before.clients, record.client.id, LIMITS.clients),
    firstSeen: Math.min(before.firstSeen, record.time),
    lastSeen: Math.max(before.lastSeen, record.time),
  };
  switch (record.kind) {
    case "session.started":
      return { ...seen, sessions: seen.sessions + 1 };
    case "session.ended":
      return seen;
    case "initialized":
      return initialized(seen, record);
    case "tools.listed":
      return toolsListed(seen, record);
    case "prompts.listed":
      return promptsListed(seen, record);
    case "resources.listed":
      return resourcesListed(seen, record);
    case "request":
    case "response":
    case "notification":
      return judged(seen, record, context, times);
    case "malformed":
      return { ...seen, counts: { ...seen.counts, malformed: seen.counts.malformed + 1, blocked: seen.counts.blocked + (record.outcome === "refused" ? 1 : 0) } };
    case "deployment":
      return deployed(seen, record);
    default:
      return never(record);
  }
}

/** One client's row after one more record about it. */
export function observeClient(entry: ClientEntry | undefined, record: ServerRecord): ClientEntry {
  const { client } = record;
  const before: ClientEntry = entry ?? { id: client.id, name: plainText(client.name, LIMITS.text), version: null, self: [], servers: [], points: [], firstSeen: record.time, lastSeen: record.time };
  const report = record.kind === "initialized" && record.clientInfo ? selfReport(record.clientInfo) : undefined;
  const latest = record.time >= before.lastSeen;
  return {
    ...before,
    name: latest ? plainText(client.name, LIMITS.text) : before.name,
    version: (latest ? client.version : undefined) ?? before.version ?? client.version ?? null,
    self: report && !before.self.some((known) => known.name === report.name && known.version === report.version) ? [...before.self, report].slice(-LIMITS.selfReports) : before.self,
    servers: withItem(before.servers, record.server.id, LIMITS.servers),
    points: withItem(before.points, record.point, 3),
    firstSeen: Math.min(before.firstSeen, record.time),
    lastSeen: Math.max(before.lastSeen, record.time),
  };
}

const NEVER = { listed: "", changed: "" } as const;

/** What later builds have learned to look at. */
const UNSEEN = { prompts: [], resources: [], lists: { tools: NEVER, prompts: NEVER, resources: NEVER }, instructions: null, extensions: [], apps: 0, sessions: 0 } as const satisfies Partial<ServerEntry>;

function newServer(record: ServerRecord): ServerEntry {
  return {
    id: record.server.id,
    identity: record.server,
    self: null,
    transports: [],
    points: [],
    protocolVersions: [],
    era: null,
    capabilities: [],
    authentication: [],
    ...UNSEEN,
    tools: [],
    toolCounts: {},
    dataSource: dataSourceOf({ identity: record.server }),
    clients: [],
    places: [],
    firstSeen: record.time,
    lastSeen: record.time,
    counts: { requests: 0, responses: 0, blocked: 0, redacted: 0, malformed: 0 },
    dataClasses: [],
    admission: null,
    notes: [],
    selfStamp: "",
  };
}

function initialized(entry: ServerEntry, record: Initialized): ServerEntry {
  const stamp = stampOf(record);
  const takesSelf = record.serverInfo !== null && stamp > entry.selfStamp;
  return {
    ...entry,
    self: takesSelf && record.serverInfo ? selfReport(record.serverInfo) : entry.self,
    selfStamp: takesSelf ? stamp : entry.selfStamp,
    protocolVersions: record.protocolVersion === null ? entry.protocolVersions : withItem(entry.protocolVersions, plainText(record.protocolVersion, 40), LIMITS.protocolVersions),
    era: entry.era === null || entry.era === record.era ? record.era : "both",
    capabilities: record.capabilities.reduce<readonly string[]>((list, name) => withItem(list, plainText(name, 60), LIMITS.capabilities), entry.capabilities),
    extensions: (record.extensions ?? []).reduce<readonly string[]>((list, name) => withItem(list, plainText(name, LIMITS.text), LIMITS.extensions), entry.extensions),
    instructions: record.instructions ? mergeInstructions(entry.instructions, record.instructions, stamp) : entry.instructions,
    authentication: withItem(entry.authentication, record.authentication, 4),
  };
}

function mergeInstructions(known: ServerEntry["instructions"], { length, opening, digest }: NonNullable<Initialized["instructions"]>, stamp: Stamp): ServerEntry["instructions"] {
  const digests = withItem(known?.digests ?? [], digest, LIMITS.digests);
  return known && known.stamp > stamp ? { ...known, digests } : { length, opening: plainText(opening, LIMITS.opening), digests, stamp };
}

function selfReport(info: { readonly name: string; readonly version?: string; readonly title?: string }): SelfReport {
  return {
    name: plainText(info.name, LIMITS.text),
    ...(info.version === undefined ? {} : { version: plainText(info.version, 40) }),
    ...(info.title === undefined ? {} : { title: plainText(info.title, LIMITS.text) }),
  };
}

function judged(entry: ServerEntry, record: MessageRecord, context: ObserveContext, times: number): ServerEntry {
  const { counts } = entry;
  const stamp = stampOf(record);
  const changed = changedList(record);
  return {
    ...entry,
    counts: {
      ...counts,
      requests: counts.requests + (record.kind === "request" ? times : 0),
      responses: counts.responses + (record.kind === "response" ? times : 0),
      blocked: counts.blocked + (record.decision.enforced === "block" ? times : 0),
      redacted: counts.redacted + times * record.redacted,
    },
    ...(changed ? { lists: withStamp(entry.lists, changed, "changed", stamp) } : {}),
    dataClasses: classCounts(entry.dataClasses, record.findings),
    admission: entry.admission && entry.admission.stamp > stamp ? entry.admission : { ...admissionOf(record.decision, context), stamp },
  };
}

function admissionOf(decision: Decision, { sanctioned }: ObserveContext): { effect: Decision["effect"] | null; sanctioned: boolean | null } {
  const matched = decision.matched.filter((match) => match.kind === "admission");
  const strictest = matched.reduce((worst, match) => Math.max(worst, EFFECTS.indexOf(match.effect)), -1);
  const listed = matched.filter((match) => match.id !== ADMISSION_DEFAULT);
  const unlisted = listed.length === 0 && (matched.length > 0 || decision.decidedBy === ADMISSION_DEFAULT);
  return {
    effect: EFFECTS[strictest] ?? (unlisted ? decision.effect : null),
    sanctioned: unlisted ? false : sanctioned === undefined ? null : listed.some((match) => sanctioned.has(match.id)),
  };
}

function deployed(entry: ServerEntry, record: Deployment): ServerEntry {
  const place: ConfiguredPlace = {
    client: record.client,
    where: record.where,
    name: plainText(record.name, LIMITS.text),
    guarded: record.guarded,
    notes: record.notes.slice(0, LIMITS.notes).map((note) => plainText(note, LIMITS.text)),
    removed: record.change === "removed",
    stamp: stampOf(record),
  };
  return { ...entry, ...placesOf([...entry.places, place]) };
}
