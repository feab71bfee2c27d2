/** Two rows about one server made one, as though one observer had seen all records of both. No record may be behind both rows: counts add. */
import { dataSourceOf } from "./data-source.ts";
import { LIMITS, type ListState, type ServerEntry, type Stamp } from "./entry.ts";
import { classCounts, placesOf, toolCountsOf } from "./derived.ts";
import { latest, union } from "./stamps.ts";

/** Identity is that of `b`. */
export function mergeEntries(a: ServerEntry, b: ServerEntry): ServerEntry {
  const self = a.selfStamp > b.selfStamp ? a : b;
  const tools = byKey(a.tools, b.tools, ({ name }) => name, LIMITS.tools);
  return {
    id: b.id,
    identity: b.identity,
    self: self.self,
    selfStamp: self.selfStamp,
    transports: union(a.transports, b.transports, 10),
    points: union(a.points, b.points, 3),
    protocolVersions: union(a.protocolVersions, b.protocolVersions, LIMITS.protocolVersions),
    era: a.era === null || a.era === b.era ? b.era : b.era === null ? a.era : "both",
    capabilities: union(a.capabilities, b.capabilities, LIMITS.capabilities),
    extensions: union(a.extensions, b.extensions, LIMITS.extensions),
    authentication: union(a.authentication, b.authentication, 4),
    tools,
    toolCounts: toolCountsOf(tools),
    dataSource: dataSourceOf({ identity: b.identity, tools }),
    prompts: byKey(a.prompts, b.prompts, ({ name }) => name, LIMITS.prompts),
    resources: byKey(a.resources, b.resources, ({ uri, template }) => `${template ? "template" : "resource"} ${uri}`, LIMITS.resources),
    lists: { tools: laterOf(a.lists.tools, b.lists.tools), prompts: laterOf(a.lists.prompts, b.lists.prompts), resources: laterOf(a.lists.resources, b.lists.resources) },
    instructions: a.instructions && b.instructions ? withAllDigests(a.instructions, b.instructions) : (a.instructions ?? b.instructions),
    apps: Math.max(a.apps, b.apps),
    sessions: a.sessions + b.sessions,
    clients: union(a.clients, b.clients, LIMITS.clients),
    ...placesOf([...a.places, ...b.places]),
    firstSeen: Math.min(a.firstSeen, b.firstSeen),
    lastSeen: Math.max(a.lastSeen, b.lastSeen),
    counts: {
      requests: a.counts.requests + b.counts.requests,
      responses: a.counts.responses + b.counts.responses,
      blocked: a.counts.blocked + b.counts.blocked,
      redacted: a.counts.redacted + b.counts.redacted,
      malformed: a.counts.malformed + b.counts.malformed,
    },
    dataClasses: classCounts(a.dataClasses, b.dataClasses),
    admission: a.admission && b.admission ? latest(a.admission, b.admission) : (a.admission ?? b.admission),
  };
}

interface Stamped {
  readonly stamp: Stamp;
  readonly digests?: readonly string[];
}

function byKey<T extends Stamped>(a: readonly T[], b: readonly T[], keyOf: (item: T) => string, limit: number): T[] {
  const items = new Map(a.map((item) => [keyOf(item), item]));
  for (const item of b) {
    const known = items.get(keyOf(item));
    if (known || items.size < limit) items.set(keyOf(item), known ? withAllDigests(known, item) : item);
  }
  return [...items].sort(([x], [y]) => (x < y ? -1 : x > y ? 1 : 0)).map(([, item]) => item);
}

function withAllDigests<T extends Stamped>(a: T, b: T): T {
  const newest = latest(a, b);
  return a.digests && b.digests ? { ...newest, digests: union(a.digests, b.digests, LIMITS.digests) } : newest;
}

function laterOf(a: ListState, b: ListState): ListState {
  return { listed: a.listed > b.listed ? a.listed : b.listed, changed: a.changed > b.changed ? a.changed : b.changed };
}
