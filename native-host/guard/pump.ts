/** Moves one direction of a pipe through the session: lines in, effects out, back-pressure kept, bytes untouched unless the gate says so. */
import type { Readable, Writable } from "node:stream";
import { lineFramer, wholeLine, type LineFrame } from "../../shared/mcp/lines.ts";
import { guessMessage } from "../../shared/mcp/message.ts";
import type { Direction } from "../../shared/mcp/channel.ts";
import { MAX_MESSAGE_BYTES } from "../../shared/gate/http.ts";
import { PASSED, type Effect, type Input, type Session } from "../../shared/gate/session.ts";
import type { Desk } from "../approvals/desk.ts";
import { openWaitingRoom } from "../approvals/waiting-room.ts";

type Unreadable = Extract<Input, { kind: "unreadable" }>;

export interface PumpParts {
  readonly direction: Direction;
  readonly from: Readable;
  /** Where allowed messages go. */
  readonly to: Writable;
  /** Where the sender hears answers. */
  readonly back: Writable;
  readonly session: Session;
  /** Where a person is asked. Without one, what needs an answer is refused. */
  readonly desk?: Desk;
  /** Longest message that is held to be judged; for tests. */
  readonly maxBytes?: number;
  onRecord(effect: Extract<Effect, { kind: "record" }>): void;
  /** A message has passed whose record the session makes later. */
  onPassed(): void;
  /** Takes output of the server that is no message (a stray print), so that it is not lost. */
  onStray(bytes: Uint8Array): void;
  /** Sluice itself failed on a message, which was therefore not handed on. @param name of the error; its text may quote the message. */
  onFailure(name: string): void;
}

export interface Flow {
  /** The sender has closed, and all it sent was handed on. */
  readonly done: Promise<void>;
  /** Bytes taken so far. */
  taken(): number;
  /** A reader at the other end is slower than the sender. */
  waits(): boolean;
}

const LF = 10, CR = 13, SPACE = 32, TAB = 9, BRACE = 123, BRACKET = 91;
const HEAD_BYTES = 4096;
/** Stray prints that get a record of their own; after that only each doubling of their number does. */
const STRAYS_RECORDED = 16;

