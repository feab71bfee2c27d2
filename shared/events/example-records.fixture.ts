/** Records as a busy week leaves them: for tests and benchmarks only. */
import { localServer, remoteServer, type ClientIdentity, type ServerIdentity } from "../mcp/identity.ts";
import type { Decision } from "../policy/decision.ts";
import type { FindingSummary, Initialized, MessageRecord, Unstamped } from "./record.ts";

const SERVERS: readonly ServerIdentity[] = [
  ...Array.from({ length: 20 }, (_, at) => remoteServer(`https://mcp${at}.example/mcp`)!),
  ...Array.from({ length: 20 }, (_, at) => localServer("npx", ["-y", `@acme/server-${at}`])),
];
const CLIENTS: readonly ClientIdentity[] = ["cursor", "claude-code", "vscode"].map((slug) => ({ id: `client:${slug}`, name: slug }));
const TOOLS = ["get_customer", "list_issues", "create_issue", "delete_customer", "search", "read_file", "write_file", "send_mail"];
const CLASSES = ["secret.github-token", "secret.jwt", "pii.email", "pii.phone", "pci.card-number"];

export const PASSED: Decision = {
  effect: "monitor",
  enforced: "monitor",
  decidedBy: "admission.default",
  title: "This server is not on the list of known servers",
  message: null,
  learnMore: null,
  severity: null,
  matched: [{ kind: "admission", id: "admission.default", title: "This server is not on the list of known servers", effect: "monitor", mode: "enforce", clauses: ["server is not on the list"] }],
  redactions: [],
  policy: { id: "sluice-baseline", revision: 1, source: "baseline" },
};

/** A call and its answer, in turn. @param at which one; the same number gives the same record. */
export function exampleRecord(at: number): Unstamped<MessageRecord> {
  const call = at >> 1;
  const dice = mixed(call);
  const server = SERVERS[dice % SERVERS.length]!;
  const request = at % 2 === 0;
  const carries = dice % 7 === 0 ? [exampleSummary(CLASSES[(dice >>> 8) % CLASSES.length]!, 1 + ((dice >>> 12) % 4))] : [];
  return {
    kind: request ? "request" : "response",
    channel: `channel-${server.id}-${(dice >>> 4) % 50}`,
    point: server.kind === "local" ? "stdio" : "page",
    transport: server.kind === "local" ? "stdio" : "streamable-http",
    client: CLIENTS[(dice >>> 3) % CLIENTS.length]!,
    server,
    direction: request ? "to-server" : "to-client",
    method: "tools/call",
    tool: TOOLS[(dice >>> 6) % TOOLS.length]!,
    bytes: 200 + (dice % 5000),
    ...(request ? {} : { ms: dice % 900, failed: false }),
    findings: carries,
    decision: PASSED,
    redacted: 0,
    exchange: `00000000-0000-7000-8000-${String(call).padStart(12, "0")}`,
  };
}

export function exampleSummary(name: string, count: number, confidence = 0.9): FindingSummary {
  const kept = Array.from({ length: Math.min(count, 3) }, (_, at) => at);
  return { class: name, count, confidence, previews: kept.map((at) => `••••${at}`), fingerprints: kept.map((at) => `${name}-${at}`), pointers: kept.map((at) => `/params/arguments/${at}`) };
}

export function exampleHandshake(record: Unstamped<MessageRecord>, protocolVersion: string): Unstamped<Initialized> {
  const { channel, point, transport, client, server } = record;
  return { kind: "initialized", channel, point, transport, client, server, protocolVersion, era: "legacy", serverInfo: null, clientInfo: null, capabilities: [], authentication: "none" };
}

/** A repeatable stand-in for chance. */
function mixed(seed: number): number {
  let x = (seed + 1) * 2654435761;
  x = (x ^ (x >>> 15)) * 2246822519;
  return (x ^ (x >>> 13)) >>> 0;
}
