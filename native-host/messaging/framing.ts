/** Native messaging frames: a 4-byte little-endian length, then that many bytes of UTF-8 JSON. Every platform that browsers and Node run on is little-endian. */
import { fail, ok, type Result } from "../../shared/base/result.ts";

/** Browser to host, per message (Chromium's bound). */
export const MAX_IN = 64 * 1024 * 1024;
/** Host to browser, per message: one byte more and Chromium cuts the connection. */
export const MAX_OUT = 1024 * 1024;

export type Frame =
  | { readonly kind: "message"; readonly value: unknown }
  /** A whole frame that is not UTF-8 JSON; the next one is found all the same. */
  | { readonly kind: "malformed"; readonly why: string }
  /** The length itself cannot be believed, so the place of the next frame is not known: the stream is over. */
  | { readonly kind: "broken"; readonly why: string };

export interface FrameDecoder {
  /** Takes the next bytes and returns the frames that they complete. After a `broken` frame: always empty. */
  push(chunk: Uint8Array): Frame[];
  /** Bytes that wait for the rest of their frame. */
  readonly pending: number;
}

export function frameDecoder(max: number = MAX_IN): FrameDecoder {
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let chunks: Uint8Array[] = [];
  let pending = 0;
  let length = -1; // of the frame being read; -1: its header is not complete
  let broken = false;

  /** Takes `size` bytes from the front; copies only what spans chunks. */
  function take(size: number): Uint8Array {
    pending -= size;
    const first = chunks[0];
    if (first && first.length >= size) {
      if (first.length === size) chunks.shift();
      else chunks[0] = first.subarray(size);
      return first.subarray(0, size);
    }
    const out = new Uint8Array(size);
    let at = 0;
    let used = 0;
    while (at < size) {
      const chunk = chunks[used]!;
      const part = chunk.subarray(0, size - at);
      out.set(part, at);
      at += part.length;
      if (part.length === chunk.length) used++;
      else chunks[used] = chunk.subarray(part.length);
    }
    chunks = chunks.slice(used);
    return out;
  }

  function read(bytes: Uint8Array): Frame {
    try {
      return { kind: "message", value: JSON.parse(utf8.decode(bytes)) as unknown };
    } catch (error) {
      // V8's message for broken JSON quotes the text; what we protect may stand there.
      return { kind: "malformed", why: error instanceof SyntaxError ? `${bytes.length} bytes that are not JSON` : `${bytes.length} bytes that are not UTF-8` };
    }
  }

  return {
    get pending() {
      return pending;
    },
    push(chunk) {
      const frames: Frame[] = [];
      if (broken || chunk.length === 0) return frames;
      chunks.push(chunk);
      pending += chunk.length;
      for (;;) {
        if (length < 0) {
          if (pending < 4) return frames;
          const header = take(4);
          length = header[0]! + header[1]! * 0x100 + header[2]! * 0x10000 + header[3]! * 0x1000000;
          if (length > max) {
            broken = true;
            chunks = [];
            pending = 0;
            frames.push({ kind: "broken", why: `a message of ${length} bytes was announced; at most ${max} are taken` });
            return frames;
          }
        }
        if (pending < length) return frames;
        const size = length;
        length = -1;
        frames.push(read(take(size)));
      }
    },
  };
}

/** One frame, header included; fails when the browser would refuse it. */
export function encodeFrame(value: unknown, max: number = MAX_OUT): Result<Uint8Array<ArrayBuffer>> {
  const body = new TextEncoder().encode(JSON.stringify(value));
  if (body.length > max) return fail(`a message of ${body.length} bytes is longer than the ${max} that may be sent`);
  const frame = new Uint8Array(4 + body.length);
  new DataView(frame.buffer).setUint32(0, body.length, true);
  frame.set(body, 4);
  return ok(frame);
}
