/** What a channel has learned of its two peers, and when that is news worth a record. */
import type { Initialized, InstructionsSeen, PromptsListed, ResourcesListed, ToolsListed } from "../events/record.ts";
import type { AuthenticationSeen } from "../mcp/channel.ts";
import { eraOfRequest, introductionOf, type Era, type Introduction, type PeerInfo } from "../mcp/era.ts";
import { member, type Envelope } from "../mcp/message.ts";
import type { Inspection } from "../inspect/data/inspect.ts";
import { bringsApp, instructionsSeen, promptSummary, resourceSummary } from "../inventory/definitions.ts";
import { toolSummary } from "../inventory/tool-class.ts";

type Told = Pick<Initialized, "protocolVersion" | "era" | "serverInfo" | "clientInfo" | "capabilities" | "extensions" | "instructions" | "authentication">;

/** What one list adds to its record. */
export type Listed = Pick<ToolsListed, "kind" | "tools" | "apps"> | Pick<PromptsListed, "kind" | "prompts"> | Pick<ResourcesListed, "kind" | "resources">;

/** Entries kept of one list page. */
const MAX_LISTED = 500;

const PEER_INFO = /[Ii]nfo\/|protocolVersion/;

export class Introductions {
  #era: Era = "legacy";
  #protocolVersion: string | null = null;
  #client: PeerInfo | null = null;
  #server: PeerInfo | null = null;
  #capabilities: readonly string[] = [];
  #extensions: readonly string[] | undefined;
  #instructions: InstructionsSeen | undefined;
  #told = "";
  /** Something was learned since it was last told, or the authentication has changed. */
  #news = true;
  #authentication: AuthenticationSeen = "unknown";

  /** Nothing waits to be told with the next answer. */
  get settled(): boolean {
    return !this.#news;
  }

  get protocolVersion(): string | null {
    return this.#protocolVersion;
  }

