/** User and password on a command line: `curl -u user:password`. Flags named like a secret belong to assigned-secret.ts. */
import { textBefore, type Candidate, type Detector } from "../detector.ts";
import { judgeValue } from "../secret-value.ts";

const USER = /-(?:u|-user|U|-proxy-user)[ =]{1,3}["']?([^\s"':]{0,80}):([^\s"']{3,120})/y;

export const commandLine: Detector = {
  id: "command-line",
  classes: ["secret.password"],
  anchors: [" -u ", "--user ", "--user=", "--proxy-user ", " -u=", " -u\"", " -u'"],
  contextual: true,
  reach: 256,
  find(text, at) {
    const found: Candidate[] = [];
    for (const place of at) {
      USER.lastIndex = text[place] === " " ? place + 1 : place;
      const match = USER.exec(text);
      if (!match || !/\b(?:curl|wget|http|https|httpie)\b[^\n]*$/.test(textBefore(text, place, 200).replace(/\\\r?\n/g, " "))) continue;
      const password = match[2]!;
      const confidence = judgeValue(password, { quoted: true, password: true, setting: true });
      const start = match.index + match[0].length - password.length;
      if (confidence > 0) found.push({ class: "secret.password", confidence, start, end: start + password.length });
    }
    return found;
  },
};
