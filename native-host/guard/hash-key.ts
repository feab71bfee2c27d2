/** The key of this user's fingerprints: made once, readable by its owner only. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Several guards may start at once: whoever creates the file first wins, the others read it. */
export function readHashKey(stateDir: string): Uint8Array {
  const file = join(stateDir, "hash.key");
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, randomBytes(32).toString("hex"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const key = Buffer.from(readFileSync(file, "utf8").trim(), "hex");
  // Another guard may be between creating and filling the file; a key of this process's own is better than none.
  return key.length === 32 ? key : randomBytes(32);
}
