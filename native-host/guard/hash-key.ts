/** The key of this user's fingerprints: made once, readable by its owner only. */
import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const KEY_BYTES = 32;

/** Several guards may start at once: whoever puts the file there first wins, the others read it. Never throws: where nothing can be kept, a key of this process alone still keeps its fingerprints from being guessed. */
export function readHashKey(stateDir: string): Uint8Array {
  const file = join(stateDir, "hash.key");
  const draft = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const fresh = randomBytes(KEY_BYTES);
  try {
    return readKey(file);
  } catch {
    // There is none yet, or none that can be read.
  }
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    writeFileSync(draft, fresh.toString("hex"), { mode: 0o600, flag: "wx" });
    try {
      // Puts it there whole or not at all, and never over another's.
      linkSync(draft, file);
    } finally {
      unlinkSync(draft);
    }
  } catch {
    // Somebody else was first, or the folder cannot be written.
  }
  try {
    return readKey(file);
  } catch {
    return fresh;
  }
}

function readKey(file: string): Uint8Array {
  const key = Buffer.from(readFileSync(file, "utf8").trim(), "hex");
  if (key.length !== KEY_BYTES) throw new Error("no key");
  return key;
}
