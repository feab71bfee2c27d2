/** Reads a page's `fetch(input, init)` once, as far as needed to tell whether it may be MCP. */
import {
  absolute, blobBuffer, blobSize, blobType, brand, construct, decodeWith, headersForEach, headersGet, indexOf, isView, lowerCase, NativeDecoder, NativeHeaders, NativePromise,
  NativeRequest, requestBody, requestBuffer, requestClone, requestHeaders, requestMethod, requestUrl, slice, then, upperCase,
} from "./captured.ts";

export interface FetchCall {
  readonly method: string;
  readonly url: string;
  /** `name: value` lines; of `authorization` only the scheme. */
  readonly headers: string;
  /** Own copy of the page's init: read once, sent as judged. */
  readonly input: RequestInfo | URL;
  readonly init: RequestInit | undefined;
  readonly body: Promise<BodyText> | BodyText;
}

export type BodyText = { readonly kind: "none" | "opaque" } | { readonly kind: "text"; readonly text: string };

const INIT_KEYS = ["method", "headers", "body", "mode", "credentials", "cache", "redirect", "referrer", "referrerPolicy", "integrity", "keepalive", "signal", "window", "duplex", "priority", "targetAddressSpace"] as const;
const NONE: BodyText = { kind: "none" };
const OPAQUE: BodyText = { kind: "opaque" };
/** Larger bodies are judged by size alone, in the relay. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** Null: surely not MCP; the page's own arguments go to the real fetch untouched. */
export function readCall(input: RequestInfo | URL, init: RequestInit | undefined): FetchCall | null {
  const request = input instanceof NativeRequest ? input : null;
  // Most calls of most pages end here: no init, no body, nothing to judge.
  if (!request && init === undefined) return null;
  const method = upperCase(`${(init && init.method) || (request ? requestMethod(request) : "GET")}`);
  const given = init && init.headers;
  const headers = given || request ? (construct(NativeHeaders, [given || requestHeaders(request!)]) as Headers) : null;
  const body = init && init.body;
  const hasMark = headers !== null && (headersGet(headers, "mcp-session-id") !== null || headersGet(headers, "mcp-protocol-version") !== null || headersGet(headers, "mcp-method") !== null);

  if (method !== "POST") {
    const stream = headers !== null && indexOf(headersGet(headers, "accept") ?? "", "text/event-stream") >= 0;
    if (!hasMark && !stream) return null;
    return call(request, input, init, method, headers, NONE);
  }
  if (typeof body === "string") {
    if (!hasMark && indexOf(body, "jsonrpc") < 0) return null;
    return call(request, input, init, method, headers, { kind: "text", text: body });
  }
  const type = lowerCase((headers && headersGet(headers, "content-type")) || "");
  const json = indexOf(type, "json") >= 0;
  if (body === undefined || body === null) {
    if (!request || requestBody(request) === null) return hasMark ? call(request, input, init, method, headers, NONE) : null;
    if (!json && !hasMark) return null;
    return call(request, input, init, method, headers, then(requestBuffer(requestClone(request)), textOf, () => OPAQUE));
  }
  const kind = brand(body);
  if (isView(body) || kind === "[object ArrayBuffer]") {
    const text = textOf(body as ArrayBuffer);
    if (!hasMark && (text.kind !== "text" || indexOf(text.text, "jsonrpc") < 0)) return null;
    return call(request, input, init, method, headers, text);
  }
  if (kind === "[object Blob]" || kind === "[object File]") {
    if (!hasMark && !json && indexOf(blobType(body as Blob), "json") < 0) return null;
    if (blobSize(body as Blob) > MAX_BODY_BYTES) return call(request, input, init, method, headers, OPAQUE);
    return call(request, input, init, method, headers, then(blobBuffer(body as Blob), textOf, () => OPAQUE));
  }
  // Streams and forms cannot be read without using them up: judged by their headers alone.
  return hasMark ? call(request, input, init, method, headers, OPAQUE) : null;
}

function textOf(bytes: AllowSharedBufferSource): BodyText {
  if (bytes.byteLength > MAX_BODY_BYTES) return OPAQUE;
  try {
    return { kind: "text", text: decodeWith(new NativeDecoder("utf-8", { fatal: true, ignoreBOM: true }), bytes) };
  } catch {
    return OPAQUE;
  }
}

function call(request: Request | null, input: RequestInfo | URL, init: RequestInit | undefined, method: string, headers: Headers | null, body: FetchCall["body"]): FetchCall {
  let lines = "";
  if (headers) {
    headersForEach(headers, (value, name) => {
      const shown = name === "authorization" ? schemeOf(value) : name === "accept" || name === "content-type" || indexOf(name, "mcp-") === 0 ? value : null;
      if (shown !== null) lines += `${name}: ${shown}\n`;
    });
  }
  let copy: RequestInit | undefined;
  if (init) {
    copy = { __proto__: null } as RequestInit;
    for (let i = 0; i < INIT_KEYS.length; i++) {
      const key = INIT_KEYS[i]!;
      const value = (init as Record<string, unknown>)[key];
      if (value !== undefined) (copy as Record<string, unknown>)[key] = value;
    }
    if (headers) copy.headers = headers;
    copy.method = method;
    if (body instanceof NativePromise === false && (body as BodyText).kind === "text" && typeof init.body === "string") copy.body = (body as { text: string }).text;
  }
  return { method, url: request ? requestUrl(request) : absolute(`${input as string}`), headers: lines, input: request ?? `${input as string}`, init: copy, body };
}

/** `Bearer abc` → `bearer`: that there is a token may be known, the token may not. */
function schemeOf(value: string): string {
  const at = indexOf(value, " ");
  return at > 0 ? lowerCase(slice(value, 0, at)) : "other";
}
