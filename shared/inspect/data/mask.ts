/** How a value is shown without showing it. */
import type { RedactionStyle } from "../../policy/language.ts";
import { classInfo } from "./classes.ts";
import type { DataClass } from "./finding.ts";
import type { Substitutes } from "./substitutes.ts";

const DOTS = "••••";

/** Dots and the last four characters; only dots for values shorter than twelve, of which four characters would be too much. */
export function mask(value: string): string {
  // Grouped numbers (`GB82 WEST 1234 …`) count without their gaps.
  const plain = value.replace(/[\s-]+/g, "");
  if (plain.length < 12) return DOTS;
  const tail = plain.slice(-4);
  return /^[A-Za-z0-9._]{4}$/.test(tail) ? DOTS + tail : DOTS;
}

/** For event lists: `GitHub token ••••a1b2`, `••••4242`. */
export function preview(name: DataClass, value: string): string {
  return name.startsWith("secret.") ? `${classInfo(name).title} ${mask(value)}` : mask(value);
}

/** What stands in the value's place. No detector matches it, look-alikes of another session apart. @param substitutes of this session; without them nothing can be turned back or look alike. */
export function replacement(name: DataClass, value: string, style: RedactionStyle, substitutes?: Substitutes): string {
  switch (style) {
    case "mask":
      return mask(value);
    case "token":
      return substitutes?.tokenFor(name, value) ?? placeholder(name);
    case "format-preserving":
      return substitutes?.alikeOf(name, value) ?? placeholder(name);
    case "placeholder":
      return placeholder(name);
  }
}

const placeholder = (name: DataClass): string => `[redacted ${name}]`;
