/** Values of the same form that can belong to nobody: card numbers of no bank, accounts of no country, addresses of no domain. */
import type { DataClass } from "./finding.ts";

/** @param hash gives 16 hex digits for each round, always the same ones for the same value. */
export function lookAlike(name: DataClass, value: string, hash: (round: number) => string): string {
  const random = digitsOf(hash);
  switch (name) {
    case "pci.card-number":
      return cardOf(value, random);
    case "pii.iban":
      // No country has the letters XX, and check digits begin at 02.
      return prefixed(sameForm(value, random), /[A-Za-z0-9]/g, "XX00");
    case "pii.phone":
      // No country code begins with 999, no national number with 000.
      return prefixed(sameForm(value, random), /\d/g, value.trimStart().startsWith("+") ? "999" : "000");
    case "pii.email":
      return addressOf(value, random);
    default:
      return faked(sameForm(value, random));
  }
}

type Random = (below: number) => number;

function digitsOf(hash: (round: number) => string): Random {
  let round = 0;
  let pool = "";
  return (below) => {
    if (pool.length < 4) pool += hash(round++);
    const number = Number.parseInt(pool.slice(0, 4), 16);
    pool = pool.slice(4);
    return number % below;
  };
}

const SMALL = "abcdefghijklmnopqrstuvwxyz";
const CAPITAL = SMALL.toUpperCase();

/** Letters by letters, digits by digits, all else stays: as long as before. */
function sameForm(value: string, random: Random): string {
  return value.replace(/\d|\p{L}/gu, (char) => {
    if (/\d/.test(char)) return String(random(10));
    const letters = char === char.toUpperCase() && char !== char.toLowerCase() ? CAPITAL : SMALL;
    return Array.from({ length: char.length }, () => letters[random(26)]).join("");
  });
}

/** Puts these characters in place of the first ones that `which` finds. */
function prefixed(text: string, which: RegExp, prefix: string): string {
  let at = 0;
  return text.replace(which, (char) => (at < prefix.length ? prefix[at++]! : char));
}

/** Says what it is, where there are letters enough; begins with noughts where there are none. */
function faked(text: string): string {
  const letters = text.match(/[a-z]/gi)?.length ?? 0;
  if (letters < 4) return prefixed(text, /\d/g, "0000");
  let at = 0;
  return text.replace(/[a-z]/gi, (char) => {
    const next = "fake"[at++];
    return next === undefined ? char : char === char.toUpperCase() ? next.toUpperCase() : next;
  });
}

/** Passes the check that forms make, and begins with a number that no bank has. */
function cardOf(value: string, random: Random): string {
  const digits = prefixed(sameForm(value.replace(/\D/g, ""), random), /\d/g, "0000").split("").map(Number);
  let sum = 0;
  digits.slice(0, -1).forEach((digit, i) => {
    const doubled = (digits.length - 1 - i) % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  });
  digits[digits.length - 1] = (10 - (sum % 10)) % 10;
  let at = 0;
  return value.replace(/\d/g, () => String(digits[at++]));
}

const NOWHERE = ".invalid";

/** At a domain that will never be (RFC 2606). */
function addressOf(value: string, random: Random): string {
  const at = value.lastIndexOf("@");
  const domain = value.slice(at + 1);
  const name = sameForm(domain.slice(0, Math.max(1, domain.length - NOWHERE.length)).replace(/[^\p{L}\d]/gu, "x"), random);
  return `${sameForm(value.slice(0, at), random)}@${name}${NOWHERE}`;
}
