/** Bytes of a policy file from disk, with the questions that must be asked of the file itself: who may write it? */
import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** What stands at a policy's place. */
export type PolicyFile =
  | { readonly kind: "absent" }
  /** There, but it may not or cannot be used. */
  | { readonly kind: "refused"; readonly path: string; readonly why: string }
  | { readonly kind: "text"; readonly path: string; readonly text: string };

const MAX_BYTES = 8 * 1024 * 1024;
const WRITABLE_BY_ALL = 0o002;
const WRITABLE_BY_OTHERS = 0o022;

/** @param owner user id that must own file and folder, and alone may write them; undefined: anybody may own it, but not everybody may write it. */
export async function readPolicyFile(path: string, owner?: number): Promise<PolicyFile> {
  const refused = (why: string): PolicyFile => ({ kind: "refused", path, why });
  try {
    // Asked of the open file, so that nobody can swap it between question and reading.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const facts = await file.stat();
      if (!facts.isFile()) return refused(`${path} is not a file`);
      if (facts.size > MAX_BYTES) return refused(`${path} is larger than ${MAX_BYTES} bytes`);
      const why = process.platform === "win32" ? null : (tooOpen(facts, owner, path) ?? (owner === undefined ? null : tooOpen(await stat(dirname(path)), owner, `the folder ${dirname(path)}`)));
      if (why) return refused(why);
      return { kind: "text", path, text: new TextDecoder("utf-8", { fatal: true }).decode(await file.readFile()) };
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "absent" };
    if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return refused(`${path} is not UTF-8 text`);
    return refused(`${path} cannot be read (${code || "unknown error"})`);
  }
}

function tooOpen(facts: { readonly mode: number; readonly uid: number }, owner: number | undefined, what: string): string | null {
  if (owner !== undefined && facts.uid !== owner) return `${what} does not belong to ${owner === 0 ? "root" : `user ${owner}`}`;
  if (owner !== undefined && facts.mode & WRITABLE_BY_OTHERS) return `${what} can be written by others; run: chmod go-w`;
  if (facts.mode & WRITABLE_BY_ALL) return `${what} can be written by everybody; run: chmod o-w`;
  return null;
}

/** Changes whenever the file does (or appears, or goes). */
export async function signatureOf(path: string): Promise<string> {
  try {
    const { mtimeNs, ctimeNs, size, ino } = await stat(path, { bigint: true });
    return `${mtimeNs}.${ctimeNs}.${size}.${ino}`;
  } catch {
    return "none";
  }
}
