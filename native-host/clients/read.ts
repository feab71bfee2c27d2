/** Reads one configuration file into plain data, whatever is wrong with it. Messages carry places and kinds of faults, never text out of the file: it may hold secrets. */
import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { parse as parseJson, printParseErrorCode, type ParseError } from "jsonc-parser";
import { parse as parseToml, TomlError } from "smol-toml";
import { LineCounter, parseDocument } from "yaml";
import { fail, ok, type Result } from "../../shared/base/result.ts";

export type Format = "json" | "toml" | "yaml";

export interface ReadFault {
  readonly message: string;
  readonly line?: number;
  readonly fix: string;
}

export const MAX_CONFIG_BYTES = 20 * 1024 * 1024;

/** @returns the parsed content; `null` for an empty file; `undefined` when there is no file. */
export async function readConfig(file: string, format: Format): Promise<Result<unknown, ReadFault>> {
  const bytes = await readBytes(file);
  if (!bytes.ok) return bytes;
  if (bytes.value === undefined) return ok(undefined);
  const text = decode(bytes.value);
  if (text === undefined) return fail({ message: "is not text in UTF-8", fix: "Save the file as UTF-8." });
  return parseConfig(text, format);
}

/** Text in, data out; exported for whoever already holds the text. */
export function parseConfig(text: string, format: Format): Result<unknown, ReadFault> {
  if (text.trim() === "") return ok(null);
  try {
    switch (format) {
      case "json":
        return fromJson(text);
      case "toml":
        return fromToml(text);
      case "yaml":
        return fromYaml(text);
    }
  } catch (error) {
    if (error instanceof RangeError) return fail({ message: "is nested too deeply to read", fix: "Simplify the file." });
    return fail({ message: `cannot be read as ${format.toUpperCase()}`, fix: `Correct the file so that it is valid ${format.toUpperCase()}.` });
  }
}

async function readBytes(file: string): Promise<Result<Uint8Array | undefined, ReadFault>> {
  try {
    // Looking before opening: even to open a device or a pipe can do something.
    const info = await stat(file);
    if (!info.isFile()) return fail({ message: "is not a regular file", fix: "Replace it by a plain file, or remove it." });
    if (info.size > MAX_CONFIG_BYTES) return fail(tooLarge());
    const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0));
    try {
      if (!(await handle.stat()).isFile()) return fail({ message: "is not a regular file", fix: "Replace it by a plain file, or remove it." });
      const parts: Uint8Array[] = [];
      let size = 0;
      for (;;) {
        const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(64 * 1024));
        if (bytesRead === 0) break;
        size += bytesRead;
        if (size > MAX_CONFIG_BYTES) return fail(tooLarge());
        parts.push(buffer.subarray(0, bytesRead));
      }
      return ok(Buffer.concat(parts));
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return ok(undefined);
    if (code === "EACCES" || code === "EPERM") return fail({ message: "may not be read by this user", fix: "Give yourself read permission, or run the command as the file's owner." });
    return fail({ message: `cannot be opened (${code ?? "unknown reason"})`, fix: "Check the file and its folder." });
  }
}

function tooLarge(): ReadFault {
  return { message: `is larger than ${MAX_CONFIG_BYTES / 1024 / 1024} MiB`, fix: "A configuration is small: check what writes to this file." };
}

function decode(bytes: Uint8Array): string | undefined {
  // Windows PowerShell writes UTF-16 when it redirects into a file.
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function fromJson(text: string): Result<unknown, ReadFault> {
  const errors: ParseError[] = [];
  const value: unknown = parseJson(text, errors, { allowTrailingComma: true, allowEmptyContent: true });
  const first = errors[0];
  if (!first) return ok(value ?? null);
  const line = text.slice(0, first.offset).split("\n").length;
  const what = printParseErrorCode(first.error).replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return fail({ message: `is not valid JSON: ${what}`, line, fix: `Correct line ${line}.` });
}

function fromToml(text: string): Result<unknown, ReadFault> {
  try {
    return ok(parseToml(text));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return fail({ message: "is not valid TOML", line: error.line, fix: `Correct line ${error.line}.` });
  }
}

function fromYaml(text: string): Result<unknown, ReadFault> {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: "silent" });
  const first = document.errors[0];
  if (!first) return ok(document.toJS({ maxAliasCount: 100 }));
  const { line } = lineCounter.linePos(first.pos[0]);
  return fail({ message: `is not valid YAML: ${first.code.replaceAll("_", " ").toLowerCase()}`, line, fix: `Correct line ${line}.` });
}
