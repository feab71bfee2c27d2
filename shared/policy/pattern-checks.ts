/** Patterns that could never match are slips of the pen, and a slip in a restricting rule opens the gate: they are errors. */
import { glob } from "../base/glob.ts";
import { CLASSES } from "../inspect/data/classes.ts";
import { METHODS } from "../mcp/methods.ts";
import { globsOverlap } from "./glob-overlap.ts";
import { nearestWord } from "./nearest-word.ts";
import { readUrlPattern } from "./url-pattern.ts";

export interface Slip {
  readonly message: string;
  readonly fix?: string;
}

export function urlProblem(pattern: string): Slip | undefined {
  const read = readUrlPattern(pattern);
  return read.ok ? undefined : { message: `"${pattern}" ${read.why}` };
}

export function packageProblem(pattern: string): Slip | undefined {
  if (pattern === "*" || /^(npm|pypi|oci|\*):./.test(pattern)) return undefined;
  return { message: `"${pattern}" does not say which registry`, fix: 'write npm:, pypi: or oci: before the name, such as "npm:@acme/*"' };
}

export function commandProblem(parts: readonly string[]): Slip | undefined {
  if (parts.slice(0, -1).includes("**")) return { message: '"**" takes the rest of the arguments, so it can only come last' };
  if (parts[0] === "**") return { message: '"**" alone matches every command', fix: 'to mean every local server, write kind: local' };
  if (/[\\/]|\.(cmd|exe|bat|ps1)$/i.test(parts[0]!)) return { message: `"${parts[0]}" can never match: commands are compared by file name, without folder and without .exe or .cmd` };
  return undefined;
}

export function clientProblem(pattern: string): Slip | undefined {
  if (globsOverlap(pattern, "app:*") || globsOverlap(pattern, "client:*")) return undefined;
  return { message: `"${pattern}" is no client`, fix: 'write "app:" and the origin of a web app, or "client:" and the name of a desktop client, such as "client:cursor"' };
}

export function webAppProblem(pattern: string): Slip | undefined {
  const read = readUrlPattern(pattern);
  if (!read.ok) return { message: `"${pattern}" ${read.why}` };
  return /^[^/]*:\/\/[^/]*(\/\*?)?$/.test(pattern) || pattern === "*" ? undefined : { message: `"${pattern}" has a path, and web apps are known by scheme and host only`, fix: 'write "https://chat.example" or "https://*.chat.example/*"' };
}

export function digestProblem(text: string): Slip | undefined {
  return /^[0-9a-f]{64}$/i.test(text) ? undefined : { message: `"${text}" is no SHA-256`, fix: "write all 64 hexadecimal digits" };
}

export function protocolProblem(pattern: string): Slip | undefined {
  return /^[0-9*-]+$/.test(pattern) ? undefined : { message: `"${pattern}" is no protocol version`, fix: 'write it as "2025-11-25" or "2025-*"' };
}

export function methodProblem(pattern: string): Slip | undefined {
  const known = Object.keys(METHODS);
  if (known.some((method) => glob(pattern).matches(method))) return undefined;
  // A vendor may have methods of its own; only what looks like a slip is refused.
  const near = nearestWord(pattern, [...known, ...new Set(known.map((method) => `${method.split("/")[0]}/*`))]);
  return near ? { message: `"${pattern}" is no method of MCP`, fix: `did you mean "${near}"?` } : undefined;
}

/** A class that no detector of this build reports would be a rule that never acts. */
export function classProblem(pattern: string): Slip | undefined {
  const known = Object.keys(CLASSES);
  if (known.some((name) => glob(pattern).matches(name))) return undefined;
  const near = nearestWord(pattern, [...known, ...new Set(known.map((name) => `${name.split(".")[0]}.*`))]);
  return { message: `no data class of this build matches "${pattern}"`, fix: near ? `did you mean "${near}"?` : `families are: ${[...new Set(known.map((name) => `${name.split(".")[0]}.*`))].join(", ")}` };
}

export function labelNameProblem(name: string, what: string): Slip | undefined {
  return /^[a-z][a-z0-9-]{0,63}$/.test(name) ? undefined : { message: `"${name}" is no name for a ${what}`, fix: "use lower-case letters, digits and -" };
}
