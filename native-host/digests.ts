/** Gives the pure parts Node's own digests. */
import { createHmac, hash } from "node:crypto";
import { useDigests, type Digests } from "../shared/base/digest.ts";

/** Half of a surrogate pair becomes the same replacement character as in the portable digests: both encode as UTF-8 does. */
export const NODE_DIGESTS: Digests = {
  sha256: (text) => hash("sha256", text, "hex"),
  hmac: (key, text) => createHmac("sha256", key).update(text, "utf8").digest("hex"),
};

export function installDigests(): void {
  useDigests(NODE_DIGESTS);
}
