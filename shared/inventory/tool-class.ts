/** What a tool can do, read from its words. The server's own hints may make it look more dangerous, never less. */
import { sha256Hex } from "../base/digest.ts";
import type { ToolClass, ToolSummary } from "../events/record.ts";
import { canonicalText } from "./canonical-text.ts";
import { plainText } from "./plain-text.ts";

export interface ToolWords {
  readonly name: string;
  readonly description?: string | undefined;
  readonly annotations?: unknown;
}

/** In order of how much harm each can do; lists are kept in this order. */
export const TOOL_CLASSES: readonly ToolClass[] = ["execute", "money", "delete", "send", "write", "read", "unknown"];

const VERBS: Readonly<Record<Exclude<ToolClass, "unknown">, string>> = {
  execute: "exec execute run eval evaluate invoke spawn shell bash terminal powershell command cmd script launch compile deploy install kill",
  money: "pay payment payments purchase buy charge refund refunds transfer payout payouts invoice checkout withdraw wire subscribe donate",
  delete: "delete remove destroy drop purge erase wipe truncate unlink revoke rm clear trash uninstall terminate prune",
  send: "send post publish mail email message notify reply forward share tweet broadcast dispatch invite upload push webhook announce sms",
  write:
    "write create update edit insert add set put save modify patch append replace move rename copy merge assign comment commit close open approve reject archive upsert import register enable disable configure schedule book change apply mkdir restore reset complete start stop fill click type navigate",
  read: "read get list search find fetch query show view describe lookup look browse retrieve download load count check inspect preview export explain summarize summarise analyze analyse compare diff select status ping echo scrape crawl take scan watch head tail stat grep glob log logs tree discover resolve validate history",
};

const CLASS_OF = new Map<string, ToolClass>(Object.entries(VERBS).flatMap(([kind, words]) => words.split(" ").map((word): [string, ToolClass] => [word, kind as ToolClass])));

/** Words that are also things: they count only where a verb stands, in front. `get_message` sends nothing, `list_comments` writes nothing. */
const NOUNS_TOO = new Set(
  "message mail email post share reply forward comment comments commit book change log logs history status command script invoice payment payments transfer charge refund refunds payout payouts webhook sms file type set import schedule open close query search view count tree head check checkout push upload start stop copy patch merge install deploy compile launch run wire terminal archive register clear trash approve reject navigate click fill scan watch diff export preview select load terminate drop".split(" "),
);

/** Classes of one tool: every verb in its name counts, and the first word of its description. */
export function classifyTool({ name, description, annotations }: ToolWords): ToolClass[] {
  const found = new Set<ToolClass>();
  const words = splitWords(name);
  for (const [index, word] of words.entries()) {
    const kind = classOfWord(word);
    // Names often begin with the product (`slack_send_message`), so the verb may stand second.
    if (kind && (index === 0 || !NOUNS_TOO.has(word) || (index === 1 && !classOfWord(words[0] ?? "")))) found.add(kind);
  }
  const opening = classOfWord(splitWords((description ?? "").slice(0, 60))[0] ?? "");
  if (opening) found.add(opening);

  const hints = typeof annotations === "object" && annotations !== null ? (annotations as Record<string, unknown>) : {};
  if (hints["destructiveHint"] === true) found.add("delete");
  if (hints["readOnlyHint"] === false && [...found].every((kind) => kind === "read")) found.add("write");
  return found.size === 0 ? ["unknown"] : TOOL_CLASSES.filter((kind) => found.has(kind));
}

function splitWords(text: string): string[] {
  return text
    .slice(0, 256)
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== "");
}

function classOfWord(word: string): ToolClass | undefined {
  const known = CLASS_OF.get(word);
  if (known || word.length < 5 || !word.endsWith("s")) return known;
  // "Deletes a file", "Fetches a page", "Queries the table".
  return CLASS_OF.get(word.slice(0, -1)) ?? CLASS_OF.get(word.replace(/ies$/, "y")) ?? CLASS_OF.get(word.replace(/es$/, ""));
}

const NAME_LIMIT = 256;
const DESCRIPTION_LIMIT = 120;

/** One entry of a `tools/list` reply as the inventory keeps it; undefined for what is no tool definition. */
export function toolSummary(definition: unknown): ToolSummary | undefined {
  if (typeof definition !== "object" || definition === null) return undefined;
  const { name, description, annotations } = definition as Record<string, unknown>;
  if (typeof name !== "string" || name === "") return undefined;
  const text = typeof description === "string" ? description : "";
  return {
    name: name.slice(0, NAME_LIMIT),
    description: plainText(text, DESCRIPTION_LIMIT),
    classes: classifyTool({ name, description: text, annotations }),
    digest: sha256Hex(canonicalText(definition)),
  };
}
