/** Synchronous digests for places without a synchronous crypto API (relay, worker). @noble/hashes: audited, no dependencies, no eval, 3 kB gzipped. */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** Lower-case hex SHA-256 of a string's UTF-8 bytes. */
export function sha256Hex(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

/** Keyed hash of a value that must be recognised again but never stored: HMAC-SHA-256, first 16 hex digits. A plain hash of a short secret is guessable, hence the key. */
export function fingerprint(key: Uint8Array, value: string): string {
  return bytesToHex(hmac(sha256, key, utf8ToBytes(value))).slice(0, 16);
}
