/** Passwords and keys that are named: `password=…`, `"api_key": "…"`, `--token …`, `SetPassword("…")`, or a field of that name. */
import { isWord, type Candidate, type Detector } from "../detector.ts";
import { fieldKind } from "../field.ts";
import { judgeValue, type ValueShape } from "../secret-value.ts";

const ANCHORS = ["pass", "pwd", "psw", "secret", "token", "apikey", "api_key", "api-key", "api key", "_key", "-key", "key", "credential", "nkey", "seed", "auth", "identified by"];

/** From the anchor on: the rest of the name, then what joins it to a value. Every part is bounded. */
const REST_OF_NAME = /[\w.-]{0,48}/y;
const QUOTE = `(?:\\\\{0,3}["'\`]|&(?:quot|apos|#3[49]);)`;
const JOINERS: readonly { readonly pattern: RegExp; readonly quotedOnly: boolean; readonly proseOnly?: boolean }[] = [
  // name = value, "name": "value", name := value, name ?= value, name => value, name: Type = value, name string = value
  { pattern: new RegExp(`${QUOTE}?\\]?[ \\t]{0,20}(?:(?::[ \\t]{0,3}[A-Za-z][\\w.<>?|]{1,24}|[a-z]{3,8})[ \\t]{0,3}=|:{1,3}=|[?.+|]{1,2}=|=>|={1,3}|!==?|:)(?![=>:])[ \\t]{0,20}(?:\\r?\\n[ \\t]{0,24}(?=["'\`]))?`, "y"), quotedOnly: false },
  // <name>value</name>
  { pattern: /[^<>\n]{0,40}>(?:\r?\n)?[ \t]{0,24}/y, quotedOnly: false },
  // "name", "value" and {name: "name", value: "value"}
  { pattern: new RegExp(`${QUOTE}[ \\t]{0,4},[ \\t]{0,4}(?:${QUOTE}?(?:value|val|default)${QUOTE}?[ \\t]{0,4}[:=][ \\t]{0,4})?`, "iy"), quotedOnly: true },
  // <add key="name" value="value">
  { pattern: new RegExp(`${QUOTE}[ \\t]{1,4}value[ \\t]{0,2}=[ \\t]{0,2}`, "iy"), quotedOnly: true },
  // setName("value")
  { pattern: /[ \t]{0,2}\((?:[A-Za-z_.]{2,30}\()?[ \t]{0,4}/y, quotedOnly: true },
  // IDENTIFIED BY 'value', PASSWORD 'value', password is "value"
  { pattern: /[ \t]{1,4}(?:is[ \t]{1,2}|to[ \t]{1,2}|by[ \t]{1,2}|of[ \t]{1,2})?(?=["'`])/iy, quotedOnly: true, proseOnly: true },
];
/** One of these stands near the end of a name wherever one of the joiners matches: most names in prose have none, and are done with one look. */
const JOINS = /[^=:>"'`(&\\]{0,48}[=:>"'`(&\\]/y;
const FLAG_JOINER = /[ \t=]{1,4}/y;
const QUOTED = /(\\{0,3}(?:"{1,3}|'{1,3}|`)|&(?:quot|apos|#3[49]);)([^\r\n]{1,512}?)\1/y;
const BARE = /(?:[^\s"'`,;<>&|\\]|\|(?=[^\s|])){3,512}/y;

export const assignedSecret: Detector = {
  id: "assigned-secret",
  classes: ["secret.password", "secret.generic-key"],
  anchors: ANCHORS,
  contextual: true,
  reach: 256,
  wants: (key) => fieldKind(key) === "password" || fieldKind(key) === "secret",
  find(text, at, { key }) {
    const found: Candidate[] = [];
    const whole = wholeValue(text, key);
    if (whole) return [whole];
    let after = 0;
    for (const place of at) {
      if (place < after) continue;
      const hit = judgePlace(text, place);
      if (!hit) continue;
      after = hit.end;
      found.push(hit);
    }
    return found;
  },
};

/** The text is the value of a field that is named like a secret. */
function wholeValue(text: string, key: string): Candidate | null {
  const kind = fieldKind(key);
  if (kind !== "password" && kind !== "secret") return null;
  const value = text.trim();
  const confidence = judgeValue(value, { quoted: true, password: kind === "password", setting: true });
  if (confidence === 0) return null;
  const start = text.indexOf(value);
  return { class: kind === "password" ? "secret.password" : "secret.generic-key", confidence, start, end: start + value.length };
}

function judgePlace(text: string, place: number): Candidate | null {
  const start = nameStart(text, place);
  REST_OF_NAME.lastIndex = place;
  let end = place + (REST_OF_NAME.exec(text)?.[0].length ?? 0);
  const sql = /^identified by/i.test(text.slice(place, place + 13));
  if (sql) end = place + 13;
  else if (/^api key/i.test(text.slice(place, place + 7))) end = place + 7;
  const name = text.slice(start, end).replace(/^[.-]+|[.-]+$/g, "");
  const flag = text[start] === "-" || sql;
  JOINS.lastIndex = end;
  if (!flag && !JOINS.test(text)) return null;
  const kind = sql ? "password" : nameKind(name);
  if (kind !== "password" && kind !== "secret") return null;
  const password = kind === "password";

  for (const joiner of JOINERS) {
    if (joiner.proseOnly && !/(?:password|passwd|passphrase|identified by)$/i.test(text.slice(place, end))) continue;
    const value = readValue(text, end, joiner.pattern, joiner.quotedOnly);
    if (value) return accept(text, value, password, start);
  }
  // --password value, -passout value
  if (flag) {
    const value = readValue(text, end, FLAG_JOINER, false);
    if (value && !value.value.startsWith("-")) return accept(text, { ...value, setting: true }, password, start);
  }
  return null;
}

/** A bare `key` is the name of anything; `Key:` beside a long random value still counts as a secret. */
function nameKind(name: string): string {
  const kind = fieldKind(name.replace(/^(?:set|get|with|create|make|new|from|the|string|raw|plain)_?(?=[A-Z_])/i, ""));
  if (kind === "other" && /^(?:pass(?:in|out)|storepass|keypass|requirepass|masterauth)$/i.test(name)) return "password";
  return kind;
}

function nameStart(text: string, place: number): number {
  let start = place;
  while (start > 0 && place - start < 40) {
    const code = text.charCodeAt(start - 1);
    if (!isWord(code) && code !== 45 && code !== 46) break;
    start--;
  }
  // `\nPASS`, `\tpassword` inside an escaped string: the letter belongs to the escape.
  if (text[start - 1] === "\\" && start < place && /[nrt]/.test(text[start]!)) start++;
  return start;
}

interface Value extends Omit<ValueShape, "password"> {
  readonly value: string;
  readonly start: number;
}

function readValue(text: string, end: number, joiner: RegExp, quotedOnly: boolean): Value | null {
  joiner.lastIndex = end;
  const joined = joiner.exec(text);
  if (!joined) return null;
  let at = end + joined[0].length;
  // f"…", r'…', b"…", L"…", new String("…", Buffer.from('…
  const wrapper = /(?:[frbuL@]{1,2}(?=["'])|(?:new )?[A-Za-z_.]{2,40}\((?=["'`]))/y;
  wrapper.lastIndex = at;
  at += wrapper.exec(text)?.[0].length ?? 0;
  QUOTED.lastIndex = at;
  const quoted = QUOTED.exec(text);
  // `"name", "other": …`: what follows is the next name, not a value.
  const follows = quoted ? text.slice(at + quoted[0].length, at + quoted[0].length + 5) : "";
  if (quoted && quotedOnly && /^[ \t]{0,4}:/.test(follows)) return null;
  // `'ls', 'pwd', 'whoami'` is a list; an argument or a pair ends with its bracket, and words alone are not enough.
  if (quoted && /,\s*$/.test(joined[0]) && !(/^[ \t]{0,4}(?:[)\]};\r\n]|$)/.test(follows) && /[^a-z]/.test(quoted[2]!))) return null;
  if (quoted) return { value: quoted[2]!, start: at + quoted[1]!.length, quoted: true, setting: /[:=]/.test(joined[0]) };
  if (quotedOnly || /["'`]/.test(text.charAt(at))) return null;
  BARE.lastIndex = at;
  const bare = BARE.exec(text);
  if (!bare) return null;
  const value = bare[0].replace(/[.:)\]}]+$/, "");
  const next = text.charAt(at + value.length);
  // At the end of a line (or before a tag, a quote, `&`) it is a setting; before `;`, `,` or `)` it is code.
  const ends = next === "" || /[\s<&"']/.test(next);
  const spaced = /=\s+$/.test(joined[0]) && !/\d/.test(value);
  // `cache:password:7`: a colon without a space joins parts of one name, except in `pass:value` of openssl.
  const glued = joined[0].endsWith(":") && !/(?:^|\s)pass:$/.test(text.slice(Math.max(0, at - 6), at));
  return { value, start: at, quoted: false, setting: ends && !spaced && !glued };
}

function accept(text: string, { value, start, quoted, setting }: Value, password: boolean, nameAt: number): Candidate | null {
  let confidence = judgeValue(value, { quoted, setting, password });
  if (confidence === 0) return null;
  // A value in code that is neither quoted nor alone on its line is most likely an expression.
  if (!quoted && !setting) confidence = Math.min(confidence, /[=\s]/.test(text.charAt(start - 1)) && /\d/.test(value) && value.length >= 8 ? 0.6 : 0.35);
  if (nameAt > 0 && text[nameAt - 1] === "$") confidence = Math.min(confidence, quoted ? confidence : 0.5);
  return { class: password ? "secret.password" : "secret.generic-key", confidence, start, end: start + value.length };
}
