/** `scheme://user:password@host`. */
import type { Candidate, Detector } from "../detector.ts";
import { isStandIn } from "../secret-value.ts";

const USER_INFO = /:\/\/([^\s:/?#@"'<>\\]{0,80}):([^\s/?#"'<>\\@]{2,120})@(?=[\w[.{$-])/y;

export const urlCredentials: Detector = {
  id: "url-credentials",
  classes: ["secret.url-credentials"],
  anchors: ["://"],
  contextual: false,
  reach: 220,
  find(text, at) {
    const found: Candidate[] = [];
    for (const place of at) {
      if (!/[a-z0-9]/i.test(text.charAt(place - 1))) continue;
      USER_INFO.lastIndex = place;
      const match = USER_INFO.exec(text);
      if (!match) continue;
      const password = match[2]!;
      if (isStandIn(password) || isStandIn(match[1]!) && password.length < 6 || /^(?:pass|pw|pwd|passw0rd|p|x+|\d{1,5})$|pass(?:word)?$|[${}()]/i.test(password)) continue;
      const start = place + match[0].length - 1 - password.length;
      const strong = /\d/.test(password) && /[a-z]/i.test(password);
      found.push({ class: "secret.url-credentials", confidence: strong ? 0.9 : 0.75, start, end: start + password.length });
    }
    return found;
  },
};
