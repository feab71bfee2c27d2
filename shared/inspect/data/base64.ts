/** Base64 (both alphabets, padding optional) without `atob`, which the places we run in do not share. */
const VALUES = new Int8Array(128).fill(-1);
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
for (let i = 0; i < 64; i++) VALUES[ALPHABET.charCodeAt(i)] = i;
VALUES["-".charCodeAt(0)] = 62;
VALUES["_".charCodeAt(0)] = 63;

export function isBase64(code: number): boolean {
  return code < 128 && VALUES[code]! >= 0;
}

/** Decodes what it can; characters outside the alphabet (line ends, padding) are skipped. */
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

/** Standard alphabet with padding; ASCII input only. */
export function asciiToBase64(text: string): string {
  let out = "";
  for (let i = 0; i < text.length; i += 3) {
    const left = text.length - i;
    const chunk = (text.charCodeAt(i) << 16) | ((left > 1 ? text.charCodeAt(i + 1) : 0) << 8) | (left > 2 ? text.charCodeAt(i + 2) : 0);
    out += ALPHABET[chunk >> 18]! + ALPHABET[(chunk >> 12) & 63]! + (left > 1 ? ALPHABET[(chunk >> 6) & 63]! : "=") + (left > 2 ? ALPHABET[chunk & 63]! : "=");
  }
  return out;
}
