/** Foreign text made safe to show: one line, no control, no invisible and no direction-changing characters, bounded. */

/** Control, format (zero-width, direction, tags), separator and half characters, and whatever else Unicode lets a renderer leave out. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** @param max characters kept; a longer text ends in `…`. */
export function plainText(text: string, max: number): string {
  const line = text.slice(0, max * 8).replace(/[\t\r\n\u2028\u2029]+/g, " ").replace(HIDDEN, "").replace(/ {2,}/g, " ").trim();
  const characters = Array.from(line);
  return characters.length <= max ? line : `${characters.slice(0, max - 1).join("")}…`;
}
