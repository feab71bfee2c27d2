/** Sizes of text on the wire. */

const NOT_ASCII = /[^\0-\x7f]/;

/** UTF-8 length of a string, without encoding it. */
export function byteLength(text: string): number {
  // Nearly all traffic is ASCII, and a search is several times faster than a loop.
  const first = text.search(NOT_ASCII);
  if (first < 0) return text.length;
  let bytes = text.length;
  for (let at = first; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0x80) bytes += code < 0x800 ? 1 : code >= 0xd800 && code <= 0xdfff ? 1 : 2;
  }
  return bytes;
}
