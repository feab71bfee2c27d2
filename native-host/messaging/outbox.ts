/** What goes to the browser: answers at once, records in batches that fit the browser's bound and only as fast as it reads. */
import type { Writable } from "node:stream";
import type { EventRecord } from "../../shared/events/record.ts";
import { CHUNK_CHARS, type FromHost } from "../../shared/messages/host.ts";
import type { PolicySource } from "../../shared/policy/decision.ts";
import { encodeFrame } from "./framing.ts";

export interface Outbox {
  send(message: FromHost): void;
  sendPolicy(policy: { text: string; digest: string; source: PolicySource }): void;
  /** Queues records; while the browser does not read they wait, up to a bound. */
  forward(records: readonly EventRecord[]): void;
}

const BATCH_BYTES = 512 * 1024;
const WAITING_MAX = 20_000;

export function createOutbox(output: Writable, log: (line: string) => void): Outbox {
  let waiting: EventRecord[] = [];
  let draining = false;

  function send(message: FromHost): void {
    if (output.destroyed || output.writableEnded) return;
    const frame = encodeFrame(message);
    if (frame.ok) output.write(frame.value);
    else log(`a ${message.kind} message was not sent: ${frame.why}`);
  }

  function pump(): void {
    while (waiting.length > 0) {
      if (output.writableNeedDrain) {
        if (draining) return;
        draining = true;
        output.once("drain", () => {
          draining = false;
          pump();
        });
        return;
      }
      send({ kind: "events", records: nextBatch() });
    }
  }

  function nextBatch(): EventRecord[] {
    const batch: EventRecord[] = [];
    let bytes = 0;
    for (const record of waiting) {
      const slim = slimmed(record);
      bytes += Buffer.byteLength(JSON.stringify(slim)) + 1;
      if (batch.length > 0 && bytes > BATCH_BYTES) break;
      batch.push(slim);
    }
    waiting = waiting.slice(batch.length);
    return batch;
  }

  return {
    send,
    sendPolicy({ text, digest, source }) {
      const chunks = chunksOf(text);
      chunks.forEach((chunk, part) => send({ kind: "policy", digest, source, part, parts: chunks.length, text: chunk }));
    },
    forward(records) {
      const room = WAITING_MAX - waiting.length;
      if (records.length > room) log(`the browser does not read: ${records.length - room} records stay in the journal only`);
      waiting.push(...records.slice(0, room));
      pump();
    },
  };
}

/** A message with very many findings lists one redaction for each. The journal keeps them; the browser's copy must fit into one message. */
function slimmed(record: EventRecord): EventRecord {
  if (!("decision" in record) || record.decision.redactions.length < 1000) return record;
  return { ...record, decision: { ...record.decision, redactions: [] } };
}

/** Cuts text into parts that fit a message each, never through a surrogate pair: browsers refuse half a character. */
export function chunksOf(text: string, size: number = CHUNK_CHARS): string[] {
  const chunks: string[] = [];
  let at = 0;
  do {
    let end = Math.min(at + size, text.length);
    const code = text.charCodeAt(end - 1);
    if (end < text.length && code >= 0xd800 && code <= 0xdbff) end--;
    chunks.push(text.slice(at, end));
    at = end;
  } while (at < text.length);
  return chunks;
}

