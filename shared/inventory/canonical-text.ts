/** One text for one definition. */

const DEPTH_LIMIT = 100;

/** JSON with sorted keys: the same definition has one text, whatever order the server writes it in. */
export function canonicalText(value: unknown, depth = 0): string {
  if (typeof value !== "object" || value === null || depth > DEPTH_LIMIT) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map((item) => canonicalText(item, depth + 1)).join(",")}]`;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalText(item, depth + 1)}`).join(",")}}`;
}
