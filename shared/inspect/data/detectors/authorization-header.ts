/** The credentials of an Authorization header: `Basic …` that decodes to user and password, `Bearer …` with a random-looking token. */
import { entropy, textBefore, type Candidate, type Detector } from "../detector.ts";
import { fromBase64 } from "../../../base/base64.ts";
import { isStandIn } from "../secret-value.ts";

const HEADER = /(basic|bearer|token|apikey|digest)[ \t:=]{1,4}["']?([\w.~+/=:-]{6,4000})/iy;

export const authorizationHeader: Detector = {
  id: "authorization-header",
  classes: ["secret.authorization-header"],
  anchors: ["basic ", "bearer ", "token ", "apikey "],
  contextual: true,
  reach: 128,
  wants: (key) => /authorization$/i.test(key),
  find(text, at, { key }) {
    const found: Candidate[] = [];
    let after = 0;
    for (const place of at) {
      if (place < after) continue;
      HEADER.lastIndex = place;
      const match = HEADER.exec(text);
      if (!match) continue;
      const scheme = match[1]!.toLowerCase();
      const value = match[2]!;
      const named = /authorization$/i.test(key) || /authorization\W{1,24}$/i.test(textBefore(text, place, 48));
      const confidence = judge(scheme, value, named);
      if (confidence === 0) continue;
      const start = place + match[0].length - value.length;
      after = start + value.length;
      found.push({ class: "secret.authorization-header", confidence, start, end: after });
    }
    return found;
  },
};

function judge(scheme: string, value: string, named: boolean): number {
  if (isStandIn(value) || /^[A-Z_]+$|^[a-z_]+$/.test(value)) return 0;
  if (scheme === "basic") {
    let pair = "";
    for (const byte of fromBase64(value)) pair += String.fromCharCode(byte);
    if (!/^[\x20-\x7e]{1,200}:[\x20-\x7e]{1,2000}$/.test(pair)) return named && value.length >= 12 && /\d/.test(value) ? 0.6 : 0;
    return isStandIn(pair.slice(pair.indexOf(":") + 1)) ? 0 : 0.9;
  }
  if (value.length < 16 || entropy(value) < 3 || !/\d/.test(value)) return named && value.length >= 8 && /\d/.test(value) && /[a-z]/i.test(value) ? 0.65 : 0;
  if (scheme === "bearer") return named ? 0.92 : 0.85;
  return named ? 0.85 : 0;
}
