/** UUIDv7 (RFC 9562): sorts by time, so that records of several writers merge by id. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** @param ms Unix time in milliseconds. @param random at least 10 random bytes. */
export function uuidv7(ms: number, random: Uint8Array): string {
  const bytes = new Uint8Array(16);
  let rest = ms;
  for (let i = 5; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes.set(random.subarray(0, 10), 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = Array.from(bytes, (byte) => HEX[byte]).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Makes ids that always grow, also within one millisecond and when the clock steps back, so that merging by id keeps a writer's order. @param random gives so many random bytes. */
export function uuidSequence(random: (bytes: number) => Uint8Array): (ms: number) => string {
  let last = 0;
  let counter = 0;
  return (ms) => {
    const bytes = random(10);
    if (ms > last) {
      last = ms;
      counter = ((bytes[0]! << 8) | bytes[1]!) & 0x3ff; // starts low: room to count up
    } else if (++counter > 0xfff) {
      last++;
      counter = 0;
    }
    bytes[0] = counter >> 8;
    bytes[1] = counter & 0xff;
    return uuidv7(last, bytes);
  };
}
