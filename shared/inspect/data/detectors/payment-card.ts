/** Payment card numbers: brand prefix and length, Luhn, usual grouping; what stands before the number decides how sure we are. */
import { isWord, textBefore, type Candidate, type Detector } from "../detector.ts";
import { wordsOf } from "../field.ts";

const CARD_WORDS = /(?:^|[^a-z])(?:card|cards|credit|debit|visa|master_?card|amex|american express|discover|diners|jcb|maestro|union_?pay|mir|pan|cc|ccn|cvv|cvc|payment|pay with|expires?|expiry|kreditkarte|carte|tarjeta|cartao|carta)(?:$|[^a-z])|card_?(?:number|no|num)/i;
/** Numbers with a job of their own, which pass the Luhn test one time in ten. */
const OTHER_WORDS = /(?:^|[^a-z])(?:id|ids|build|sku|ticket|batch|revision|rev|order|tracking|timestamp|ts|time|checksum|hash|sequence|seq|lot|offset|part|serial|invoice|version|ver|commit|digest|number_of|count|size|bytes|imei|iccid|isbn|ean|gtin|upc|asset|nonce|cursor|token|uuid|trace|span|ref|reference|key|index|port|pid|job|run|case|issue|account_id|user_id|seed|epoch|created|updated|ns|ms|us)(?:$|[^a-z])/i;

export const paymentCard: Detector = {
  id: "payment-card",
  classes: ["pci.card-number"],
  anchors: [],
  trigger: /\d(?:[ \u00a0-]?\d){11,18}/g,
  contextual: false,
  reach: 96,
  find(text, at, { key }) {
    const found: Candidate[] = [];
    for (const start of at) {
      const hit = judge(text, start, key);
      if (hit) found.push(hit);
    }
    return found;
  },
};

const RUN = /\d(?:[ \u00a0-]?\d){11,24}/y;

function judge(text: string, start: number, key: string): Candidate | null {
  if (start > 0 && (isWord(text.charCodeAt(start - 1)) || /[.+-]/.test(text[start - 1]!) && /[\w]/.test(text.charAt(start - 2)))) return null;
  RUN.lastIndex = start;
  const run = RUN.exec(text)?.[0];
  if (run === undefined) return null;
  const end = start + run.length;
  if (isWord(text.charCodeAt(end)) || /^[.-]\d/.test(text.slice(end, end + 2))) return null;
  const digits = run.replace(/\D/g, "");
  if (!isGrouped(run) || !hasBrand(digits) || !passesLuhn(digits) || new Set(digits).size < 3) return null;
  const before = textBefore(text, start, 90);
  const name = wordsOf(key).replaceAll("_", " ");
  let confidence = run === digits ? 0.7 : 0.88;
  if (CARD_WORDS.test(name) || CARD_WORDS.test(before)) confidence = 0.95;
  else if (OTHER_WORDS.test(name) || OTHER_WORDS.test(wordsOf(before.slice(-40)).replaceAll("_", " ")) || digits.length < 15) confidence = run === digits ? 0.4 : 0.6;
  return { class: "pci.card-number", confidence, start, end };
}

/** One kind of separator, in groups as they are printed on cards. */
function isGrouped(run: string): boolean {
  const separators = new Set(run.replace(/\d/g, ""));
  if (separators.size === 0) return true;
  if (separators.size > 1) return false;
  const lengths = run.split(/\D/).map((group) => group.length).join("");
  return /^(?:4444|464?|465|44443|444[1-7]|4443|4446)$/.test(lengths) || lengths === "4645";
}

function hasBrand(digits: string): boolean {
  const length = digits.length;
  const four = Number(digits.slice(0, 4));
  if (digits[0] === "4") return length === 16 || length === 13 || length === 19;
  if ((four >= 5100 && four <= 5599) || (four >= 2221 && four <= 2720)) return length === 16;
  if (/^3[47]/.test(digits)) return length === 15;
  if (/^3(?:0[0-5]|095|[689])/.test(digits)) return length >= 14 && length <= 16;
  if (/^35(?:2[89]|[3-8])/.test(digits)) return length >= 16;
  if (/^(?:6011|64[4-9]|65)/.test(digits)) return length >= 16;
  if (/^6(?:2|0[0-9]{2}|7|3|1|39)/.test(digits)) return length >= 12 && /^(?:62|81)/.test(digits) ? length >= 16 : length >= 12;
  if (/^(?:50|5[6-9]|220[0-4]|81|9792|1)/.test(digits)) return /^1/.test(digits) ? /^1(?:22|800)/.test(digits) && length === 15 : length >= 12 && (length >= 16 || /^5/.test(digits));
  return /^2(?:131|014|149)/.test(digits) && length === 15;
}

export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const twice = i % 2 === 1 ? digit * 2 : digit;
    sum += twice > 9 ? twice - 9 : twice;
  }
  return sum % 10 === 0;
}
