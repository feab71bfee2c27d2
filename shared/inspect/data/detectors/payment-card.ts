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
  // The beginning of a run of digits (spaces and dashes allowed) that is long enough.
  trigger: /(?<!\w)\d(?=\d{3}(?:[ -]?\d){8})/g,
  starts: ["\\d\\d\\d\\d[\\d -][\\d -][\\d -][\\d -]"],
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

const PLAIN = /\d{12,19}/y;
/** Groups as they are printed on cards: 4-4-4-4(-3), 4-6-5, 4-6-4, and one kind of separator. */
const GROUPED = /\d{4}([ -])(?:\d{4}\1\d{4}\1\d{1,4}(?:\1\d{3})?|\d{6}\1\d{4,5})/y;

function judge(text: string, start: number, key: string): Candidate | null {
  PLAIN.lastIndex = GROUPED.lastIndex = start;
  const plain = PLAIN.exec(text);
  const run = (plain ?? GROUPED.exec(text))?.[0];
  if (run === undefined) return null;
  const end = start + run.length;
  // Part of a longer number, a decimal fraction, an identifier; or one of many groups of four in a row.
  if (isWord(text.charCodeAt(end)) || /^[.-]\d/.test(text.slice(end, end + 2)) || /\d[.-]$/.test(text.slice(Math.max(0, start - 2), start))) return null;
  if (!plain && /\d $/.test(text.slice(Math.max(0, start - 2), start)) && /^ \d/.test(text.slice(end, end + 2))) return null;
  const digits = run.replace(/\D/g, "");
  if (!passesLuhn(digits) || new Set(digits).size < 2) return null;
  const before = textBefore(text, start, 90);
  const name = wordsOf(key).replaceAll("_", " ");
  if (CARD_WORDS.test(name) || CARD_WORDS.test(before)) return /^[2-6]/.test(digits) || hasBrand(digits) ? { class: "pci.card-number", confidence: 0.95, start, end } : null;
  if (!hasBrand(digits)) return null;
  let confidence = plain ? 0.7 : 0.88;
  const named = OTHER_WORDS.test(name) || OTHER_WORDS.test(wordsOf(before.slice(-40)).replaceAll("_", " "));
  if (named || digits.length < 15 || isAmongNumbers(text, start, end)) confidence = plain ? 0.4 : 0.6;
  return { class: "pci.card-number", confidence, start, end };
}

/** Tables of long numbers: one in ten of them passes the check by chance. */
function isAmongNumbers(text: string, start: number, end: number): boolean {
  const around = textBefore(text, start, 80) + " " + text.slice(end, end + 80);
  return (around.match(/\d{9,}/g)?.length ?? 0) >= 2;
}

/** Brand prefixes with their lengths. */
function hasBrand(digits: string): boolean {
  const length = digits.length;
  const four = Number(digits.slice(0, 4));
  if (digits[0] === "4") return length === 16 || length === 13 || length === 19;
  if ((four >= 5100 && four <= 5599) || (four >= 2221 && four <= 2720)) return length === 16;
  if (/^3[47]/.test(digits)) return length === 15;
  if (/^3(?:0[0-5]|095|[689])/.test(digits)) return length === 14 || length === 16;
  if (four >= 3528 && four <= 3589) return length === 16 || length === 19;
  if (/^(?:6011|64[4-9]|65|62|81)/.test(digits)) return length === 16 || length === 19;
  if (/^(?:5018|5020|5038|5893|6304|67(?:59|6[1-3]))/.test(digits)) return length >= 13;
  return /^(?:220[0-4]|9792)/.test(digits) ? length === 16 : /^1(?:22|800)/.test(digits) && length === 15;
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
