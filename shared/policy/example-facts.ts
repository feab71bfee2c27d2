/** Facts of an imagined message: what rule tests and try-outs start from. */
import type { Channel } from "../mcp/channel.ts";
import type { ServerIdentity } from "../mcp/identity.ts";
import type { Finding } from "../inspect/data/finding.ts";
import type { Facts, RateReader } from "./decision.ts";

/** A web app that speaks to a remote server, or a desktop client that speaks to a local one. */
export function exampleChannel(server: ServerIdentity): Channel {
  return server.kind === "local"
    ? { id: "example", point: "stdio", transport: "stdio", client: { id: "client:example", name: "Example" }, server }
    : { id: "example", point: "page", transport: "streamable-http", client: { id: "app:https://app.example", name: "app.example" }, server };
}

const NO_ADDRESSES: readonly string[] = [];
const NOTHING_YET: RateReader = { read: () => 0 };

/** A tool call with everything known and nothing found in it. */
export function exampleFacts(server: ServerIdentity, changes: Partial<Facts> = {}): Facts {
  return {
    channel: exampleChannel(server),
    direction: "to-server",
    method: "tools/call",
    tool: "example_tool",
    prompt: null,
    resource: null,
    arguments: {},
    bytes: 100,
    findings: [],
    unknownClasses: [],
    protocolVersion: "2025-11-25",
    authentication: "none",
    trust: { score: 100, level: "low" },
    who: { user: "example", groups: [], device: "example" },
    sha256: null,
    registryName: null,
    pin: "pinned",
    addresses: NO_ADDRESSES,
    rate: NOTHING_YET,
    // Later than any exception, so that an example shows the rule and not who is spared from it.
    now: Date.UTC(9999, 11, 31),
    ...changes,
  };
}

/** @param at tells one value from the next. */
export function exampleFinding(name: string, at: number, confidence = 1): Finding {
  return { detector: "example", class: name, confidence, severity: "medium", pointer: `/params/arguments/${at}`, start: 0, end: 1, preview: "••••", fingerprint: `example-${at}` };
}