  /** Takes in one message; returns a record's content when something new is known and a server has spoken. */
  learn(envelope: Envelope, method: string | null, authentication: AuthenticationSeen, inspection: Inspection): Told | null {
    const news = withoutFound(introductionOf(envelope, method), inspection);
    if (authentication !== this.#authentication) {
      this.#authentication = authentication;
      this.#news = true;
    }
    for (const _ in news) this.#news = true;
    if (envelope.kind === "request" && method === "initialize") this.#news = true;
    if (!this.#news) return null;
    if (envelope.kind === "request" && (news.protocolVersion !== undefined || method === "initialize")) this.#era = eraOfRequest(envelope.method, envelope.params);
    // A client's proposal counts only until the server has answered with the version in use.
    if (news.protocolVersion !== undefined && (envelope.kind === "response" || envelope.kind !== "request" || envelope.method !== "initialize" || this.#protocolVersion === null)) this.#protocolVersion = news.protocolVersion;
    if (news.clientInfo) this.#client = news.clientInfo;
    if (news.serverInfo) this.#server = news.serverInfo;
    if (news.capabilities) this.#capabilities = news.capabilities;
    if (news.extensions) this.#extensions = news.extensions;
    if (news.instructions !== undefined) this.#instructions = seenWithout(news.instructions, inspection);
    if (envelope.kind !== "response" || (!news.serverInfo && !this.#server && this.#era === "legacy")) return null;
    const known: Told = {
      protocolVersion: this.#protocolVersion,
      era: this.#era,
      serverInfo: this.#server,
      clientInfo: this.#client,
      capabilities: this.#capabilities,
      ...(this.#extensions ? { extensions: this.#extensions } : {}),
      ...(this.#instructions ? { instructions: this.#instructions } : {}),
      authentication,
    };
    this.#news = false;
    const text = JSON.stringify(known);
    if (text === this.#told) return null;
    this.#told = text;
    return known;
  }

  /** What a list of tools, prompts or resources names, or null. */
  listedIn(envelope: Envelope, method: string | null, inspection: Inspection): Listed | null {
    if (envelope.kind !== "response") return null;
    switch (method) {
      case "tools/list": {
        const tools = kept(envelope.result, "tools", toolSummary, inspection);
        if (!tools) return null;
        const apps = entriesOf(envelope.result, "tools")?.filter(bringsApp).length ?? 0;
        return { kind: "tools.listed", tools, ...(apps > 0 ? { apps } : {}) };
      }
      case "prompts/list": {
        const prompts = kept(envelope.result, "prompts", promptSummary, inspection);
        return prompts && { kind: "prompts.listed", prompts };
      }
      case "resources/list":
      case "resources/templates/list": {
        const resources = kept(envelope.result, method === "resources/list" ? "resources" : "resourceTemplates", resourceSummary, inspection);
        return resources && { kind: "resources.listed", resources };
      }
      default:
        return null;
    }
  }
}

/** A peer that hides a secret in its own name stays nameless: names are stored. */
function withoutFound(told: Introduction, { findings }: Inspection): Introduction {
  if (findings.length === 0) return told;
  const { capabilities, extensions, instructions, ...peers } = told;
  const inNames = findings.some(({ pointer }) => pointer.startsWith("/result/capabilities/"));
  return {
    ...(findings.some(({ pointer }) => PEER_INFO.test(pointer)) ? {} : peers),
    ...(capabilities ? { capabilities: inNames ? [] : capabilities } : {}),
    ...(extensions ? { extensions: inNames ? [] : extensions } : {}),
    ...(instructions === undefined ? {} : { instructions }),
  };
}

function seenWithout(text: string, { findings }: Inspection): InstructionsSeen {
  const found = findings.find(({ pointer }) => pointer === "/result/instructions");
  return { ...instructionsSeen(text), ...(found ? { opening: `[withheld: ${found.class}]` } : {}) };
}

function entriesOf(result: unknown, list: string): unknown[] | undefined {
  const entries = member(result, list);
  return Array.isArray(entries) ? entries.slice(0, MAX_LISTED) : undefined;
}

interface Summary {
  readonly name: string;
  readonly description?: string;
  readonly uri?: string;
  readonly mimeType?: string;
}

/** Summaries of a list's entries; what was found in one is withheld from it. */
function kept<S extends Summary>(result: unknown, list: string, summaryOf: (definition: unknown) => S | undefined, inspection: Inspection): S[] | null {
  const entries = entriesOf(result, list);
  if (!entries) return null;
  const found = foundByEntry(`/result/${list}/`, inspection);
  return entries.flatMap((entry, i) => {
    const summary = summaryOf(entry);
    if (!summary) return [];
    const tainted = found.get(i);
    return tainted ? [withheld(summary, tainted)] : [summary];
  });
}

interface Tainted {
  /** Class of what was found first. */
  readonly first: string;
  readonly byField: Map<string, string>;
}

function withheld<S extends Summary>(summary: S, { first, byField }: Tainted): S {
  const inName = byField.get("name");
  const inUri = byField.get("uri") ?? byField.get("uriTemplate");
  return {
    ...summary,
    ...(inName ? { name: `[withheld: ${inName}]` } : {}),
    ...(inUri ? { uri: `[withheld: ${inUri}]` } : {}),
    ...(byField.has("mimeType") ? { mimeType: "[withheld]" } : {}),
    ...(summary.description === undefined ? {} : { description: `[withheld: ${first}]` }),
  };
}

function foundByEntry(at: string, { findings }: Inspection): Map<number, Tainted> {
  const entries = new Map<number, Tainted>();
  for (const { pointer, class: name } of findings) {
    if (!pointer.startsWith(at)) continue;
    const [index = "", field = ""] = pointer.slice(at.length).split("/", 2);
    const entry = entries.get(Number(index));
    if (!entry) entries.set(Number(index), { first: name, byField: new Map([[field, name]]) });
    else if (!entry.byField.has(field)) entry.byField.set(field, name);
  }
  return entries;
}
