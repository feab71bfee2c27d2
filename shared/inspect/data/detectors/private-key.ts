/** Private keys in PEM, OpenSSH, PGP and PuTTY form: a linear scanner, because every regular expression for them is slow on hostile text. */
import type { Candidate, Detector } from "../detector.ts";

const LONGEST = 32_768;
const LABEL = /-----BEGIN ([A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?)-----/y;

export const privateKey: Detector = {
  id: "private-key",
  classes: ["secret.private-key"],
  anchors: ["-----begin ", "putty-user-key-file-"],
  contextual: false,
  reach: 64,
  find(text, at) {
    const found: Candidate[] = [];
    let after = 0; // places inside a key that was already found
    // The next markers: they move forward only, so the whole scan is one pass.
    let end = -1;
    let lines = -1;
    for (const [i, place] of at.entries()) {
      if (place < after) continue;
      if (text[place] !== "-") {
        if (lines < place) lines = indexOf(text, "Private-Lines:", place);
        if (lines - place > LONGEST || lines > (at[i + 1] ?? Infinity)) continue;
        after = bodyEnd(text, lines + 14, Math.min(text.length, lines + LONGEST));
        found.push({ class: "secret.private-key", confidence: 0.95, start: place, end: after });
        continue;
      }
      LABEL.lastIndex = place;
      const label = LABEL.exec(text)?.[1];
      if (label === undefined) continue;
      const body = place + 16 + label.length;
      if (end < body) end = indexOf(text, "-----END ", body);
      const close = `-----END ${label}-----`;
      // Another beginning before the end: this key is cut off there, and no stretch is read twice.
      const limit = Math.min(text.length, body + LONGEST, at[i + 1] ?? Infinity);
      const closed = end <= limit && text.startsWith(close, end);
      const stop = closed ? end : bodyEnd(text, body, limit);
      const material = keyCharacters(text, body, stop);
      // An empty or elided body (`…`) is documentation.
      if (material < 40) continue;
      after = closed ? end + close.length : stop;
      found.push({ class: "secret.private-key", confidence: closed || material >= 100 ? 0.98 : 0.8, start: place, end: after });
    }
    return found;
  },
};

function indexOf(text: string, needle: string, from: number): number {
  const at = text.indexOf(needle, from);
  return at < 0 ? Infinity : at;
}

/** Where the base64 body of a key without an end marker stops: at the first word break that no key body has. */
function bodyEnd(text: string, from: number, limit: number): number {
  let at = from;
  let last = from;
  while (at < limit) {
    const code = text.charCodeAt(at);
    const isKey = (code >= 47 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 43 || code === 61;
    if (isKey) last = at + 1;
    else if (at - last > 40 || code === 60 || code === 123 || code === 125) break;
    at++;
  }
  return last;
}

function keyCharacters(text: string, from: number, to: number): number {
  const body = text.slice(from, to);
  if (/\.{3}|…|\*{4}|<[a-z]/i.test(body)) return 0;
  let count = 0;
  for (const run of body.match(/[A-Za-z0-9+/=]{20,}/g) ?? []) count += run.length;
  return count;
}
