/** What is said of a message that could not be judged. */
import type { JsonFault } from "../base/json.ts";
import { guessId, readMessage } from "../mcp/message.ts";
import type { Malformed } from "../events/record.ts";

export function notPassed(detail: string, reference: string): string {
  return `Sluice did not pass this message on: ${detail}. It could not be checked. Reference ${reference}.`;
}

export function faultOf(fault: JsonFault): { fault: Malformed["fault"]; detail: string } {
  const words = { syntax: "it is not valid JSON", "duplicate-key": "it is ambiguous JSON", "lone-surrogate": "it is ambiguous JSON", "number-range": "it is ambiguous JSON", depth: "it is nested too deeply", nodes: "it has too many parts" };
  return { fault: fault.kind, detail: `${words[fault.kind]} (${fault.message}, position ${fault.at})` };
}

/** Of a request that was read once already, its own id, however it is written; of any other text the best guess. */
export function idIn(head: string): string | null {
  const read = readMessage(head);
  return read.ok && read.value.kind === "single" && read.value.envelope.kind === "request" ? read.value.envelope.id : guessId(head);
}
