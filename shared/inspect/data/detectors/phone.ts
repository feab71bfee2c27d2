/** Phone numbers: the international form with its `+`, or a national form beside a word that says phone. Never a bare run of digits. */
import { isWord, textAfter, textBefore, type Candidate, type Detector } from "../detector.ts";
import { wordsOf } from "../field.ts";

const WORDS = ["phone", "mobile", "cell", "telefon", "teléfono", "telefono", "téléphone", "telephone", "fax", "whatsapp", "msisdn", "handy", "rufnummer", "tel", "móvil", "movil", "celular", "portable", "call me", "call us", "sms", "reach me", "contact number", "contact no", "gsm"];
/** Literals that stand in every one of the words; those with accents are found by their plain part. */
const ANCHORS = ["phone", "mobile", "cell", "telef", "tele", "tel", "fax", "whatsapp", "msisdn", "handy", "rufnummer", "vil", "celular", "portable", "call me", "call us", "sms", "reach me", "contact n", "gsm"];
const NAMED = new RegExp(`(?:^|[^a-z])(?:(?:cell|mobile|home|work|office|contact|tele)?_?phone|${WORDS.join("|")})s?(?:_?(?:number|num|no|nr))?(?:$|[^a-z])`, "i");
/** Digits with the separators that phone numbers have. */
const NUMBER = /(?:\+|\b00|\()?\d(?:[ .\u00a0/-]{0,2}[()]?[ ]?\d){5,16}/g;
const INTERNATIONAL = /\+(?:\(?\d{1,4}\)?)(?:[ .\u00a0/-]{0,2}(?:\(\d{1,5}\)|\d)){5,16}/y;
/** Country codes of one and two digits; all others have three. */
const SHORT_CODES = /^(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;
const LONG_CODES = /^(?:2[1-689]\d|3[578]\d|42\d|5[09]\d|6[7-9]\d|8[0578]\d|9[679]\d)/;

export const phone: Detector = {
  id: "phone",
  classes: ["pii.phone"],
  anchors: ANCHORS,
  // International form, and the North American one with its separators.
  trigger: /\+\(?[1-9](?=[\d ()./-])|(?<![\w.+-])\(?[2-9]\d{2}(?:\) ?|[-. ])[2-9]\d{2}[-.]\d{4}(?![\w-])/g,
  starts: ["\\+[1-9][\\d ()./-]", "\\+\\([1-9]", "\\([2-9]\\d\\d[-. )]", "[2-9]\\d\\d[-. ][2-9]\\d\\d[-.]", "[2-9]\\d\\d\\)[ 2-9]\\d\\d"],
  contextual: false,
  reach: 128,
  wants: (key) => isPhoneName(key),
  find(text, at, { key }) {
    const found: Candidate[] = [];
    if (isPhoneName(key)) collect(text, 0, Math.min(text.length, 400), true, found);
    let after = found.at(-1)?.end ?? 0;
    for (const place of at) {
      if (place < after) continue;
      if (text[place] === "+") {
        const hit = international(text, place, key);
        if (hit) {
          found.push(hit);
          after = hit.end;
        }
        continue;
      }
      if (/[(\d]/.test(text[place]!)) {
        const hit = northAmerican(text, place, key);
        if (hit) found.push(hit);
        continue;
      }
      const label = /^[\p{L}_ .-]{0,32}/u.exec(text.slice(place, place + 32))![0];
      if (isWord(text.charCodeAt(place - 1)) && text[place - 1] !== "_" && !NAMED.test(wordsOf(text.slice(Math.max(0, place - 20), place + label.length)))) continue;
      if (!NAMED.test(` ${wordsOf(text.slice(Math.max(0, place - 12), place + 24))} `)) continue;
      const from = Math.max(after, place);
      const count = found.length;
      collect(text, from, from + textAfter(text, from, 110).length, false, found);
      if (found.length > count) after = found.at(-1)!.end;
    }
    return found.sort((a, b) => a.start - b.start);
  },
};

function isPhoneName(key: string): boolean {
  return key !== "" && key.length < 60 && NAMED.test(` ${wordsOf(key).replaceAll("_", " ")} `) && !/(?:id|model|type|os|version|count|verified|country)$/.test(wordsOf(key));
}

function international(text: string, place: number, key: string): Candidate | null {
  if (place > 0 && (isWord(text.charCodeAt(place - 1)) || /[+./-]/.test(text[place - 1]!))) return null;
  INTERNATIONAL.lastIndex = place;
  const match = INTERNATIONAL.exec(text);
  if (!match) return null;
  const end = place + match[0].length;
  const digits = match[0].replace(/\D/g, "");
  if (isWord(text.charCodeAt(end)) || /^[.:]\d/.test(text.slice(end, end + 2)) || !isDialable(digits)) return null;
  const separated = /\d[ .()/-]+\d/.test(match[0]);
  // A diff line begins with `+`; a number there needs more than digits.
  const lineStart = place === 0 ? false : text[place - 1] === "\n";
  const named = isPhoneName(key) || NAMED.test(textBefore(text, place, 40));
  return { class: "pii.phone", confidence: named ? 0.95 : lineStart && !separated ? 0.45 : separated ? 0.85 : 0.75, start: place, end };
}

const OTHER_NUMBERS = /(?:^|[^a-z])(?:id|ids|build|sku|ticket|batch|revision|order|tracking|sequence|lot|offset|part|serial|invoice|version|checksum|ssn|number|tax|account|policy|claim|license|licence)(?:$|[^a-z])/i;

function northAmerican(text: string, place: number, key: string): Candidate | null {
  const number = /\(?[2-9]\d{2}(?:\) ?|[-. ])[2-9]\d{2}[-.]\d{4}/y;
  number.lastIndex = place;
  const match = number.exec(text);
  if (!match) return null;
  const other = OTHER_NUMBERS.test(wordsOf(textBefore(text, place, 32)).replaceAll("_", " ")) || OTHER_NUMBERS.test(wordsOf(key).replaceAll("_", " "));
  return { class: "pii.phone", confidence: other ? 0.4 : 0.62, start: place, end: place + match[0].length };
}

function isDialable(digits: string): boolean {
  if (digits.length < 8 || digits.length > 15 || new Set(digits).size < 3) return false;
  if (digits[0] === "1") return digits.length === 11 && /^1[2-9]\d\d[2-9]/.test(digits);
  return SHORT_CODES.test(digits) || LONG_CODES.test(digits);
}

function collect(text: string, from: number, to: number, wholeField: boolean, found: Candidate[]): void {
  const part = text.slice(from, to);
  NUMBER.lastIndex = 0;
  for (let match = NUMBER.exec(part); match; match = NUMBER.exec(part)) {
    const start = from + match.index, end = start + match[0].length;
    const digits = match[0].replace(/\D/g, "");
    if (isWord(text.charCodeAt(start - 1)) || (isWord(text.charCodeAt(end)) && !/^x\d{1,6}\b/.test(text.slice(end, end + 8))) || /^[.:,]\d/.test(text.slice(end, end + 2)) || /[.:,]$/.test(part.slice(0, match.index)) && /\d/.test(text.charAt(start - 2))) continue;
    if (digits.length < 7 || digits.length > 15 || new Set(digits).size < 3 || isDateLike(match[0])) continue;
    const separated = /\d[ .()/-]+\d/.test(match[0]);
    const near = match.index <= 24;
    if (!separated && !/^(?:\+|0|\()/.test(match[0]) && !(wholeField || (near && digits.length >= 9 && digits.length <= 12))) continue;
    found.push({ class: "pii.phone", confidence: wholeField ? 0.92 : near ? 0.85 : 0.7, start, end });
  }
}

function isDateLike(value: string): boolean {
  return /^(?:19|20)\d\d[-./ ]\d{1,2}[-./ ]\d{1,2}/.test(value) || /^\d{1,2}[-./]\d{1,2}[-./](?:19|20)?\d\d(?: \d{2})?$/.test(value) || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(value) || /^\d+\.\d+$/.test(value);
}
