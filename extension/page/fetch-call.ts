/** Reads a page's `fetch(input, init)` once, as far as needed to tell whether it may be MCP. */
import {
  absolute, blobBuffer, blobSize, blobType, brand, charCodeAt, construct, decodeWith, encode, exec, headersForEach, headersGet, indexOf, isView, lowerCase, NativeDecoder, NativeHeaders, NativeRequest, NativeStream,
  requestBody, requestBuffer, requestClone, requestHeaders, requestMethod, requestUrl, slice, then, upperCase,
} from "./captured.ts";

export interface FetchCall {
  readonly method: string;
  readonly url: string;
  /** `name: value` lines; of `authorization` only the scheme. */
  readonly shown: string;
  /** Headers as given, by `init` or by the request. */
  readonly headers: Headers | null;
  /** Own copy of the page's arguments: read once, sent as judged. */
  readonly input: RequestInfo | URL;
  readonly init: RequestInit | undefined;
  readonly body: Promise<BodyText> | BodyText;
  /** Content type that the body brings along when no header names one; null: a text, which brings its own. */
  readonly bodyType: string | null;
}

export type BodyText = { readonly kind: "none" | "opaque" | "large" } | { readonly kind: "text"; readonly text: string };

/** Everything else that an init may say. */
const OTHER_KEYS = ["mode", "credentials", "cache", "redirect", "referrer", "referrerPolicy", "integrity", "keepalive", "signal", "window", "duplex", "priority", "attributionReporting", "browsingTopics", "targetAddressSpace"] as const;
const NONE: BodyText = { kind: "none" };
const OPAQUE: BodyText = { kind: "opaque" };
const LARGE: BodyText = { kind: "large" };
/** Larger bodies are judged by size alone, in the relay. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** @param known MCP was spoken with this address before.
 * @returns null: surely not MCP; the page's own arguments go to the real fetch untouched. */
export function readCall(input: RequestInfo | URL, init: RequestInit | undefined, known: (url: string) => boolean): FetchCall | null {
  const request = input instanceof NativeRequest ? input : null;
  // Most calls of most pages end here: no init, no body, nothing to judge.
  if (!request && init === undefined) return null;
  // Each of these is read once: a page that answers differently when asked again shall not be judged by its first answer.
  const givenMethod = init && init.method;
  const givenHeaders = init && init.headers;
  const body = init && init.body;
  const method = upperCase(`${givenMethod || (request ? requestMethod(request) : "GET")}`);
  const headers = givenHeaders || request ? (construct(NativeHeaders, [givenHeaders || requestHeaders(request!)]) as Headers) : null;
  const marked = headers !== null && (headersGet(headers, "mcp-session-id") !== null || headersGet(headers, "mcp-protocol-version") !== null || headersGet(headers, "mcp-method") !== null);
  const streams = headers !== null && indexOf(headersGet(headers, "accept") ?? "", "text/event-stream") >= 0;
  const url = request ? requestUrl(request) : `${input as string}`;
  const address = request ? url : absolute(url);

  function call(read: FetchCall["body"], sent: BodyInit | null | undefined = body, bodyType: string | null = null): FetchCall {
    return { method, url: address, shown: headers ? linesOf(headers) : "", headers, input: request ?? url, init: init ? copyOf(init, method, headers, sent) : undefined, body: read, bodyType };
  }

  const isEmpty = (body === undefined || body === null) && (!request || requestBody(request) === null);
  if (method !== "POST" && isEmpty) return marked || streams || (method === "DELETE" && known(address)) ? call(NONE) : null;
  const likely = marked || known(address);
  const type = lowerCase((headers && headersGet(headers, "content-type")) || "");
  const json = indexOf(type, "json") >= 0;
  const charset = charsetOf(type);
  if (typeof body === "string") {
    if (likely || maySayMcp(body)) return call({ kind: "text", text: body });
    return charset !== "" && hidesMcp(encode(body), charset, json) ? call(OPAQUE) : null;
  }
  if (body === undefined || body === null) {
    if (!request || isEmpty) return marked ? call(NONE) : null;
    return likely || json || streams ? call(then(requestBuffer(requestClone(request)), readBytes, () => OPAQUE), body, "") : null;
  }
  const kind = brand(body);
  if (isView(body) || kind === "[object ArrayBuffer]") {
    const text = textOf(body as ArrayBuffer);
    if (!likely && !streams && (text.kind !== "text" || !maySayMcp(text.text))) return charset !== "" && hidesMcp(body as ArrayBuffer, charset, json) ? call(OPAQUE) : null;
    // What was judged is sent, even if the page writes into its buffer while we wait for the policy.
    return call(text, text.kind === "text" ? encode(text.text) : body, "");
  }
  if (kind === "[object Blob]" || kind === "[object File]") {
    const ownType = blobType(body as Blob);
    if (!likely && !streams && !json && indexOf(ownType, "json") < 0) return null;
    return call(blobSize(body as Blob) > MAX_BODY_BYTES ? LARGE : then(blobBuffer(body as Blob), readBytes, () => OPAQUE), body, ownType);
  }
  // Streams cannot be read without using them up: judged by their headers and address alone.
  if (body instanceof NativeStream) return marked || streams || known(address) ? call(OPAQUE) : null;
  // Anything else becomes a text, here and once; forms become one that says nothing.
  const text = `${body as unknown as string}`;
  if (!maySayMcp(text) && (kind === "[object FormData]" || kind === "[object URLSearchParams]")) return marked ? call(OPAQUE) : null;
  return call({ kind: "text", text }, text);

  function readBytes(bytes: ArrayBuffer): BodyText {
    const read = textOf(bytes);
    if (charset === "" || (read.kind === "text" && maySayMcp(read.text))) return read;
    return hidesMcp(bytes, charset, json) ? OPAQUE : read;
  }
}

