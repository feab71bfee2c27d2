/** International bank account numbers: country, its length, and the mod-97 check. */
import { isWord, type Candidate, type Detector } from "../detector.ts";

/** Registered lengths by country. */
const LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
    .split(" ")
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

export const iban: Detector = {
  id: "iban",
  classes: ["pii.iban"],
  anchors: [],
  trigger: /[A-Z]{2}\d{2}[ \u00a0-]?[A-Z0-9]/g,
  starts: ["[A-Z][A-Z]\\d\\d"],
  contextual: false,
  reach: 48,
  find(text, at) {
    const found: Candidate[] = [];
    for (const start of at) {
      const length = LENGTHS[text.slice(start, start + 2)];
      if (length === undefined || (start > 0 && isWord(text.charCodeAt(start - 1)))) continue;
      const end = takeCharacters(text, start, length);
      if (end < 0 || isWord(text.charCodeAt(end)) || !passesMod97(text.slice(start, end).replace(/[^A-Z0-9]/g, ""))) continue;
      found.push({ class: "pii.iban", confidence: 0.95, start, end });
    }
    return found;
  },
};

/** The end of exactly `length` letters and digits, with single separators between them; -1 when there are fewer. */
function takeCharacters(text: string, start: number, length: number): number {
  let taken = 0;
  for (let at = start; at < text.length; at++) {
    const char = text[at]!;
    if (/[A-Z0-9]/.test(char)) {
      if (++taken === length) return at + 1;
    } else if (!/[ \u00a0-]/.test(char) || !/[A-Z0-9]/.test(text.charAt(at - 1))) return -1;
  }
  return -1;
}

export function passesMod97(compact: string): boolean {
  let rest = 0;
  for (const char of compact.slice(4) + compact.slice(0, 4)) {
    const value = Number.parseInt(char, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}
