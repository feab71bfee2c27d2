/** Building blocks of the policy schema that speak plainly about a slip: unknown keys, unknown words, amounts out of bounds. */
import * as z from "zod/mini";
import { nearestWord } from "./nearest-word.ts";

/** A message may carry a fix after this mark; `schema-problems.ts` takes them apart. */
export const FIX = "\u0000fix:";
/** Several keys of one object may be unknown: one message each, divided by this mark. */
export const NEXT = "\u0000next:";

// Must come before the first schema: zod otherwise tries `new Function`, which the extension's CSP forbids and reports.
z.config({ jitless: true });

type Shape = Record<string, z.core.$ZodType>;

/** An object without unknown keys. */
export function strict<S extends Shape>(shape: S): z.ZodMiniObject<S, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? issue.keys.map((key) => unknownKey(key, Object.keys(shape))).join(NEXT) : undefined),
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = nearestWord(key, known);
  return `unknown key ${JSON.stringify(key)}${FIX}${near ? `did you mean "${near}"?` : `allowed here: ${known.join(", ")}`}`;
}

/** One of a list of words. @param elsewhere words that mean something, but not here, and why. */
export function word<const W extends readonly string[]>(what: string, words: W, elsewhere: Readonly<Record<string, string>> = {}): z.ZodMiniEnum<{ [K in W[number]]: K }> {
  return z.enum(words, {
    error: ({ input }) => {
      if (typeof input !== "string") return `${what} must be one of: ${words.join(", ")}`;
      if (Object.hasOwn(elsewhere, input)) return `${what} "${input}" ${elsewhere[input]}${FIX}use one of: ${words.join(", ")}`;
      const near = nearestWord(input, words);
      return `unknown ${what} ${JSON.stringify(input)}${FIX}${near ? `did you mean "${near}"? ` : ""}allowed: ${words.join(", ")}`;
    },
  }) as unknown as z.ZodMiniEnum<{ [K in W[number]]: K }>;
}

/** One line of text that people or machines read; no control characters, because it is shown in terminals and sent to models. */
export function line(maxLength = 300): z.ZodMiniString<string> {
  return z.string().check(z.minLength(1, "is empty"), z.maxLength(maxLength, `is longer than ${maxLength} characters`), z.regex(/^[^\p{Cc}\p{Cf}\u2028\u2029]*$/u, "contains a line break, a control character or an invisible character"));
}

/** A value or a list of them; an empty list would match nothing, silently. */
export function oneOrMany<T extends z.core.SomeType>(item: T): z.ZodMiniUnion<readonly [T, z.ZodMiniArray<T>]> {
  return z.union([item, many(item)]);
}

export function many<T extends z.core.SomeType>(item: T, maxLength = 1000): z.ZodMiniArray<T> {
  return z.array(item).check(z.minLength(1, "is an empty list"), z.maxLength(maxLength, `has more than ${maxLength} entries`));
}

/** A key of the policy's own things: it appears in events, refusals and exceptions. */
export function identifier(): z.ZodMiniString<string> {
  return z.string().check(z.regex(/^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/, `must be lower-case letters, digits, ".", "_" and "-", at most 64 characters, and start and end with a letter or digit`));
}

/** `1,000,000`. Without Intl, which takes longer to load than a policy to check. */
function grouped(amount: number): string {
  return String(amount).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** A whole number between two bounds, both included. */
export function whole(least: number, most: number): z.ZodMiniNumber<number> {
  const noMoreThan = most === Number.MAX_SAFE_INTEGER ? "is too large" : `must be ${grouped(most)} or less`;
  return z.int(most === Number.MAX_SAFE_INTEGER ? "must be a whole number" : `must be a whole number from ${least} to ${grouped(most)}`).check(z.gte(least, `must be ${least} or more`), z.lte(most, noMoreThan));
}

/** A number that JSON can carry. */
export function number(): z.ZodMiniNumber<number> {
  return z.number();
}

/** `45s`, `5m`, `8h`, `1d`. @param words that may stand in its place. */
export function duration(...words: readonly string[]): z.ZodMiniString<string> {
  const example = [...words.map((each) => `"${each}"`), '"45s"', '"5m"', '"8h"', '"1d"'].join(", ");
  return z.string().check(z.regex(new RegExp(`^(?:${[...words, "[1-9]\\d{0,4}[smhd]"].join("|")})$`), `is no length of time${FIX}write ${example}`));
}

/** A link that people click: http(s) only. */
export function link(): z.ZodMiniString<string> {
  return line(2000).check(z.refine((text) => /^https?:\/\//i.test(text) && URL.canParse(text), "must be an http or https address"));
}
