/** A registry as regedit would have it after importing files: stricter than the product's own reader, and written without looking at it. */
export type Imported = Map<string, Map<string, string | number>>;

/** @throws Error at the first line that is not exactly as regedit writes it */
export function importReg(bytes: Uint8Array, into: Imported = new Map()): Imported {
  if (bytes[0] !== 0xff || bytes[1] !== 0xfe) throw new Error("no byte order mark");
  const text = new TextDecoder("utf-16le", { fatal: true }).decode(bytes);
  const lines = text.split("\r\n");
  if (lines.some((line) => /[\r\n\0]/.test(line))) throw new Error("a line break that is not one");
  if (lines.shift() !== "Windows Registry Editor Version 5.00" || lines.shift() !== "") throw new Error("wrong head");
  let values: Map<string, string | number> | null = null;
  for (const line of lines) {
    if (line === "" || line.startsWith(";")) continue;
    if (line.startsWith("[-")) {
      const gone = line.slice(2, -1).toLowerCase();
      for (const path of into.keys()) if (path === gone || path.startsWith(`${gone}\\`)) into.delete(path);
      values = null;
    } else if (line.startsWith("[")) {
      if (!/^\[HKEY_LOCAL_MACHINE(\\[^\\[\]]+)+\]$/.test(line)) throw new Error(`no key: ${line}`);
      const path = line.slice(1, -1).toLowerCase();
      values = into.get(path) ?? new Map();
      into.set(path, values);
    } else {
      if (!values) throw new Error("a value outside a key");
      const [name, rest] = line.startsWith("@") ? ["", line.slice(1)] : readString(line);
      if (!rest.startsWith("=")) throw new Error(`no value: ${line}`);
      const data = rest.slice(1);
      if (data === "-") values.delete(name);
      else if (/^dword:[0-9a-f]{8}$/.test(data)) values.set(name, Number.parseInt(data.slice(6), 16));
      else {
        const [string, after] = readString(data);
        if (after !== "") throw new Error(`something after the value: ${line}`);
        values.set(name, string);
      }
    }
  }
  return into;
}

function readString(text: string): [value: string, rest: string] {
  if (text[0] !== '"') throw new Error(`no quote: ${text}`);
  let value = "";
  for (let at = 1; at < text.length; at += 1) {
    const char = text[at]!;
    if (char === '"') return [value, text.slice(at + 1)];
    if (char === "\\") {
      at += 1;
      if (text[at] !== "\\" && text[at] !== '"') throw new Error("unknown escape");
    }
    value += text[at]!;
  }
  throw new Error("an open quote");
}