export function pump(parts: PumpParts): Flow {
  const { from, to, back, session, direction, maxBytes = MAX_MESSAGE_BYTES } = parts;
  const framer = lineFramer(maxBytes);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const full = new Set<Writable>();
  const room = parts.desk && openWaitingRoom({ desk: parts.desk, carryOut: (input, original) => carryOut(judge(input, original), [original]), tell: (line) => write(back, `${line}\n`) });
  let taken = 0;
  let strays = 0;

  function writeAll(target: Writable, pieces: readonly Uint8Array[]): void {
    if (pieces.length === 1) return write(target, pieces[0]!);
    // One call to the system for all of them.
    target.cork();
    for (const piece of pieces) write(target, piece);
    target.uncork();
  }

  function write(target: Writable, bytes: Uint8Array | string): void {
    if (!target.writable || target.write(bytes) || full.has(target)) return;
    // A slow reader slows the sender down, instead of filling our memory. One that is gone holds nobody up.
    full.add(target);
    from.pause();
    const again = (): void => {
      for (const event of ["drain", "close", "error"]) target.off(event, again);
      full.delete(target);
      if (full.size === 0) from.resume();
    };
    for (const event of ["drain", "close", "error"]) target.on(event, again);
  }

  function take(frame: LineFrame): void {
    if (frame.kind === "oversize") {
      carryOut(judge(unreadable("oversize", `it is larger than ${maxBytes >> 20} MiB`, frame.bytes, headOf(frame))), null);
      return;
    }
    const skimmed = skim(frame);
    if (skimmed === PASSED) {
      writeAll(to, frame.parts);
      return parts.onPassed();
    }
    if (skimmed) return carryOut(skimmed, frame.parts);
    const bytes = wholeLine(frame);
    const first = firstByte(bytes);
    if (first === undefined) return write(to, bytes);
    if (direction === "to-client" && first !== BRACE && first !== BRACKET) return stray(bytes);
    const text = decode(bytes);
    if (text === null) carryOut(judge(unreadable("encoding", "it is not valid UTF-8", bytes.length, lenient(bytes.subarray(0, HEAD_BYTES)))), [bytes]);
    else if (isCut(text)) carryOut(judge(unreadable("syntax", "a lone carriage return stands in it, which some programs take for the end of a message", bytes.length, text.slice(0, HEAD_BYTES))), [bytes]);
    else carryOut(judge({ kind: "message", direction, text, bytes: bytes.length, waits: room !== undefined }), [bytes]);
  }

  /** Most messages are clean and are judged by their bytes; what cannot be is read in full. */
  function skim({ parts: pieces, size }: Extract<LineFrame, { kind: "line" }>): readonly Effect[] | null {
    try {
      return session.skim(direction, pieces, size, room !== undefined);
    } catch {
      return null;
    }
  }

  function stray(bytes: Uint8Array): void {
    parts.onStray(bytes);
    strays++;
    if (strays > STRAYS_RECORDED && (strays & (strays - 1)) !== 0) return;
    const effects = judge(unreadable("not-json", "the server printed text that is no message; it went to standard error", bytes.length, ""));
    for (const effect of effects) if (effect.kind === "record") parts.onRecord(effect);
  }

  function unreadable(fault: Unreadable["fault"], detail: string, bytes: number, head: string): Unreadable {
    return { kind: "unreadable", direction, fault, detail, bytes, head };
  }

  /** Fails closed: what the gate breaks on is not handed on, and whoever waits is told. */
  function judge(input: Input, held?: Uint8Array): readonly Effect[] {
    try {
      return session.step(input);
    } catch (error) {
      parts.onFailure(error instanceof Error ? error.name : "unknown");
      const text = input.kind === "message" ? input.text : held && lenient(held);
      if (text === undefined) return [];
      try {
        return session.step(unreadable("syntax", "Sluice itself failed while it looked at it", text.length, text));
      } catch {
        return [];
      }
    }
  }

  function decode(bytes: Uint8Array): string | null {
    try {
      return decoder.decode(bytes);
    } catch {
      return null;
    }
  }

  function carryOut(effects: readonly Effect[], original: readonly Uint8Array[] | null): void {
    // What passes is not kept waiting for its record; a refusal is on record before anybody hears of it.
    const passes = effects.some((effect) => effect.kind === "forward") && effects.every((effect) => effect.kind === "forward" || effect.kind === "record");
    if (passes && original) writeAll(to, original);
    for (const effect of effects) {
      switch (effect.kind) {
        case "forward":
          if (original && !passes) writeAll(to, original);
          break;
        case "replace":
          write(to, `${effect.text.replace(/[\r\n]+/g, " ").trim()}\n`);
          break;
        case "reply":
          write(back, `${effect.text}\n`);
          break;
        case "record":
          parts.onRecord(effect);
          // `[INFO] ready` looks like the start of a message; what reads as none and nobody waits for is a print like any other.
          if (original && direction === "to-client" && effect.record.kind === "malformed" && effect.record.fault === "syntax" && effect.record.outcome === "dropped") original.forEach(parts.onStray);
          break;
        case "hold":
          // Only a message with its bytes can be held: nothing else is judged with `waits`.
          if (original) room?.take(effect, Buffer.concat(original));
          break;
        case "release":
          room?.release(effect.ticket);
          break;
        case "drop":
          break;
      }
    }
  }

  function takeAll(frames: readonly LineFrame[]): void {
    if (frames.length < 2) return frames.forEach(take);
    // Several messages in one piece leave in one piece.
    to.cork();
    try {
      frames.forEach(take);
    } finally {
      to.uncork();
    }
  }

  const done = new Promise<void>((resolve) => {
    // A client that has closed waits for no answer; a server that has ended cannot be asked again.
    const finish = (): void => {
      room?.empty(direction === "to-server" ? "leave" : "expire");
      resolve();
    };
    if (from.destroyed) return resolve();
    from.on("data", (chunk: Uint8Array) => {
      taken += chunk.length;
      takeAll(framer.push(chunk));
    });
    from.on("end", () => {
      takeAll(framer.end());
      finish();
    });
    // A pipe that breaks ends as well, without its end.
    from.on("close", finish);
    from.on("error", finish);
  });
  return { done, taken: () => taken, waits: () => full.size > 0 };
}

/** First byte that is no white space; undefined on a blank line. */
function firstByte(bytes: Uint8Array): number | undefined {
  return bytes.find((byte) => byte !== SPACE && byte !== LF && byte !== CR && byte !== TAB);
}

/** A carriage return before the line's end: some readers (Python's text mode) split there, and would see two messages where we have judged one. */
function isCut(text: string): boolean {
  const at = text.indexOf("\r");
  return at >= 0 && at < text.length - 2 && /[^\r\n]/.test(text.slice(at));
}

const LAST_ID = /"id"\s*:\s*("(?:[^"\\]|\\.){0,200}"|-?\d{1,20})\s*(?:,\s*"[^"\\]*"\s*:\s*"[^"\\]*"\s*)?\}\s*$/;

/** What is left of a line that was too long, in a form in which its id can be found: first in the message, or last as the TypeScript SDKs write it. */
function headOf({ head, tail }: Extract<LineFrame, { kind: "oversize" }>): string {
  const text = lenient(head);
  const { id, kind } = guessMessage(text);
  const last = LAST_ID.exec(lenient(tail))?.[1];
  if (id !== null || last === undefined) return text;
  return kind === null ? `{"id":${last}}` : `{"${kind === "request" ? "method" : "result"}":0,"id":${last}}`;
}

function lenient(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
