/** Base64 without `atob`, which the places we run in do not share. */
const VALUES = new Int8Array(128).fill(-1);
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
for (let i = 0; i < 64; i++) VALUES[ALPHABET.charCodeAt(i)] = i;
VALUES["-".charCodeAt(0)] = 62;
VALUES["_".charCodeAt(0)] = 63;

/** Is this character code one of either alphabet? */
export function isBase64(code: number): boolean {
  return code < 128 && VALUES[code]! >= 0;
}

/** Decodes what it can, of either alphabet; characters outside the alphabet (line ends, padding) are skipped. */
export function fromBase64(text: string): Uint8Array {
  const bytes = new Uint8Array((text.length * 3) >> 2);
  let length = 0, bits = 0, buffer = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const value = code < 128 ? VALUES[code]! : -1;
    if (value < 0) continue;
    buffer = ((buffer << 6) | value) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[length++] = (buffer >> bits) & 0xff;
    }
  }
  return bytes.subarray(0, length);
}

const STANDARD = /^[A-Za-z0-9+/]*=*$/;

/** Null: not base64 of the standard alphabet. */
export function decodeBase64(text: string): Uint8Array | null {
  return STANDARD.test(text) ? fromBase64(text) : null;
}

/** Standard alphabet with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let out = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const triple = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    out += ALPHABET[triple >> 18]! + ALPHABET[(triple >> 12) & 63]! + (i + 1 < bytes.length ? ALPHABET[(triple >> 6) & 63]! : "=") + (i + 2 < bytes.length ? ALPHABET[triple & 63]! : "=");
  }
  return out;
}

/** Standard alphabet with padding; of ASCII text, whose UTF-8 bytes are its characters. */
export function asciiToBase64(text: string): string {
  return encodeBase64(new TextEncoder().encode(text));
}
