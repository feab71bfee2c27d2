/** Synchronous digests. For places without a synchronous crypto API (relay, worker) from @noble/hashes: audited, no dependencies, no eval, 3 kB gzipped. A place that has its own (Node) says so: it is several times as fast. */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** Lower-case hex of SHA-256 and HMAC-SHA-256, over a string's UTF-8 bytes. */
export interface Digests {
  sha256(text: string): string;
  hmac(key: Uint8Array, text: string): string;
}

const PORTABLE: Digests = {
  sha256: (text) => bytesToHex(sha256(utf8ToBytes(text))),
  hmac: (key, text) => bytesToHex(hmac(sha256, key, utf8ToBytes(text))),
};

let digests = PORTABLE;

/** Null: the portable ones. */
export function useDigests(own: Digests | null): void {
  digests = own ?? PORTABLE;
}

/** Lower-case hex SHA-256 of a string's UTF-8 bytes. */
export function sha256Hex(text: string): string {
  return digests.sha256(text);
}

/** Keyed hash of a value that must be recognised again but never stored: HMAC-SHA-256, first 16 hex digits. A plain hash of a short secret is guessable, hence the key. */
export function fingerprint(key: Uint8Array, value: string): string {
  return digests.hmac(key, value).slice(0, 16);
}
