/** What a tour has seen, for a person at a terminal: who is there and how risky, and what was decided and why. */
import type { MessageRecord } from "../../shared/events/record.ts";
import { contextOf, emptyInventory, observeAll, type ServerEntry } from "../../shared/inventory/inventory.ts";
import { scoreServer } from "../../shared/inventory/score.ts";
import { dataSourceOf } from "../../shared/inventory/data-source.ts";
import { addressOf } from "../../shared/mcp/identity.ts";
import { explain } from "../../shared/policy/explain.ts";
import type { Stage } from "../stage.ts";
import { samplePolicy } from "./managed-promises.ts";

export async function printSummary(stage: Stage, say: (line: string) => void): Promise<void> {
  const records = await stage.journal();
  const inventory = observeAll(emptyInventory(), records, contextOf(await samplePolicy()));

  say("\nServers seen (trust 0–100, 100 is best)");
  for (const entry of [...inventory.servers.values()].sort((a, b) => scoreServer(a).score - scoreServer(b).score)) {
    const { score, level, evidence } = scoreServer(entry);
    say(`  ${String(score).padStart(3)} ${level.padEnd(9)} ${nameOf(entry)}  ${cut(addressOf(entry.identity), 60)}`);
    say(`      ${entry.transports.join(", ")}${entry.protocolVersions.length ? `, MCP ${entry.protocolVersions.join(", ")}` : ""}; data: ${dataSourceOf(entry).name}; ${evidence[0] ? `mostly because: ${evidence[0].text}` : "nothing against it"}`);
  }

  say("\nCalls and decisions");
  const calls = records.filter((record): record is MessageRecord => (record.kind === "request" || record.kind === "response") && (record.tool !== undefined || record.decision.enforced === "block"));
  const rows = new Map<string, { line: string; why: string; count: number }>();
  for (const call of calls) {
    if (call.kind === "response" && call.decision.enforced === "allow") continue;
    const what = call.tool ?? call.method ?? "?";
    const line = `${call.decision.enforced.padEnd(8)} ${call.point.padEnd(6)} ${call.client.name} → ${inventory.servers.get(call.server.id)?.self?.name ?? cut(addressOf(call.server), 40)}: ${what}${call.direction === "to-client" ? " (reply)" : ""}`;
    const row = rows.get(line);
    if (row) row.count++;
    else rows.set(line, { line, why: call.decision.decidedBy ? `${explain(call.decision)[1] ?? ""}` : "", count: 1 });
  }
  for (const { line, why, count } of rows.values()) say(`  ${line}${count > 1 ? ` ×${count}` : ""}${why ? `\n           ${cut(why, 130)}` : ""}`);
}

function nameOf(entry: ServerEntry): string {
  return entry.self?.name ?? entry.places[0]?.name ?? "(has not introduced itself)";
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
