/** The page's `fetch`, with a copy of every byte the page saw: tests compare it with what the servers sent. */

export interface Recorded {
  readonly id: number;
  readonly method: string;
  readonly url: string;
  readonly requestBody: string | null;
  status: number;
  contentType: string | null;
  /** Response body as the page received it, base64. */
  bytes: string;
  state: "open" | "ended" | "failed";
  error?: string;
}

interface Entry extends Omit<Recorded, "bytes"> {
  readonly chunks: Uint8Array[];
  readonly settled: Promise<void>;
}

let entries: Entry[] = [];
let last = 0;

/** Goes through whatever `fetch` the page has at this moment, never through one captured earlier. */
export async function recordingFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  let settle!: () => void;
  const entry: Entry = {
    id: ++last, method: init?.method ?? "GET", url: input instanceof Request ? input.url : String(input),
    requestBody: typeof init?.body === "string" ? init.body : null,
    status: 0, contentType: null, state: "open", chunks: [], settled: new Promise((resolve) => (settle = resolve)),
  };
  entries.push(entry);
  const fail = (error: unknown): void => {
    entry.state = "failed";
    entry.error = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    settle();
  };
  let response: Response;
  try {
    response = await globalThis.fetch(input, init);
  } catch (error) {
    fail(error);
    throw error;
  }
  entry.status = response.status;
  entry.contentType = response.headers.get("content-type");
  const copy = response.clone();
  void drain(copy, entry.chunks).then(() => {
    entry.state = "ended";
    settle();
  }, fail);
  return response;
}

async function drain(response: Response, into: Uint8Array[]): Promise<void> {
  const reader = response.body?.getReader();
  if (!reader) return;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    into.push(value);
  }
}

/** Number of the newest request, to ask later what came after it. */
export function newestRequest(): number {
  return last;
}

/** All recorded requests after `since`, as JSON-ready values. */
export function recorded(since = 0): Recorded[] {
  return entries.filter((entry) => entry.id > since).map(({ chunks, settled: _settled, ...rest }) => ({ ...rest, bytes: toBase64(chunks) }));
}

/** Resolves when the replies to the POSTs after `since` have ended, or after two seconds: a reply that never ends must not stop the page. */
export async function repliesEnded(since: number): Promise<void> {
  const posts = entries.filter((entry) => entry.id > since && entry.method === "POST").map((entry) => entry.settled);
  await Promise.race([Promise.all(posts), new Promise((resolve) => setTimeout(resolve, 2_000))]);
}

export function clearRecorded(): void {
  entries = [];
}

export function toBase64(chunks: readonly Uint8Array[]): string {
  let binary = "";
  for (const chunk of chunks) for (let at = 0; at < chunk.length; at += 8_192) binary += String.fromCharCode(...chunk.subarray(at, at + 8_192));
  return btoa(binary);
}
