/** What a channel has learned of its two peers, and when that is news worth a record. */
import type { Initialized, ToolSummary } from "../events/record.ts";
import type { AuthenticationSeen } from "../mcp/channel.ts";
import { eraOfRequest, introductionOf, type Era, type PeerInfo } from "../mcp/era.ts";
import { member, type Envelope } from "../mcp/message.ts";
import type { Inspection } from "../inspect/data/inspect.ts";
import { toolSummary } from "../inventory/tool-class.ts";

type Told = Pick<Initialized, "protocolVersion" | "era" | "serverInfo" | "clientInfo" | "capabilities" | "authentication">;

/** Tools kept of one list page. */
const MAX_TOOLS = 500;

const PEER_INFO = /[Ii]nfo\/|protocolVersion/;

export class Introductions {
  #era: Era = "legacy";
  #protocolVersion: string | null = null;
  #client: PeerInfo | null = null;
  #server: PeerInfo | null = null;
  #capabilities: readonly string[] = [];
  #told = "";
  /** Something was learned since it was last told, or the authentication has changed. */
  #news = true;
  #authentication: AuthenticationSeen = "unknown";

  get protocolVersion(): string | null {
    return this.#protocolVersion;
  }

  /** Takes in one message; returns a record's content when something new is known and a server has spoken. */
  learn(envelope: Envelope, method: string | null, authentication: AuthenticationSeen, inspection: Inspection): Told | null {
    // A peer that hides a secret in its own name stays nameless: names are stored.
    const quiet = inspection.findings.length === 0;
    const told = !quiet && inspection.findings.some((finding) => PEER_INFO.test(finding.pointer)) ? {} : introductionOf(envelope, method);
    const news = !quiet && inspection.findings.some((finding) => finding.pointer.startsWith("/result/capabilities/")) ? { ...told, capabilities: [] } : told;
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
    if (envelope.kind !== "response" || (!news.serverInfo && !this.#server && this.#era === "legacy")) return null;
    const known: Told = { protocolVersion: this.#protocolVersion, era: this.#era, serverInfo: this.#server, clientInfo: this.#client, capabilities: this.#capabilities, authentication };
    this.#news = false;
    const text = JSON.stringify(known);
    if (text === this.#told) return null;
    this.#told = text;
    return known;
  }

  /** The tools that a `tools/list` result names, or null. */
  toolsIn(envelope: Envelope, method: string | null, inspection: Inspection): ToolSummary[] | null {
    if (method !== "tools/list" || envelope.kind !== "response") return null;
    const tools = member(envelope.result, "tools");
    if (!Array.isArray(tools)) return null;
    return tools.slice(0, MAX_TOOLS).flatMap((tool: unknown, i) => {
      const summary = toolSummary(tool);
      if (!summary) return [];
      const tainted = inspection.findings.filter((finding) => finding.pointer.startsWith(`/result/tools/${i}/`));
      if (tainted.length === 0) return summary;
      const inName = tainted.find((finding) => finding.pointer === `/result/tools/${i}/name`);
      return { ...summary, ...(inName ? { name: `[withheld: ${inName.class}]` } : {}), description: `[withheld: ${tainted[0]!.class}]` };
    });
  }
}
