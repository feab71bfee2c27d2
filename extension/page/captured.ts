/** Every primitive that the tap needs, taken once before page code runs. After this moment nothing here is looked up in the page's world again. */

const { apply, construct, defineProperty, getOwnPropertyDescriptor } = Reflect;

export { apply, construct, defineProperty };

/** A method that no longer depends on its prototype. */
type Uncurried<F> = F extends (this: infer T, ...args: infer A) => infer R ? (self: T, ...args: A) => R : never;

function uncurry<F extends (...args: never[]) => unknown>(method: F): Uncurried<F> {
  return ((self: unknown, ...args: unknown[]) => apply(method, self, args)) as Uncurried<F>;
}

function getter<T extends object, K extends keyof T>(prototype: T, name: K): (self: T) => T[K] {
  const get = getOwnPropertyDescriptor(prototype, name)?.get;
  if (!get) throw new TypeError(`no getter ${String(name)}`);
  return (self) => apply(get, self, []) as T[K];
}

export const doc = document;
export const NativePromise = Promise;
export const NativeRequest = Request;
export const NativeResponse = Response;
export const NativeHeaders = Headers;
export const NativeStream = ReadableStream;
export const NativeDecoder = TextDecoder;
export const NativeCustomEvent = CustomEvent;
export const NativeUint8Array = Uint8Array;
export const NativeTypeError = TypeError;
export const NativeAbortSignal = AbortSignal;

export const dispatch = uncurry(EventTarget.prototype.dispatchEvent);
export const listen = uncurry(EventTarget.prototype.addEventListener) as (self: EventTarget, type: string, listener: (event: Event) => void, capture?: boolean) => void;
export const unlisten = uncurry(EventTarget.prototype.removeEventListener) as (self: EventTarget, type: string, listener: (event: Event) => void, capture?: boolean) => void;
export const stopImmediate = uncurry(Event.prototype.stopImmediatePropagation);
export const relatedTargetOf = getter(MouseEvent.prototype, "relatedTarget");
export const detailOf = getter(CustomEvent.prototype, "detail") as (self: CustomEvent) => string;

export const then = uncurry(Promise.prototype.then) as <T, R>(self: Promise<T>, done: (value: T) => R | PromiseLike<R>, failed?: (error: unknown) => R | PromiseLike<R>) => Promise<R>;

export const indexOf = uncurry(String.prototype.indexOf) as (self: string, text: string, from?: number) => number;
export const slice = uncurry(String.prototype.slice) as (self: string, from: number, to?: number) => string;
export const lowerCase = uncurry(String.prototype.toLowerCase);
export const upperCase = uncurry(String.prototype.toUpperCase);
export const charCodeAt = uncurry(String.prototype.charCodeAt);
/** Not `test`: that one looks `exec` up again. */
export const exec = uncurry(RegExp.prototype.exec);

export const headersForEach = uncurry(Headers.prototype.forEach);
export const headersGet = uncurry(Headers.prototype.get);
export const headersSet = uncurry(Headers.prototype.set);
export const headersDelete = uncurry(Headers.prototype.delete);

export const requestMethod = getter(Request.prototype, "method");
export const requestUrl = getter(Request.prototype, "url");
export const requestHeaders = getter(Request.prototype, "headers");
export const requestBody = getter(Request.prototype, "body");
export const requestSignal = getter(Request.prototype, "signal");
export const isAborted = getter(AbortSignal.prototype, "aborted");
export const abortReason = getter(AbortSignal.prototype, "reason") as (self: AbortSignal) => unknown;
export const requestClone = uncurry(Request.prototype.clone);
export const requestBuffer = uncurry(Request.prototype.arrayBuffer);
export const blobBuffer = uncurry(Blob.prototype.arrayBuffer);
export const blobSize = getter(Blob.prototype, "size");
export const blobType = getter(Blob.prototype, "type");

export const responseStatus = getter(Response.prototype, "status");
export const responseStatusText = getter(Response.prototype, "statusText");
export const responseHeaders = getter(Response.prototype, "headers");
export const responseBody = getter(Response.prototype, "body");
export const responseUrl = getter(Response.prototype, "url");
export const responseType = getter(Response.prototype, "type");
export const responseRedirected = getter(Response.prototype, "redirected");
export const responseClone = uncurry(Response.prototype.clone);
/** The ways to read a whole body; browsers differ in which they know. */
export const responseReaders: [string, (this: Response) => Promise<unknown>][] = [];
for (const name of ["arrayBuffer", "blob", "bytes", "formData", "json", "text"]) {
  const method = getOwnPropertyDescriptor(Response.prototype, name)?.value as ((this: Response) => Promise<unknown>) | undefined;
  if (method) responseReaders[responseReaders.length] = [name, method];
}

export const getReader = uncurry(ReadableStream.prototype.getReader) as (self: ReadableStream<Uint8Array>) => ReadableStreamDefaultReader<Uint8Array>;
export const read = uncurry(ReadableStreamDefaultReader.prototype.read) as (self: ReadableStreamDefaultReader<Uint8Array>) => Promise<ReadableStreamReadResult<Uint8Array>>;
export const cancel = uncurry(ReadableStreamDefaultReader.prototype.cancel) as (self: ReadableStreamDefaultReader<Uint8Array>, reason?: unknown) => Promise<void>;
export const enqueue = uncurry(ReadableByteStreamController.prototype.enqueue) as (self: ReadableByteStreamController, chunk: Uint8Array<ArrayBuffer>) => void;
export const close = uncurry(ReadableByteStreamController.prototype.close);
export const raise = uncurry(ReadableByteStreamController.prototype.error);
export const byobRequest = getter(ReadableByteStreamController.prototype, "byobRequest");
export const respond = uncurry(ReadableStreamBYOBRequest.prototype.respond);

const encoder = new TextEncoder();
const encodeWith = uncurry(TextEncoder.prototype.encode);
export const encode = (text: string): Uint8Array<ArrayBuffer> => encodeWith(encoder, text) as Uint8Array<ArrayBuffer>;
export const decodeWith = uncurry(TextDecoder.prototype.decode) as (self: TextDecoder, bytes?: AllowSharedBufferSource, options?: TextDecodeOptions) => string;

const getHref = getter(URL.prototype, "href");
const NativeUrl = URL;
const baseUri = getter(Node.prototype, "baseURI");

/** Absolute form of what a page passed as URL; the text itself when it is none. */
export function absolute(url: string): string {
  try {
    return getHref(new NativeUrl(url, baseUri(doc)));
  } catch {
    return url;
  }
}

export const isView = ArrayBuffer.isView;
const brandOf = uncurry(Object.prototype.toString);
export const brand = (value: unknown): string => brandOf(value as object);
