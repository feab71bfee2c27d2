/** Puts a policy snapshot together from the parts the host sends (its messages are limited to 1 MiB). Parts of different snapshots never mix. */
import type { FromHost } from "../../shared/messages/host.ts";
import type { PolicySource } from "../../shared/policy/decision.ts";

export type PolicyPart = Extract<FromHost, { kind: "policy" }>;

export type Assembly =
  | { readonly kind: "waiting" }
  | { readonly kind: "whole"; readonly digest: string; readonly source: PolicySource; readonly text: string }
  | { readonly kind: "bad"; readonly source: PolicySource; readonly why: string };

/** 16 million characters: far above any real policy, far below what would hurt. */
const MAX_PARTS = 64;
/** A host that starts snapshot after snapshot without finishing one holds no more memory than this many. */
const MAX_OPEN = 2;

export interface PolicyParts {
  add(part: PolicyPart): Assembly;
  /** The connection ended: what is incomplete stays incomplete. */
  clear(): void;
}

export function createPolicyParts(): PolicyParts {
  const open = new Map<string, (string | undefined)[]>();

  return {
    clear: () => open.clear(),
    add({ digest, source, part, parts, text }) {
      if (!Number.isInteger(parts) || parts < 1 || parts > MAX_PARTS) return { kind: "bad", source, why: `the policy came in ${parts} parts; at most ${MAX_PARTS} are accepted` };
      if (!Number.isInteger(part) || part < 0 || part >= parts) return { kind: "bad", source, why: `part ${part} of ${parts} does not exist` };
      const key = `${source} ${digest} ${parts}`;
      let slots = open.get(key);
      if (!slots) {
        if (open.size >= MAX_OPEN) open.delete(open.keys().next().value!);
        open.set(key, (slots = Array.from<string | undefined>({ length: parts })));
      }
      const before = slots[part];
      if (before !== undefined && before !== text) {
        open.delete(key);
        return { kind: "bad", source, why: `part ${part + 1} of ${parts} came twice with different content` };
      }
      slots[part] = text;
      if (slots.some((slot) => slot === undefined)) return { kind: "waiting" };
      open.delete(key);
      return { kind: "whole", digest, source, text: slots.join("") };
    },
  };
}
