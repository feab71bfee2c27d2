/** JSON Web Tokens (and encrypted ones): the header is decoded, so a look-alike is not reported. */
import { isWord, type Candidate, type Detector } from "../detector.ts";
import { fromBase64 } from "../../../base/base64.ts";

const TOKEN = /eyJ[\w-]{10,2000}\.[\w-]{0,8000}\.[\w-]{0,2000}(?:\.[\w-]{1,8000}\.[\w-]{1,200})?/y;

export const jwt: Detector = {
  id: "jwt",
  classes: ["secret.jwt"],
  anchors: ["eyj"],
  contextual: false,
  reach: 128,
  find(text, at) {
    const found: Candidate[] = [];
    let after = 0;
    for (const place of at) {
      const before = place > 0 ? text.charCodeAt(place - 1) : 0;
      if (place < after || isWord(before) || before === 45 || before === 46) continue;
      TOKEN.lastIndex = place;
      const match = TOKEN.exec(text);
      if (!match || !hasHeader(match[0])) continue;
      after = place + match[0].length;
      const [, payload = "", signature = ""] = match[0].split(".");
      if (payload.length + signature.length < 16) continue;
      // A signed text that is no set of claims grants nothing by itself.
      const claims = /^eyJ|^ew/.test(payload) || match[0].split(".").length === 5;
      found.push({ class: "secret.jwt", confidence: claims ? 0.95 : 0.5, start: place, end: after });
    }
    return found;
  },
};

function hasHeader(token: string): boolean {
  const bytes = fromBase64(token.slice(0, token.indexOf(".")));
  let header = "";
  for (const byte of bytes) header += String.fromCharCode(byte);
  return /^\{[\s\S]*"(?:alg|typ|enc|kid)"\s*:/.test(header);
}
