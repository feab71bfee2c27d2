/** Ids of the extension as this checkout, or the package that this command came in, has built it. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface BuiltIds {
  /** Null: nothing is built here. */
  readonly chromium: string | null;
  readonly firefox: string;
}

export function builtIds(): BuiltIds {
  const here = dirname(fileURLToPath(import.meta.url));
  // Beside the built host, or in the checkout that these sources lie in.
  const folders = [join(here, ".."), join(here, "..", "..", "..", ".output")];
  const manifest = folders.map((folder) => join(folder, "chrome-mv3", "manifest.json")).find((file) => existsSync(file));
  return { chromium: manifest === undefined ? null : idIn(manifest), firefox: "sluice@sluice.dev" };
}

/** Chromium derives the id from the key in the manifest: the digits of its hash, written with letters from a to p. */
function idIn(file: string): string | null {
  try {
    const { key } = JSON.parse(readFileSync(file, "utf8")) as { key?: unknown };
    if (typeof key !== "string") return null;
    const hex = createHash("sha256").update(Buffer.from(key, "base64")).digest("hex").slice(0, 32);
    return [...hex].map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 16))).join("");
  } catch {
    return null;
  }
}
