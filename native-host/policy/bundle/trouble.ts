/** What can be wrong with signed bundles, as codes for programs and words for people. */

export type TroubleCode =
  /** Nobody answered, or not in time, or with a failure of the server's own. */
  | "unreachable"
  /** More bytes than such a file may have. */
  | "too-large"
  /** Not signed by enough of the keys that are trusted. */
  | "signature"
  /** Good signatures, but of something older than what this machine has seen. */
  | "rollback"
  /** Good signatures whose time is over: somebody may hold newer ones back. */
  | "expired"
  /** Files that do not belong together, or were changed on the way. */
  | "mismatch"
  /** Not what the pinned digest names. */
  | "wrong-root"
  /** A file that the others name is not there, or is no such file. */
  | "broken"
  /** Lower than the machine's own lowest revision. */
  | "below-minimum"
  /** Nothing is published for this machine's channel. */
  | "no-release"
  /** Good signatures around a policy that does not hold up. */
  | "policy";

export interface Trouble {
  readonly code: TroubleCode;
  /** One plain sentence: what is wrong and what to do. Never a URL query, never a value out of a file. */
  readonly text: string;
}

/** A source that does not answer is waited for; everything else is a refusal that people must see. */
export function isRefusal({ code }: Trouble): boolean {
  return code !== "unreachable";
}

export class BundleError extends Error {
  readonly trouble: Trouble;
  constructor(code: TroubleCode, text: string) {
    super(text);
    this.trouble = { code, text };
  }
}
