/** `window.workbench`: how tests and the tour drive the page. Everything returned is plain JSON. */
import type { Sdk } from "./connection.ts";
import { clearRecorded, recorded, toBase64, type Recorded } from "./recorder.ts";
import { call, connect, disconnect, type CallOutcome, type ConnectOutcome } from "./state.ts";
import { playTurn, type TurnOutcome } from "./turns.ts";

export type RawOutcome = { kind: "response"; status: number; headers: Record<string, string>; bytes: string; text: string; complete: boolean } | { kind: "error"; name: string; message: string };

export interface RawOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Stop reading once this much has arrived: for streams that never end. */
  readonly stopAfterBytes?: number;
}

export interface WorkbenchHooks {
  /** @param server `desk`, `rogue`, `everything`, or the path of any other server, such as `/bad/huge/mcp`. */
  connect(server: string, sdk?: Sdk): Promise<ConnectOutcome>;
  disconnect(server: string): Promise<void>;
  call(server: string, tool: string, args?: Record<string, unknown>): Promise<CallOutcome>;
  /** hours, lookup, record, note, export, delete, echo, rogue. */
  turn(name: string): Promise<TurnOutcome>;
  /** Every HTTP request of the SDKs with the bytes that the page received. */
  log(): Recorded[];
  clearLog(): void;
  /** The page's own `fetch` without an SDK. */
  rawFetch(url: string, options?: RawOptions): Promise<RawOutcome>;
}

declare global {
  interface Window {
    workbench: WorkbenchHooks;
  }
}

async function rawFetch(url: string, { stopAfterBytes = Number.POSITIVE_INFINITY, ...init }: RawOptions = {}): Promise<RawOutcome> {
  try {
    const response = await globalThis.fetch(url, init);
    const chunks: Uint8Array[] = [];
    let size = 0;
    let complete = true;
    const reader = response.body?.getReader();
    while (reader) {
      if (size >= stopAfterBytes) {
        complete = false;
        await reader.cancel();
        break;
      }
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      size += value.length;
    }
    const text = await new Blob(chunks as BlobPart[]).text();
    return { kind: "response", status: response.status, headers: Object.fromEntries(response.headers), bytes: toBase64(chunks), text, complete };
  } catch (error) {
    return error instanceof Error ? { kind: "error", name: error.name, message: error.message } : { kind: "error", name: "Error", message: String(error) };
  }
}

export function installHooks(): void {
  window.workbench = { connect, disconnect, call: (server, tool, args = {}) => call(server, tool, args), turn: playTurn, log: () => recorded(), clearLog: clearRecorded, rawFetch };
}
