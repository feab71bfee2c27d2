/** Cuts a stream of JSON documents into documents: a single reply, NDJSON, or documents that follow each other. `application/json` is never assumed to be finite (the reference server streams `subscriptions/listen` that way). */

export type JsonFrame =
  /** One document with the white space before it. */
  | { readonly kind: "document"; readonly text: string }
  /** White space only, at the end. */
  | { readonly kind: "space"; readonly text: string }
  /** Text that no document starts or that ends too early. `text` is all of it. */
  | { readonly kind: "junk"; readonly text: string }
  | { readonly kind: "oversize"; readonly chars: number };

export interface JsonFramer {
  push(text: string): JsonFrame[];
  end(): JsonFrame[];
}

/** @param maxChars longest document that is held. Past it one `oversize` frame is given and the rest of the stream is swallowed. */
export function jsonFramer(maxChars: number): JsonFramer {
  let pieces: string[] = [];
  let size = 0;
  let depth = 0;
  let inString = false;
  let escaped = false;
  let blank = true;
  let state: "documents" | "junk" | "over" = "documents";

  function take(tail: string): string {
    const whole = pieces.join("") + tail;
    pieces = [];
    size = 0;
    blank = true;
    return whole;
  }

  return {
    push(text) {
      if (state === "over") return [];
      const frames: JsonFrame[] = [];
      let from = 0;
      for (let at = 0; at < text.length && state === "documents"; at++) {
        const char = text[at]!;
        if (inString) {
          if (escaped) escaped = false;
          else if (char === "\\") escaped = true;
          else if (char === '"') inString = false;
        } else if (char === "{" || char === "[") {
          depth++;
          blank = false;
        } else if (depth === 0) {
          if (char !== " " && char !== "\n" && char !== "\r" && char !== "\t" && char !== "\uFEFF") state = "junk";
        } else if (char === '"') inString = true;
        else if (char === "}" || char === "]") {
          if (--depth === 0) {
            frames.push({ kind: "document", text: take(text.slice(from, at + 1)) });
            from = at + 1;
          }
        }
      }
      if (from < text.length) {
        pieces.push(text.slice(from));
        size += text.length - from;
      }
      if (size > maxChars) {
        frames.push({ kind: "oversize", chars: size });
        pieces = [];
        size = 0;
        state = "over";
      }
      return frames;
    },
    end() {
      if (!size) return [];
      const spaceOnly = blank && state === "documents";
      return [{ kind: spaceOnly ? "space" : "junk", text: take("") }];
    },
  };
}
