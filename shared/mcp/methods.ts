/** The methods that MCP knows, in both eras and in its apps. Unknown methods pass (by policy); this table only says what we can name. */
import { LEARNED_FROM_EVERY, type Era, type Learned, type MethodFacts, type Subject } from "./method-facts.ts";
import { APPS } from "./methods-apps.ts";
import { LEGACY } from "./methods-legacy.ts";
import { MODERN } from "./methods-modern.ts";

export interface Method {
  /** Eras in which it is part of the protocol. */
  readonly eras: readonly Era[];
  readonly subject?: Subject;
  readonly legacy?: MethodFacts;
  readonly modern?: MethodFacts;
}

export const METHODS: Readonly<Record<string, Method>> = merge({ legacy: { ...LEGACY, ...APPS }, modern: { ...MODERN, ...APPS } });

function merge(eras: Readonly<Record<Era, Readonly<Record<string, MethodFacts>>>>): Record<string, Method> {
  const methods: Record<string, Method> = {};
  for (const era of ["legacy", "modern"] as const) {
    for (const [name, facts] of Object.entries(eras[era])) {
      const known = methods[name];
      const subject = facts.subject ?? known?.subject;
      methods[name] = { ...known, eras: [...(known?.eras ?? []), era], ...(subject ? { subject } : {}), [era]: facts };
    }
  }
  return methods;
}

/** What the registry says of a method, in either era; undefined for what it does not know. */
export function methodNamed(name: string): Method | undefined {
  return Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
}

export function isMcpMethod(method: string): boolean {
  return Object.hasOwn(METHODS, method);
}

/**
 * Does Sluice take in something from this part of a message, so that it has to be read in full even where there is nothing to judge?
 * What `_meta` says of versions and peers is not a matter of the method, and not answered here.
 * @param method its own, or the one that it answers. @param text the whole message.
 */
export function learnsFrom(method: string, part: "params" | "result", text: string): boolean {
  const known = methodNamed(method);
  return hasAny(LEARNED_FROM_EVERY[part], text) || hasAny(known?.legacy?.learns?.[part], text) || hasAny(known?.modern?.learns?.[part], text);
}

function hasAny(learned: Learned | undefined, text: string): boolean {
  if (learned === undefined || learned === "always") return learned === "always";
  // An escape may spell any key.
  return text.includes("\\u") || learned.some((key) => text.includes(`"${key}"`));
}
