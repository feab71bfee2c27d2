/** Gives the pure parts Node's own digests. */
import { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import { useDigests, type Digests } from "../shared/base/digest.ts";

const BLOCK = 64;

/** The two blocks that an HMAC begins with (RFC 2104), per key: `createHmac` makes a key object for every value, which takes longer than both hashes. */
const padded = new WeakMap<Uint8Array, readonly [inner: Buffer, outer: Buffer]>();

function padsOf(key: Uint8Array): readonly [inner: Buffer, outer: Buffer] {
  let pads = padded.get(key);
  if (!pads) {
    const block = Buffer.alloc(BLOCK);
    block.set(key.length > BLOCK ? hash("sha256", key, "buffer") : key);
    pads = [Buffer.from(block.map((byte) => byte ^ 0x36)), Buffer.from(block.map((byte) => byte ^ 0x5c))];
    padded.set(key, pads);
  }
  return pads;
}

/** Half of a surrogate pair becomes the same replacement character as in the portable digests: both encode as UTF-8 does. */
export const NODE_DIGESTS: Digests = {
  sha256: (text) => hash("sha256", text, "hex"),
  hmac(key, text) {
    const [inner, outer] = padsOf(key);
    return hash("sha256", Buffer.concat([outer, hash("sha256", Buffer.concat([inner, Buffer.from(text, "utf8")]), "buffer")]), "hex");
  },
};

export function installDigests(): void {
  useDigests(NODE_DIGESTS);
}
