/** Where bundles are fetched from: any static HTTPS host or bucket, or a folder. Every answer is bounded in size and time. */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import { BundleError } from "./trouble.ts";

export type Fetched =
  | { readonly kind: "body"; readonly bytes: Buffer; readonly etag: string | null }
  /** It is what `etag` names. */
  | { readonly kind: "same" }
  | { readonly kind: "absent" };

export interface FetchBounds {
  readonly maxBytes: number;
  /** Answer "same" where the file is still this one. */
  readonly etag?: string | null;
}

export interface BundleSource {
  /** @throws BundleError `unreachable` or `too-large`. */
  fetch(name: string, bounds: FetchBounds): Promise<Fetched>;
}

export interface SourceOptions {
  /** For one file, its last byte included. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 20_000;
const MAX_ETAG = 200;
const LOOPBACK = new Set(["127.0.0.1", "[::1]", "localhost"]);
/** Buckets say 403 of what does not exist. */
const ABSENT = new Set([403, 404, 410]);

/** @param address `https://…` or `file://…`; plain `http://` reaches this computer only. */
export function openSource(address: string, { timeoutMs = TIMEOUT_MS }: SourceOptions = {}): Result<BundleSource> {
  if (!URL.canParse(address)) return fail("is no address");
  const url = new URL(address);
  // A query would be a secret in disguise (a signed link), and would end in logs. What is signed needs no secret to be fetched.
  if (url.username || url.password || url.search || url.hash) return fail("must be a plain address without user, query or fragment");
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  switch (url.protocol) {
    case "https:":
      return ok(webSource(url, timeoutMs));
    case "http:":
      return LOOPBACK.has(url.hostname) ? ok(webSource(url, timeoutMs)) : fail("must begin with https://");
    case "file:":
      return ok(folderSource(fileURLToPath(url)));
    default:
      return fail("must begin with https:// or file://");
  }
}

function webSource(base: URL, timeoutMs: number): BundleSource {
  return {
    async fetch(name, { maxBytes, etag }) {
      try {
        // A redirect could leave HTTPS, and a static host needs none.
        const response = await fetch(new URL(name, base), { redirect: "error", signal: AbortSignal.timeout(timeoutMs), headers: { "user-agent": "sluice", ...(etag ? { "if-none-match": etag } : {}) } });
        if (response.status === 304 && etag) return { kind: "same" };
        if (ABSENT.has(response.status)) {
          await response.body?.cancel();
          return { kind: "absent" };
        }
        if (!response.ok || !response.body) {
          await response.body?.cancel();
          throw new BundleError("unreachable", `the policy server answered ${response.status} to ${name}`);
        }
        const given = response.headers.get("etag");
        return { kind: "body", bytes: await bounded(response.body, maxBytes, name), etag: given && given.length <= MAX_ETAG ? given : null };
      } catch (error) {
        if (error instanceof BundleError) throw error;
        throw new BundleError("unreachable", `${base.host} did not hand out ${name} (${reason(error)})`);
      }
    },
  };
}

async function bounded(body: ReadableStream<Uint8Array>, maxBytes: number, name: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    // Leaving the loop cancels the stream.
    if (length > maxBytes) throw tooLarge(name, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(name: string, maxBytes: number): BundleError {
  return new BundleError("too-large", `${name} is larger than the ${maxBytes} bytes that it may have`);
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  if (error.name === "TimeoutError") return "it took too long";
  const { cause } = error;
  if (cause instanceof Error && "code" in cause) return String(cause.code);
  return cause instanceof Error ? cause.message.slice(0, 80) : "the connection broke";
}

function folderSource(folder: string): BundleSource {
  return {
    async fetch(name, { maxBytes, etag }) {
      try {
        const file = await open(join(folder, name), "r");
        try {
          if ((await file.stat()).size > maxBytes) throw tooLarge(name, maxBytes);
          const bytes = await file.readFile();
          const tag = createHash("sha256").update(bytes).digest("hex");
          return tag === etag ? { kind: "same" } : { kind: "body", bytes, etag: tag };
        } finally {
          await file.close();
        }
      } catch (error) {
        if (error instanceof BundleError) throw error;
        const code = (error as NodeJS.ErrnoException).code;
        if (code === "ENOENT") return { kind: "absent" };
        throw new BundleError("unreachable", `${name} cannot be read (${code ?? "unknown error"})`);
      }
    },
  };
}
