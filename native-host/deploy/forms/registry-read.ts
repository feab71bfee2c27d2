/** Reads what `reg export` and regedit write. */
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import type { RegistryKey, RegistryValue } from "./registry.ts";

/** UTF-16 with its mark as Windows writes it, or UTF-8. @returns a sentence when it is neither */
export function regFileText(bytes: Uint8Array): Result<string> {
  try {
    if (bytes[0] === 0xff && bytes[1] === 0xfe) return ok(new TextDecoder("utf-16le", { fatal: true }).decode(bytes));
    return ok(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return fail("is neither UTF-16 nor UTF-8 text");
  }
}

/** Values of kinds that policies never have (binary, multiple strings) are left out: they are no policy, and they stay on the machine. */
export function parseReg(text: string): Result<RegistryKey[]> {
  // A backslash at the end of a line goes on in the next one (long binary values).
  const lines = text.replace(/\\\r?\n[ \t]*/g, "").split(/\r?\n/);
  if (!/^(Windows Registry Editor Version 5\.00|REGEDIT4)$/.test(lines[0]?.trim() ?? "")) return fail(`is no registry export (its first line must be "Windows Registry Editor Version 5.00")`);
  const keys: { path: string; values: Map<string, RegistryValue> }[] = [];
  for (const [at, line] of lines.slice(1).entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith(";")) continue;
    const section = /^\[([^[\]]+)\]$/.exec(trimmed)?.[1];
    if (section !== undefined) {
      keys.push({ path: section, values: new Map() });
      continue;
    }
    const assigned = /^(?:@|"((?:[^"\\]|\\.)*)")=(.*)$/.exec(trimmed);
    const key = keys.at(-1);
    if (!assigned || !key) return fail(`cannot be read: line ${at + 2} is neither a key nor a value`);
    const value = readValue(assigned[2]!);
    if (value) key.values.set(unescaped(assigned[1] ?? ""), value);
  }
  return ok(keys);
}

function readValue(text: string): RegistryValue | null {
  const dword = /^dword:([0-9a-f]{1,8})$/i.exec(text)?.[1];
  if (dword !== undefined) return { kind: "dword", value: Number.parseInt(dword, 16) };
  const string = /^"((?:[^"\\]|\\.)*)"$/.exec(text)?.[1];
  return string === undefined ? null : { kind: "string", value: unescaped(string) };
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, "$1");
}