const QUOTE = 34, SEMICOLON = 59, SPACE = 32;

/** `utf-16le` of `application/json; charset="UTF-16LE"`; nothing where it is UTF-8 anyway. */
function charsetOf(type: string): string {
  const at = indexOf(type, "charset=");
  if (at < 0) return "";
  const from = charCodeAt(type, at + 8) === QUOTE ? at + 9 : at + 8;
  let end = from;
  for (let code = charCodeAt(type, end); end < type.length && code !== QUOTE && code !== SEMICOLON && code !== SPACE; code = charCodeAt(type, end)) end++;
  const name = slice(type, from, end);
  return name === "utf-8" || name === "utf8" ? "" : name;
}

/** Servers read a body in the encoding that its type names (MCP knows UTF-8 only): is there a message to them where we see none? */
function hidesMcp(bytes: AllowSharedBufferSource, charset: string, json: boolean): boolean {
  try {
    return maySayMcp(decodeWith(new NativeDecoder(charset), bytes));
  } catch {
    // An encoding that no browser knows.
    return json;
  }
}

/** A first look, wide on purpose: either name, in any case, or an escape that could spell one. The relay reads closer. */
const MAY_SAY_MCP = /jsonrpc|"method"|\\u00/i;
const maySayMcp = (text: string): boolean => exec(MAY_SAY_MCP, text) !== null;

function textOf(bytes: AllowSharedBufferSource): BodyText {
  if (bytes.byteLength > MAX_BODY_BYTES) return LARGE;
  try {
    return { kind: "text", text: decodeWith(new NativeDecoder("utf-8", { fatal: true, ignoreBOM: true }), bytes) };
  } catch {
    return OPAQUE;
  }
}

function linesOf(headers: Headers): string {
  let lines = "";
  headersForEach(headers, (value, name) => {
    const shown = name === "authorization" ? schemeOf(value) : name === "accept" || name === "content-type" || indexOf(name, "mcp-") === 0 ? value : null;
    if (shown !== null) lines += `${name}: ${shown}\n`;
  });
  return lines;
}

function copyOf(init: RequestInit, method: string, headers: Headers | null, body: BodyInit | null | undefined): RequestInit {
  const copy = { __proto__: null } as RequestInit;
  for (let i = 0; i < OTHER_KEYS.length; i++) {
    const key = OTHER_KEYS[i]!;
    const value = (init as Record<string, unknown>)[key];
    if (value !== undefined) (copy as Record<string, unknown>)[key] = value;
  }
  copy.method = method;
  if (headers) copy.headers = headers;
  if (body !== undefined) copy.body = body;
  return copy;
}

/** `Bearer abc` → `bearer`: that there is a token may be known, the token may not. */
function schemeOf(value: string): string {
  const at = indexOf(value, " ");
  return at > 0 ? lowerCase(slice(value, 0, at)) : "other";
}
