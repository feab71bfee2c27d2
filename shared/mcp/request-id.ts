/** Ids of requests as they stand in the text, and which of them are one and the same. */

/** What most clients count with. */
const USUAL = /^(?:0|[1-9]\d{0,14})$/;

/** One text for all ids that a peer may take for the same: the TypeScript SDK looks up `Number(id)`, and `1.0` is 1 to every parser. Beyond 2^53 only the digits count. @param id raw JSON text of a string or a number. */
export function sameId(id: string): string {
  if (USUAL.test(id)) return id;
  const value = JSON.parse(id) as string | number;
  const number = Number(value);
  if (Number.isSafeInteger(number)) return String(number);
  return typeof value === "string" ? JSON.stringify(value) : id;
}
