/** Compressed bodies (RFC 9110, "Content-Encoding"), opened to be judged. */
import { once } from "node:events";
import type { Transform } from "node:stream";
import { constants, createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";

/** What is understood besides none at all. */
export const ENCODINGS = ["gzip", "deflate", "br", "zstd"] as const;

export type DecodedBody =
  | { readonly kind: "read"; readonly bytes: Buffer }
  /** More than the bound comes out of it. `head`: its beginning. */
  | { readonly kind: "oversize"; readonly head: Buffer }
  | { readonly kind: "broken" }
  | { readonly kind: "unknown" };

export function isKnownEncoding(encoding: string): boolean {
  return decoderOf(encoding) !== undefined;
}

/** Each piece is given as soon as it is there: streams stream. Null: nothing to decode. Undefined: an encoding that is not known, or several. */
export function decoderOf(encoding: string): Transform | null | undefined {
  switch (encoding.trim().toLowerCase()) {
    case "":
    case "identity":
      return null;
    case "gzip":
    case "x-gzip":
      return createGunzip({ flush: constants.Z_SYNC_FLUSH });
    case "deflate":
      return createInflate({ flush: constants.Z_SYNC_FLUSH });
    case "br":
      return createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH });
    case "zstd":
      return createZstdDecompress({ flush: constants.ZSTD_e_flush });
    default:
      return undefined;
  }
}

/** Takes no more out of a body than `maxBytes`, however much is in it. Never rejects. */
export async function decodeBody(body: Buffer, encoding: string, maxBytes: number): Promise<DecodedBody> {
  const decoder = decoderOf(encoding);
  if (decoder === undefined) return { kind: "unknown" };
  if (decoder === null) return { kind: "read", bytes: body };
  const ended = once(decoder, "close").catch(() => undefined);
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    decoder.end(body);
    for await (const piece of decoder as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size > maxBytes) return { kind: "oversize", head: pieces[0] ?? piece };
      pieces.push(piece);
    }
    return { kind: "read", bytes: Buffer.concat(pieces) };
  } catch {
    return { kind: "broken" };
  } finally {
    decoder.destroy();
    await ended;
  }
}
