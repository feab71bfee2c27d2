/** Turns this session's tokens back into values, in a message to a server that the policy lets have them. What comes of it is judged like any other message. */
import { leafValue, spliceJson, type JsonLeaf } from "../base/json.ts";
import { isUntouchable } from "../inspect/data/handles.ts";
import { TOKEN, TOKEN_START, type Substitutes } from "../inspect/data/substitutes.ts";
import { readMessage, type SingleMessage } from "../mcp/message.ts";

/** A message in which tokens were turned back. */
export interface RestoredMessage extends SingleMessage {
  /** The values that stand in it because of that. */
  readonly restored?: ReadonlySet<string>;
}

/** @param may of a class: does this server get its values? @returns the message itself where nothing is put back. */
export function putBack(message: SingleMessage, substitutes: Substitutes, may: (dataClass: string) => boolean): RestoredMessage {
  if (substitutes.isEmpty || !message.text.includes(TOKEN_START)) return message;
  const restored = new Set<string>();
  const edits: { leaf: JsonLeaf; value: string }[] = [];
  for (const leaf of message.leaves) {
    if (isUntouchable(leaf)) continue;
    const before = leafValue(message.text, leaf);
    if (!before.includes(TOKEN_START)) continue;
    // Arguments that are themselves a text of JSON stay one.
    const nested = /^\s*[[{"]/.test(before) && isJson(before);
    const after = before.replace(TOKEN, (token, name: string, id: string) => {
      const value = substitutes.valueOf(name, id);
      if (value === undefined || !may(name)) return token;
      restored.add(value);
      return nested ? JSON.stringify(value).slice(1, -1) : value;
    });
    if (after !== before) edits.push({ leaf, value: after });
  }
  if (edits.length === 0) return message;
  const read = readMessage(spliceJson(message.text, edits));
  // A string was put in a string's place: it can be read as before.
  if (!read.ok || read.value.kind !== "single") throw new Error("a restored message that cannot be read");
  return { ...read.value, restored };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
