/** A working day for the popup: records as relays and guards would report them. All names and values are made up. */
import { aFinding, aMalformed, aMessage, base, CHAT, CURSOR, DESK, NOTES } from "../../extension/ui/fixtures.ts";
import { startOfDay } from "../../extension/store/rows.ts";
import type { Deployment, EventRecord, Initialized, ToolsListed } from "../../shared/events/record.ts";
import { localServer, remoteServer, type ServerIdentity } from "../../shared/mcp/identity.ts";
import { ADMISSION_DEFAULT } from "../../shared/policy/decision.ts";

/** So many minutes ago, but still today. */
function ago(minutes: number): number {
  const now = Date.now();
  return Math.max(startOfDay(now) + 1_000 - minutes, now - minutes * 60_000);
}

export const SHADOW = remoteServer("http://tools.unknown.example:8080/mcp")!;
const FILES = localServer("uvx", ["mcp-server-git", "--repository", "~/work/billing"]);

function initialized(server: ServerIdentity, client: typeof CHAT | typeof CURSOR, minutes: number, more: Partial<Initialized>): Initialized {
  const local = server.kind === "local";
  return {
    ...base(ago(minutes)),
    by: local ? "guard" : "extension",
    kind: "initialized",
    channel: `c-${server.id}`,
    point: local ? "stdio" : "page",
    transport: local ? "stdio" : "streamable-http",
    client,
    server,
    protocolVersion: "2025-11-25",
    era: "legacy",
    serverInfo: null,
    clientInfo: null,
    capabilities: ["tools"],
    authentication: "none",
    ...more,
  };
}

function tools(server: ServerIdentity, minutes: number, list: readonly (readonly [string, ToolsListed["tools"][number]["classes"]])[]): ToolsListed {
  const { kind: _, protocolVersion: _1, era: _2, serverInfo: _3, clientInfo: _4, capabilities: _5, authentication: _6, ...place } = initialized(server, CHAT, minutes, {});
  return { ...place, kind: "tools.listed", tools: list.map(([name, classes]) => ({ name, description: name.replaceAll("_", " "), classes, digest: "d".repeat(64) })) };
}

/** What the relays of this browser report. */
export function browserDay(): EventRecord[] {
  return [
    initialized(DESK, CHAT, 300, { protocolVersion: "2026-07-28", era: "modern", serverInfo: { name: "customer-desk", title: "Customer desk", version: "3.2.0" }, authentication: "bearer" }),
    tools(DESK, 299, [["find_customer", ["read"]], ["create_ticket", ["write"]], ["refund", ["money"]]]),
    initialized(SHADOW, CHAT, 240, { protocolVersion: "2025-03-26", serverInfo: { name: "everything-helper" } }),
    tools(SHADOW, 239, [["run_shell", ["execute"]], ["upload", ["send"]]]),
    aMessage({ time: ago(200), tool: "find_customer", decision: { matched: [{ kind: "admission", id: "customer-desk", title: "Customer desk", effect: "allow", mode: "enforce", clauses: [] }] } }),
    aMessage({
      time: ago(150),
      effect: "redact",
      redacted: 2,
      kind: "response",
      direction: "to-client",
      tool: "find_customer",
      findings: [aFinding("pci.card-number", "••••4242"), aFinding("pii.iban", "••••3000")],
      decision: { decidedBy: "customer-data", title: "Customer data stays out of answers", matched: [{ kind: "rule", id: "customer-data", title: "Customer data stays out of answers", effect: "redact", mode: "enforce", clauses: ["data pci.card-number (1)", "data pii.iban (1)"] }] },
    }),
    ...[96, 92, 90].map((minutes) =>
      aMessage({
        time: ago(minutes),
        effect: "block",
        method: "initialize",
        server: SHADOW,
        decision: { decidedBy: ADMISSION_DEFAULT, title: "This server is not on the list of known servers", message: "Use the customer desk instead, or ask IT to add this server.", matched: [{ kind: "admission", id: ADMISSION_DEFAULT, title: "This server is not on the list of known servers", effect: "block", mode: "enforce", clauses: [] }] },
      }),
    ),
    aMessage({
      time: ago(45),
      effect: "redact",
      redacted: 1,
      tool: "create_ticket",
      findings: [aFinding("secret.aws-access-key", "••••X7Q2")],
      decision: { decidedBy: "secrets-stay", title: "Secrets never leave this computer", message: "The key was taken out before sending. If it was pasted by mistake, replace it in AWS.", learnMore: "https://wiki.acme.example/secrets", severity: "critical", matched: [{ kind: "rule", id: "secrets-stay", title: "Secrets never leave this computer", effect: "redact", mode: "enforce", clauses: ["data secret.aws-access-key (1)"] }] },
    }),
    aMessage({
      time: ago(20),
      effect: "block",
      tool: "refund",
      decision: { decidedBy: "no-refunds", title: "Refunds are made by people", message: "Open the ticket in the customer desk and refund it there.", learnMore: "https://wiki.acme.example/refunds", severity: "high", matched: [{ kind: "rule", id: "no-refunds", title: "Refunds are made by people", effect: "block", mode: "enforce", clauses: ["tool refund"] }] },
    }),
    aMalformed("refused", ago(5)),
  ];
}

/** What guards and discovery on this computer report through the host. */
export function computerDay(): EventRecord[] {
  const place: Omit<Deployment, "server" | "name" | "notes"> = { ...base(ago(400)), by: "host", kind: "deployment", change: "added", point: "stdio", client: CURSOR, where: "~/.cursor/mcp.json", guarded: true, transport: "stdio" };
  return [
    { ...place, ...base(ago(400)), by: "host", server: NOTES, name: "notes", notes: ["environment NOTES_DIR"] },
    { ...place, ...base(ago(399)), by: "host", server: FILES, name: "git", guarded: false, notes: [] },
    initialized(NOTES, CURSOR, 60, { serverInfo: { name: "notes-server", version: "1.4.2" }, clientInfo: { name: "Cursor", version: "2.4.1" } }),
    {
      ...aMessage({ time: ago(58), effect: "block", server: NOTES, client: CURSOR, tool: "delete_notes", decision: { decidedBy: "no-delete", title: "An AI deletes nothing", message: "Delete notes by hand.", severity: "medium", matched: [{ kind: "rule", id: "no-delete", title: "An AI deletes nothing", effect: "block", mode: "enforce", clauses: ["tool delete_*"] }] } }),
      by: "guard",
    },
  ];
}

/** Names that a hostile server may choose. */
export function hostileDay(): EventRecord[] {
  const server = remoteServer(`https://evil.example/${"a".repeat(900)}`)!;
  const name = `<img src=x onerror="document.title='pwned'">\u202edetsurt\u202c${"W".repeat(500)}`;
  return [
    initialized(server, CHAT, 4, { serverInfo: { name, title: name, version: "9".repeat(200) } }),
    aMessage({ time: ago(3), effect: "block", server, tool: name, decision: { decidedBy: "evil", title: `<b>${"T".repeat(600)}</b>`, message: `<script>document.title='pwned'</script>${"m".repeat(1500)}`, learnMore: "javascript:document.title='pwned'" } }),
  ];
}
