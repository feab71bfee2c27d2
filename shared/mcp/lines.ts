/** Newline framing for stdio: bounded, linear, bytes kept as they came (terminator included). */

export type LineFrame =
  | { readonly kind: "line"; /** Its bytes, in order. */ readonly parts: readonly Uint8Array[]; readonly size: number }
  /** A line longer than the bound. Its bytes are gone but for the two ends, one of which may show its id: some SDKs write it first, some last. */
  | { readonly kind: "oversize"; readonly bytes: number; readonly head: Uint8Array; readonly tail: Uint8Array };

export interface LineFramer {
  push(chunk: Uint8Array): LineFrame[];
  /** The unterminated rest, if any: a last line may come without its newline. */
  end(): LineFrame[];
}

const NEWLINE = 10;
const HEAD_BYTES = 4096;
const TAIL_BYTES = 1024;
/** So many pieces are joined into one: a sender that writes byte by byte must not cost an object a byte. */
const LOOSE_PIECES = 1024;

/** @param maxBytes longest line that is kept; longer ones are counted, not buffered. */
export function lineFramer(maxBytes: number): LineFramer {
  let pending: Uint8Array[] = [];
  let loose = 0;
  let size = 0;
  /** The two ends of a line that has passed the bound; what stands between is counted and forgotten. */
  let ends: { head: Uint8Array; tail: Uint8Array } | null = null;

  function take(last: Uint8Array): LineFrame {
    keep(last);
    const line: LineFrame = ends ? { kind: "oversize", bytes: size, ...ends } : { kind: "line", parts: pending, size };
    pending = [];
    loose = 0;
    size = 0;
    ends = null;
    return line;
  }

  function keep(part: Uint8Array): void {
    size += part.length;
    if (size <= maxBytes) {
      if (part.length > 0) pending.push(part);
      if (++loose === LOOSE_PIECES) {
        pending.push(join(pending.splice(-LOOSE_PIECES)));
        loose = 0;
      }
      return;
    }
    const head = ends?.head ?? firstBytes([...pending, part]);
    const tail = lastBytes(ends ? [ends.tail, part] : [...pending, part]);
    ends = { head, tail };
    pending = [];
  }

  return {
    push(chunk) {
      // Most messages come in one piece, alone.
      if (size === 0 && chunk.length > 0 && chunk.length <= maxBytes && chunk.indexOf(NEWLINE) === chunk.length - 1) return [{ kind: "line", parts: [chunk], size: chunk.length }];
      const frames: LineFrame[] = [];
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
        frames.push(take(chunk.subarray(from, at + 1)));
        from = at + 1;
      }
      if (from < chunk.length) keep(chunk.subarray(from));
      return frames;
    },
    end() {
      return size ? [take(new Uint8Array(0))] : [];
    },
  };
}

function firstBytes(parts: readonly Uint8Array[]): Uint8Array {
  return join(parts.map((part) => part.subarray(0, HEAD_BYTES))).slice(0, HEAD_BYTES);
}

function lastBytes(parts: readonly Uint8Array[]): Uint8Array {
  return join(parts.map((part) => part.subarray(Math.max(0, part.length - TAIL_BYTES)))).slice(-TAIL_BYTES);
}

/** All bytes of a line as one. */
export function wholeLine({ parts }: Extract<LineFrame, { kind: "line" }>): Uint8Array {
  return join(parts);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
