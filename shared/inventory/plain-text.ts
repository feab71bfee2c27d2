/** Foreign text made safe to show: one line, no control, no invisible and no direction-changing characters, bounded. */

/** C0, C1, soft hyphen, zero-width and bidirectional controls, tags, variation selectors, line and paragraph separators. */
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff]|[\u{e0000}-\u{e0fff}]|\p{Surrogate}/gu;

/** @param max characters kept; a longer text ends in `…`. */
export function plainText(text: string, max: number): string {
  const line = text.slice(0, max * 8).replace(/[\t\r\n\u2028\u2029]+/g, " ").replace(HIDDEN, "").replace(/ {2,}/g, " ").trim();
  const characters = Array.from(line);
  return characters.length <= max ? line : `${characters.slice(0, max - 1).join("")}…`;
}
