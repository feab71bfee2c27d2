/** UUIDv7 (RFC 9562): sorts by time, so that records of several writers merge by id. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** @param ms Unix time in milliseconds. @param random at least 10 random bytes. */
export function uuidv7(ms: number, random: Uint8Array): string {
  return timePart(ms) + randomPart(0x70 | (random[0]! & 0x0f), random[1]!, random);
}

/** The first 48 bits with their dash. */
function timePart(ms: number): string {
  const high = Math.floor(ms / 0x10000);
  const low = ms % 0x10000;
  return `${HEX[(high >>> 24) & 0xff]!}${HEX[(high >>> 16) & 0xff]!}${HEX[(high >>> 8) & 0xff]!}${HEX[high & 0xff]!}-${HEX[low >>> 8]!}${HEX[low & 0xff]!}-`;
}

function randomPart(sixth: number, seventh: number, random: Uint8Array): string {
  return `${HEX[sixth]!}${HEX[seventh]!}-${HEX[0x80 | (random[2]! & 0x3f)]!}${HEX[random[3]!]!}-${HEX[random[4]!]!}${HEX[random[5]!]!}${HEX[random[6]!]!}${HEX[random[7]!]!}${HEX[random[8]!]!}${HEX[random[9]!]!}`;
}

/** Makes ids that always grow, also within one millisecond and when the clock steps back, so that merging by id keeps a writer's order. @param random gives so many random bytes. */
export function uuidSequence(random: (bytes: number) => Uint8Array): (ms: number) => string {
  let last = 0;
  let counter = 0;
  let time = timePart(0); // of `last`: several ids fall into one millisecond
  return (ms) => {
    const bytes = random(10);
    if (ms > last) {
      time = timePart((last = ms));
      counter = ((bytes[0]! << 8) | bytes[1]!) & 0x3ff; // starts low: room to count up
    } else if (++counter > 0xfff) {
      time = timePart(++last);
      counter = 0;
    }
    return time + randomPart(0x70 | (counter >> 8), counter & 0xff, bytes);
  };
}
