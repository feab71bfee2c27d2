/** What lists and introductions say of a server, as the inventory keeps it: names, sizes and digests, never a whole text. */
import { sha256Hex } from "../base/digest.ts";
import type { InstructionsSeen, PromptSummary, ResourceSummary } from "../events/record.ts";
import { member } from "../mcp/message.ts";
import { maskKnownForms } from "../mcp/opaque.ts";
import { canonicalText } from "./canonical-text.ts";
import { plainText } from "./plain-text.ts";

const NAME_LIMIT = 256;
const DESCRIPTION_LIMIT = 120;
const OPENING_LIMIT = 200;
const TYPE_LIMIT = 100;
const URI_LIMIT = 400;

export function instructionsSeen(text: string): InstructionsSeen {
  return { length: text.length, digest: sha256Hex(text), opening: plainText(text, OPENING_LIMIT) };
}

/** One entry of a `prompts/list` reply; undefined for what is no definition. */
export function promptSummary(definition: unknown): PromptSummary | undefined {
  const name = member(definition, "name");
  if (typeof name !== "string" || name === "") return undefined;
  const description = member(definition, "description");
  return { name: name.slice(0, NAME_LIMIT), description: plainText(typeof description === "string" ? description : "", DESCRIPTION_LIMIT), digest: sha256Hex(canonicalText(definition)) };
}

/** One entry of a `resources/list` or `resources/templates/list` reply; undefined for what is no definition. */
export function resourceSummary(definition: unknown): ResourceSummary | undefined {
  const template = member(definition, "uriTemplate");
  const uri = template ?? member(definition, "uri");
  if (typeof uri !== "string" || uri === "") return undefined;
  const name = member(definition, "name");
  const type = member(definition, "mimeType");
  const size = member(definition, "size");
  return {
    name: typeof name === "string" ? name.slice(0, NAME_LIMIT) : "",
    uri: bareUri(uri),
    template: template !== undefined,
    ...(typeof type === "string" ? { mimeType: plainText(type, TYPE_LIMIT) } : {}),
    ...(typeof size === "number" && Number.isSafeInteger(size) && size >= 0 ? { bytes: size } : {}),
  };
}

/** Without what a URI may carry besides its place: user info, query (also one that a template leaves open), fragment, the content of a `data:` URI. */
export function bareUri(uri: string): string {
  if (/^data:/i.test(uri)) return "data:";
  return maskKnownForms(uri.slice(0, URI_LIMIT * 4).replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, "$1").replace(/(?:[?#]|\{[?&#]).*$/s, "")).slice(0, URI_LIMIT);
}

/** Does a tool bring an app of its own to show (MCP Apps)? */
export function bringsApp(definition: unknown): boolean {
  return typeof (member(definition, "_meta", "ui", "resourceUri") ?? member(definition, "_meta", "ui/resourceUri")) === "string";
}
