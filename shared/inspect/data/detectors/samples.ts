/** The form of a detector's samples. Token-like ones are made at run time, so that no scanner (ours or a host's) trips over this repository. */

export interface Sample {
  readonly text: string;
  /** The field it stands under, if that matters. */
  readonly key?: string;
  /** For a sample that must match: the class, and the exact value where the bounds matter. */
  readonly class?: string;
  readonly value?: string;
}

export interface Samples {
  /** Reported at the default threshold (0.6) or above. */
  readonly match: readonly (Sample & { readonly class: string })[];
  /** Nothing reported at the default threshold. */
  readonly clean: readonly Sample[];
}

const SETS: Readonly<Record<string, string>> = {
  alnum: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
  upper: "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
  lower: "abcdefghijklmnopqrstuvwxyz0123456789",
  hex: "0123456789abcdef",
  base32: "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
  base64: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
  digits: "0123456789",
};

/** A random-looking string, the same at every run; `seed` makes another. */
export function fill(set: keyof typeof SETS & string, length: number, seed = 1): string {
  const alphabet = SETS[set]!;
  let state = (seed * 2654435761 + length) >>> 0;
  let out = "";
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out += alphabet[(state >>> 12) % alphabet.length];
  }
  return out;
}

/** A number with a correct Luhn digit: the given prefix filled up to `length`. */
export function luhn(prefix: string, length: number, seed = 1): string {
  const body = prefix + fill("digits", length - prefix.length - 1, seed);
  let sum = 0;
  for (let i = 0; i < body.length; i++) {
    const digit = Number(body[body.length - 1 - i]);
    const twice = i % 2 === 0 ? digit * 2 : digit;
    sum += twice > 9 ? twice - 9 : twice;
  }
  return body + String((10 - (sum % 10)) % 10);
}
