/** Server-sent events: cuts a stream into events without changing a character, and rewrites the data of one event. (WHATWG HTML, section 9.2.) */

export interface SseEvent {
  /** The event as it came, its blank line included. */
  readonly text: string;
  /** Joined `data:` lines, or null: a comment, a ping, an id. */
  readonly data: string | null;
  readonly event: string | null;
}

export type SseFrame = { readonly kind: "event"; readonly event: SseEvent } | { readonly kind: "oversize"; readonly chars: number };

export interface SseFramer {
  push(text: string): SseFrame[];
  /** What stands after the last blank line. */
  end(): SseFrame[];
}

const LF = 10, CR = 13;

/** @param maxChars longest event that is kept. An oversized one is told as soon as it is (it may never end), its rest is swallowed, and the framer goes on with the next event. */
export function sseFramer(maxChars: number): SseFramer {
  let pieces: string[] = [];
  let size = 0;
  let lineEmpty = true;
  let afterCr = false;
  let told = false;

  function take(tail: string): SseFrame[] {
    const whole = pieces.join("") + tail;
    const chars = size + tail.length;
    const known = told;
    pieces = [];
    size = 0;
    told = false;
    if (known) return [];
    return [chars > maxChars ? { kind: "oversize", chars } : { kind: "event", event: readEvent(whole) }];
  }

  return {
    push(text) {
      const frames: SseFrame[] = [];
      let from = 0;
      for (let at = 0; at < text.length; at++) {
        const code = text.charCodeAt(at);
        if (code === LF && afterCr) {
          // Second half of CRLF: it belongs to the line that CR ended.
          afterCr = false;
          continue;
        }
        afterCr = code === CR;
        if (code !== LF && code !== CR) {
          lineEmpty = false;
          continue;
        }
        if (lineEmpty && (size > 0 || at > from)) {
          const whole = code === CR && text.charCodeAt(at + 1) === LF ? at + 2 : at + 1;
          frames.push(...take(text.slice(from, whole)));
          from = whole;
          if (whole === at + 2) {
            afterCr = false;
            at++;
          }
        }
        lineEmpty = true;
      }
      if (from < text.length) {
        size += text.length - from;
        if (size <= maxChars) pieces.push(text.slice(from));
        else {
          if (!told) frames.push({ kind: "oversize", chars: size });
          told = true;
          pieces = [];
        }
      }
      return frames;
    },
    end() {
      return size ? take("") : [];
    },
  };
}

function readEvent(text: string): SseEvent {
  const data: string[] = [];
  let event: string | null = null;
  for (const line of text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/)) {
    const [field, value] = readField(line);
    if (field === "data") data.push(value);
    else if (field === "event") event = value;
  }
  return { text, data: data.length ? data.join("\n") : null, event };
}

function readField(line: string): [string, string] {
  const colon = line.indexOf(":");
  if (colon < 0) return [line, ""];
  const value = line.slice(colon + 1);
  return [line.slice(0, colon), value.startsWith(" ") ? value.slice(1) : value];
}

/** The same event with other data: every other line stays as it is and where it is. */
export function withData(event: SseEvent, data: string): string {
  const parts = event.text.split(/(\r\n|\n|\r)/);
  const newline = parts.find((part) => part === "\n" || part === "\r\n" || part === "\r") ?? "\n";
  let out = "";
  let written = false;
  for (let i = 0; i < parts.length; i += 2) {
    const line = parts[i]!;
    const end = parts[i + 1] ?? "";
    if (readField(line.replace(/^\uFEFF/, ""))[0] !== "data") out += line + end;
    else if (!written) {
      written = true;
      out += data.split("\n").map((part) => `data: ${part}`).join(newline) + (end || newline);
    }
  }
  return out;
}
