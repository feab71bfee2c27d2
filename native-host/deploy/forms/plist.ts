/** Property lists as macOS reads them, in their XML form. */
import { parse, parseBinary } from "plist";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import type { Json } from "../json.ts";
import { xmlText } from "./xml.ts";

export function plistText(value: Json): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
${element(value, "")}
</plist>
`;
}

function element(value: Json, indent: string): string {
  const inner = `${indent}\t`;
  if (typeof value === "string") return `${indent}<string>${xmlText(value)}</string>`;
  if (typeof value === "boolean") return `${indent}<${String(value)}/>`;
  if (typeof value === "number") return Number.isInteger(value) ? `${indent}<integer>${value}</integer>` : `${indent}<real>${value}</real>`;
  if (value === null) throw new Error("a property list has no null");
  if (Array.isArray(value)) return [`${indent}<array>`, ...value.map((item: Json) => element(item, inner)), `${indent}</array>`].join("\n");
  return [`${indent}<dict>`, ...Object.entries(value).flatMap(([key, member]) => [`${inner}<key>${xmlText(key)}</key>`, element(member, inner)]), `${indent}</dict>`].join("\n");
}

/** XML or binary. Dates and data have no place in policy: a list with them is refused, not changed. @returns a sentence when it is not usable */
export function readPlist(bytes: Uint8Array): Result<Json> {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 8));
  if (bytes[0] === 0x30) return fail("is signed; take the signature off first (macOS: security cms -D -i FILE -o PLAIN)");
  try {
    const text = head === "bplist00" ? "" : new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    // The parser tells the terminal of what is no XML at all.
    if (text !== "" && !/^\ufeff?\s*<(?:plist|[?!][\s\S]*<plist)[\s>]/.test(text.slice(0, 2000))) return fail("is no property list");
    const value: unknown = head === "bplist00" ? parseBinary(bytes) : parse(text);
    return isJson(value) ? ok(value) : fail("holds dates or binary data, which cannot be kept as they are");
  } catch {
    return fail("is no property list");
  }
}

function isJson(value: unknown): value is Json {
  if (typeof value === "string" || typeof value === "boolean" || typeof value === "number") return true;
  if (typeof value !== "object" || value === null || value instanceof Date || ArrayBuffer.isView(value)) return false;
  return Object.values(value).every(isJson);
}
