/** Is this value, which came from a file, really a row of ours about one server? Bounded like the reducer's own rows. */
import { amount, authentication, boolean, client, count, isId, list, name, oneOf, orNull, point, server, shape, short, string, text, toolClass, transport, type Check } from "../events/checks.ts";
import { LIMITS, type ConfiguredPlace, type EntryInstructions, type EntryPrompt, type EntryResource, type EntryTool, type ListState, type SelfReport, type ServerEntry } from "./entry.ts";
import type { DataSource } from "./data-source.ts";

/** What the reducer writes: time in fifteen digits, and a record's id. Nothing else may sort after every stamp to come. */
const stamp: Check = (value) => typeof value === "string" && /^\d{15} /.test(value) && isId(value.slice(16));
const stampOrNever: Check = (value) => value === "" || stamp(value);
const described = string(LIMITS.text * 4);
const digests = list(string(64), LIMITS.digests);
const optionalText: Check = (value) => value === undefined || name(value);
const countsByName = (names: Check): Check => (value) => typeof value === "object" && value !== null && !Array.isArray(value) && Object.entries(value).every(([key, number]) => names(key) && count(number));

const listState = shape<ListState>({ listed: stampOrNever, changed: stampOrNever });

const entry = shape<ServerEntry>({
  id: short,
  identity: server,
  self: orNull(shape<SelfReport>({ name, version: optionalText, title: optionalText })),
  transports: list(transport, 10),
  points: list(point, 3),
  protocolVersions: list(short, LIMITS.protocolVersions),
  era: orNull(oneOf("legacy", "modern", "both")),
  capabilities: list(short, LIMITS.capabilities),
  authentication: list(authentication, 4),
  tools: list(shape<EntryTool>({ name, description: described, classes: list(toolClass, 16), digests, stamp }), LIMITS.tools),
  prompts: list(shape<EntryPrompt>({ name, description: described, digests, stamp }), LIMITS.prompts),
  resources: list(shape<EntryResource>({ name, uri: text, template: boolean, mimeType: orNull(short), bytes: orNull(count), stamp }), LIMITS.resources),
  lists: shape<ServerEntry["lists"]>({ tools: listState, prompts: listState, resources: listState }),
  instructions: orNull(shape<EntryInstructions>({ length: count, opening: text, digests, stamp })),
  extensions: list(name, LIMITS.extensions),
  apps: count,
  sessions: count,
  toolCounts: countsByName(toolClass),
  dataSource: shape<DataSource>({ kind: short, name: short, evidence: list(text, 10) }),
  clients: list(short, LIMITS.clients),
  places: list(shape<ConfiguredPlace>({ client, where: text, name, guarded: boolean, notes: list(name, LIMITS.notes), removed: boolean, stamp }), LIMITS.places),
  firstSeen: amount,
  lastSeen: amount,
  counts: shape<ServerEntry["counts"]>({ requests: count, responses: count, blocked: count, redacted: count, malformed: count }),
  dataClasses: list(shape<ServerEntry["dataClasses"][number]>({ class: short, count }), LIMITS.dataClasses),
  // What a policy decided is not learned from files.
  admission: oneOf(null),
  notes: list(name, LIMITS.notes),
  selfStamp: stampOrNever,
});

export function isServerEntry(value: unknown): value is ServerEntry {
  return entry(value);
}
