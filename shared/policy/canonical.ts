/** One text for one policy: JSON with sorted keys and no white space (RFC 8785), so that a digest names a policy whatever it was written in. */
import { sha256Hex } from "../base/digest.ts";

/** RFC 8785 text of a plain JSON value. Keys whose value is `undefined` are left out, as `JSON.stringify` does. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (typeof value !== "object" || value === null) {
    if (typeof value === "number" && !Number.isFinite(value)) throw new Error("a number that JSON cannot carry");
    const text = JSON.stringify(value);
    if (text === undefined) throw new Error(`a ${typeof value} is not JSON`);
    return text;
  }
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  // Default string comparison is by UTF-16 code unit, which is what RFC 8785 asks for.
  members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(",")}}`;
}

/** Lower-case hex SHA-256 of the canonical text. */
export function policyDigest(policy: unknown): string {
  return sha256Hex(canonicalJson(policy));
}
