/** Newline framing for stdio: bounded, linear, bytes kept as they came (terminator included). */

export type LineFrame =
  | { readonly kind: "line"; readonly bytes: Uint8Array }
  /** A line longer than the bound. Its bytes are gone but for the head, which may show its id. */
  | { readonly kind: "oversize"; readonly bytes: number; readonly head: Uint8Array };

export interface LineFramer {
  push(chunk: Uint8Array): LineFrame[];
  /** The unterminated rest, if any: a last line may come without its newline. */
  end(): LineFrame[];
}

const NEWLINE = 10;
const HEAD_BYTES = 4096;

/** @param maxBytes longest line that is kept; longer ones are counted, not buffered. */
export function lineFramer(maxBytes: number): LineFramer {
  let pending: Uint8Array[] = [];
  let size = 0;

  function take(tail: Uint8Array): LineFrame {
    const total = size + tail.length;
    const parts = pending;
    pending = [];
    size = 0;
    if (total > maxBytes) return { kind: "oversize", bytes: total, head: join([...parts, tail.subarray(0, HEAD_BYTES)]).slice(0, HEAD_BYTES) };
    return { kind: "line", bytes: parts.length ? join([...parts, tail]) : tail };
  }

  function keep(rest: Uint8Array): void {
    size += rest.length;
    if (size > maxBytes) {
      // Past the bound only the head matters: what follows is counted and forgotten.
      pending = [join([...pending, rest.subarray(0, HEAD_BYTES)]).slice(0, HEAD_BYTES)];
    } else {
      pending.push(rest);
    }
  }

  return {
    push(chunk) {
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
