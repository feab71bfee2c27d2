/** The Windows registry as data, and as the text that regedit imports. */
export type RegistryValue = { readonly kind: "string"; readonly value: string } | { readonly kind: "dword"; readonly value: number };

export interface RegistryKey {
  /** `HKEY_LOCAL_MACHINE\SOFTWARE\…` */
  readonly path: string;
  /** By name; the empty name is the key's default value. */
  readonly values: ReadonlyMap<string, RegistryValue>;
}

export interface RegistryRemoval {
  /** Keys that go with all that is in them. */
  readonly keys: readonly string[];
  /** Single values that go out of keys that stay. */
  readonly values: readonly { readonly path: string; readonly name: string }[];
}

const HEADER = "Windows Registry Editor Version 5.00";

/** Lines starting with `;` are for people. */
export function regText(keys: readonly RegistryKey[], remarks: readonly string[] = []): string {
  const lines = [HEADER, "", ...remarks.map((remark) => `; ${plain(remark)}`), ...(remarks.length > 0 ? [""] : [])];
  for (const { path, values } of keys) {
    lines.push(`[${keyPath(path)}]`);
    for (const [name, value] of values) lines.push(`${name === "" ? "@" : quoted(name)}=${valueText(value)}`);
    lines.push("");
  }
  return lines.join("\r\n");
}

export function removalText({ keys, values }: RegistryRemoval): string {
  const lines = [HEADER, ""];
  for (const path of keys) lines.push(`[-${keyPath(path)}]`, "");
  for (const { path, name } of values) lines.push(`[${keyPath(path)}]`, `${quoted(name)}=-`, "");
  return lines.join("\r\n");
}

/** As regedit writes and reads it: UTF-16 with a byte order mark, so that every letter survives. */
export function regBytes(text: string): Uint8Array {
  return Buffer.from(`\ufeff${text}`, "utf16le");
}

function valueText(value: RegistryValue): string {
  switch (value.kind) {
    case "string":
      return quoted(value.value);
    case "dword":
      return `dword:${value.value.toString(16).padStart(8, "0")}`;
  }
}

function quoted(text: string): string {
  return `"${plain(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** In a key's name nothing can be escaped. */
function keyPath(path: string): string {
  if (/[[\]]/.test(path)) throw new Error("a registry key with a bracket in its name cannot be written");
  return plain(path);
}

function plain(text: string): string {
  if (/[\r\n\0]/.test(text)) throw new Error("a line break cannot stand in a registry file");
  return text;
}
