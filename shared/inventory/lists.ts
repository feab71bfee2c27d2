/** What lists add to a server's row, whatever order their records come in. */
import type { MessageRecord, PromptsListed, ResourcesListed, ToolsListed, ToolSummary } from "../events/record.ts";
import { dataSourceOf } from "./data-source.ts";
import { toolCountsOf } from "./derived.ts";
import { LIMITS, type EntryTool, type ListName, type ServerEntry, type Stamp } from "./entry.ts";
import { plainText } from "./plain-text.ts";
import { stampOf, withItem } from "./stamps.ts";

export function toolsListed(entry: ServerEntry, record: ToolsListed): ServerEntry {
  // Lists come in pages, so a tool that is missing here is not gone: once offered, it counts.
  const stamp = stampOf(record);
  const tools = new Map(entry.tools.map((tool) => [tool.name, tool]));
  for (const tool of record.tools) {
    const known = tools.get(tool.name);
    if (known || tools.size < LIMITS.tools) tools.set(tool.name, mergeTool(known, tool, stamp));
  }
  const list = [...tools.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return { ...entry, tools: list, toolCounts: toolCountsOf(list), apps: Math.max(entry.apps, record.apps ?? 0), lists: withStamp(entry.lists, "tools", "listed", stamp), dataSource: dataSourceOf({ identity: entry.identity, tools: list }) };
}

function mergeTool(known: EntryTool | undefined, tool: ToolSummary, stamp: Stamp): EntryTool {
  const digests = withItem(known?.digests ?? [], tool.digest, LIMITS.digests);
  if (known && known.stamp > stamp) return { ...known, digests };
  return { name: tool.name, description: plainText(tool.description, LIMITS.text), classes: tool.classes, digests, stamp };
}

export function promptsListed(entry: ServerEntry, record: PromptsListed): ServerEntry {
  const stamp = stampOf(record);
  const prompts = new Map(entry.prompts.map((prompt) => [prompt.name, prompt]));
  for (const { name, description, digest } of record.prompts) {
    const known = prompts.get(name);
    if (!known && prompts.size >= LIMITS.prompts) continue;
    const digests = withItem(known?.digests ?? [], digest, LIMITS.digests);
    prompts.set(name, known && known.stamp > stamp ? { ...known, digests } : { name, description: plainText(description, LIMITS.text), digests, stamp });
  }
  return { ...entry, prompts: inOrder(prompts), lists: withStamp(entry.lists, "prompts", "listed", stamp) };
}

export function resourcesListed(entry: ServerEntry, record: ResourcesListed): ServerEntry {
  const stamp = stampOf(record);
  const resources = new Map(entry.resources.map((resource) => [resourceKey(resource), resource]));
  for (const { name, uri, template, mimeType, bytes } of record.resources) {
    const key = resourceKey({ uri, template });
    const known = resources.get(key);
    if (known ? known.stamp > stamp : resources.size >= LIMITS.resources) continue;
    resources.set(key, { name: plainText(name, LIMITS.text), uri: plainText(uri, LIMITS.uri), template, mimeType: mimeType ?? null, bytes: bytes ?? null, stamp });
  }
  return { ...entry, resources: inOrder(resources), lists: withStamp(entry.lists, "resources", "listed", stamp) };
}

function resourceKey({ uri, template }: { readonly uri: string; readonly template: boolean }): string {
  return `${template ? "template" : "resource"} ${plainText(uri, LIMITS.uri)}`;
}

function inOrder<T>(entries: ReadonlyMap<string, T>): T[] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, entry]) => entry);
}

export function withStamp(lists: ServerEntry["lists"], name: ListName, field: "listed" | "changed", stamp: Stamp): ServerEntry["lists"] {
  return lists[name][field] >= stamp ? lists : { ...lists, [name]: { ...lists[name], [field]: stamp } };
}

const CHANGE_OF = new Map<string | null, ListName>([
  ["notifications/tools/list_changed", "tools"],
  ["notifications/prompts/list_changed", "prompts"],
  ["notifications/resources/list_changed", "resources"],
]);

/** The list that a notification declares old; undefined for any other message. */
export function changedList({ kind, method }: MessageRecord): ListName | undefined {
  return kind === "notification" ? CHANGE_OF.get(method) : undefined;
}
