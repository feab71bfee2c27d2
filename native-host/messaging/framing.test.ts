import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeFrame, frameDecoder, MAX_OUT, type Frame } from "./framing.ts";

function bytesOf(value: unknown): Uint8Array {
  const frame = encodeFrame(value);
  if (!frame.ok) throw new Error(frame.why);
  return frame.value;
}

function raw(body: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(body.length & 255, (body.length >> 8) & 255, (body.length >> 16) & 255, body.length >>> 24), body]);
}

/** Cuts the stream at the given places and collects all frames. */
function decode(stream: Uint8Array, cuts: readonly number[], max?: number): Frame[] {
  const decoder = frameDecoder(max);
  const frames: Frame[] = [];
  let at = 0;
  for (const cut of [...cuts.map((n) => n % (stream.length + 1)).sort((a, b) => a - b), stream.length]) {
    frames.push(...decoder.push(stream.subarray(at, cut)));
    at = cut;
  }
  return frames;
}

const cuts = fc.array(fc.nat(), { maxLength: 12 });

test("messages survive any cutting of the stream, in order", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 6 }), cuts, (values, places) => {
      const frames = decode(Buffer.concat(values.map(bytesOf)), places);
      // -0 is written as 0: that is JSON, not framing.
      expect(frames).toEqual(values.map((value) => ({ kind: "message", value: JSON.parse(JSON.stringify(value)) as unknown })));
    }),
  );
});

test("one byte at a time equals all at once", () => {
  const stream = Buffer.concat([bytesOf({ kind: "ping", nonce: "äöü 😀" }), bytesOf([]), bytesOf("")]);
  expect(decode(stream, Array.from(stream, (_, i) => i))).toEqual(decode(stream, []));
});

test("a frame that is not JSON or not UTF-8 is reported without its text, and the next one is read", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), cuts, (noise, places) => {
      const frames = decode(Buffer.concat([raw(noise), bytesOf({ after: true })]), places);
      expect(frames).toHaveLength(2);
      expect(frames[0]!.kind).not.toBe("broken");
      expect(frames[1]).toEqual({ kind: "message", value: { after: true } });
    }),
  );
  const secret = ["not", "json", "secret"].join("-");
  expect(JSON.stringify(decode(raw(Buffer.from(secret)), []))).not.toContain("secret");
  expect(decode(raw(Uint8Array.of(0x22, 0xff, 0x22)), [])).toEqual([{ kind: "malformed", why: "3 bytes that are not UTF-8" }]);
});

test("a length beyond the bound ends the stream at once, before any body is kept", () => {
  const decoder = frameDecoder(10);
  const [frame] = decoder.push(Uint8Array.of(11, 0, 0, 0));
  expect(frame).toMatchObject({ kind: "broken" });
  expect(decoder.pending).toBe(0);
  expect(decoder.push(bytesOf(1))).toEqual([]);
  expect(decode(Uint8Array.of(255, 255, 255, 255), [])).toMatchObject([{ kind: "broken" }]);
});

test("the largest message the browser takes is sent, one byte more is refused", () => {
  expect(encodeFrame("x".repeat(MAX_OUT - 2)).ok).toBe(true);
  expect(encodeFrame("x".repeat(MAX_OUT - 1)).ok).toBe(false);
  expect(encodeFrame("ä".repeat(MAX_OUT / 2)).ok).toBe(false);
});
