/** Moves one direction of a pipe through the session: lines in, effects out, back-pressure kept, bytes untouched unless the gate says so. */
import type { Readable, Writable } from "node:stream";
import { lineFramer, type LineFrame } from "../../shared/mcp/lines.ts";
import type { Direction } from "../../shared/mcp/channel.ts";
import { MAX_MESSAGE_BYTES } from "../../shared/gate/http.ts";
import type { Effect, Input, Session } from "../../shared/gate/session.ts";

export interface PumpParts {
  readonly direction: Direction;
  readonly from: Readable;
  /** Where allowed messages go. */
  readonly to: Writable;
  /** Where the sender hears answers. */
  readonly back: Writable;
  readonly session: Session;
  onRecord(effect: Extract<Effect, { kind: "record" }>): void;
  /** Takes output of the server that is no message (a stray print), so that it is not lost. */
  onStray(bytes: Uint8Array): void;
  /** The sender has closed, and all it sent was handed on. */
  onEnd(): void;
}

const SPACE_ONLY = /^\s*$/;

export function pump(parts: PumpParts): void {
  const { from, to, back, session, direction } = parts;
  const framer = lineFramer(MAX_MESSAGE_BYTES);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  function write(target: Writable, bytes: Uint8Array | string): void {
    if (target.writable && !target.write(bytes)) {
      // A slow reader slows the sender down, instead of filling our memory.
      from.pause();
      target.once("drain", () => from.resume());
    }
  }

  function take(frame: LineFrame): void {
    if (frame.kind === "oversize") {
      const head = new TextDecoder().decode(frame.head);
      carryOut(session.step({ kind: "unreadable", direction, fault: "oversize", detail: `it is larger than ${MAX_MESSAGE_BYTES >> 20} MiB`, bytes: frame.bytes, head }), null);
      return;
    }
    const { bytes } = frame;
    const text = decode(bytes);
    if (text === null) {
      carryOut(step({ kind: "unreadable", direction, fault: "encoding", detail: "it is not valid UTF-8", bytes: bytes.length, head: new TextDecoder().decode(bytes.subarray(0, 4096)) }), null);
      return;
    }
    if (SPACE_ONLY.test(text)) {
      write(to, bytes);
      return;
    }
    const first = text.trimStart()[0];
    if (direction === "to-client" && first !== "{" && first !== "[") {
      parts.onStray(bytes);
      for (const effect of step({ kind: "unreadable", direction, fault: "not-json", detail: "the server printed text that is no message; it went to standard error", bytes: bytes.length, head: "" })) {
        if (effect.kind === "record") parts.onRecord(effect);
      }
      return;
    }
    carryOut(step({ kind: "message", direction, text }), bytes);
  }

  function step(input: Input): Effect[] {
    return session.step(input);
  }

  function decode(bytes: Uint8Array): string | null {
    try {
      return decoder.decode(bytes);
    } catch {
      return null;
    }
  }

  function carryOut(effects: readonly Effect[], original: Uint8Array | null): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case "forward":
          if (original) write(to, original);
          break;
        case "replace":
          write(to, `${effect.text.replace(/[\r\n]+/g, " ").trim()}\n`);
          break;
        case "reply":
          write(back, `${effect.text}\n`);
          break;
        case "record":
          parts.onRecord(effect);
          break;
        case "drop":
          break;
      }
    }
  }

  from.on("data", (chunk: Uint8Array) => {
    for (const frame of framer.push(chunk)) take(frame);
  });
  from.on("end", () => {
    for (const frame of framer.end()) take(frame);
    parts.onEnd();
  });
}
