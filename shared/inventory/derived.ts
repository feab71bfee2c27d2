/** What follows from other fields of a row. */
import { LIMITS, type ConfiguredPlace, type EntryTool, type ServerEntry } from "./entry.ts";

export function toolCountsOf(tools: readonly EntryTool[]): ServerEntry["toolCounts"] {
  const counts: Partial<Record<EntryTool["classes"][number], number>> = {};
  for (const { classes } of tools) for (const kind of classes) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** Of each place what was said last; markers of removed places go first when there are too many. */
export function placesOf(all: readonly ConfiguredPlace[]): Pick<ServerEntry, "places" | "notes"> {
  const latest = new Map<string, ConfiguredPlace>();
  for (const place of all) {
    const known = latest.get(placeKey(place));
    if (!known || known.stamp <= place.stamp) latest.set(placeKey(place), place);
  }
  const places = [...latest.values()].sort((a, b) => Number(a.removed) - Number(b.removed) || (placeKey(a) < placeKey(b) ? -1 : 1)).slice(0, LIMITS.places);
  return { places, notes: [...new Set(places.filter((item) => !item.removed).flatMap((item) => item.notes))].sort().slice(0, LIMITS.notes) };
}

function placeKey(place: ConfiguredPlace): string {
  return JSON.stringify([place.client.id, place.where, place.name]);
}

/** How often each class was found, in both. */
export function classCounts(known: ServerEntry["dataClasses"], more: readonly { readonly class: string; readonly count: number }[]): ServerEntry["dataClasses"] {
  if (more.length === 0) return known;
  const counts = new Map(known.map((item) => [item.class, item.count]));
  for (const { class: name, count } of more) {
    const before = counts.get(name);
    if (before !== undefined || counts.size < LIMITS.dataClasses) counts.set(name, (before ?? 0) + count);
  }
  return [...counts].map(([name, count]) => ({ class: name, count })).sort((a, b) => (a.class < b.class ? -1 : 1));
}
