/** Requests that are answered with questions and sent again with the answers (`input_required`, MCP 2026-07-28): which exchanges belong together. For records only; each is judged by itself. */
import { sha256Hex } from "../base/digest.ts";
import { member, type JsonObject } from "../mcp/message.ts";
import { Bounded } from "./bounded.ts";
import type { SubjectFacts } from "./summary.ts";

const MAX_OPEN = 1_000;
const MAX_HELD = 1024 * 1024;

export class Rounds {
  readonly #chains = new Bounded<string>(MAX_OPEN, MAX_HELD);

  /** Takes in an answer: it may ask for more. @param chain id of the first exchange of the chain. */
  learn(method: string, subject: SubjectFacts, chain: string, result: unknown): void {
    if (member(result, "resultType") !== "input_required") return;
    this.#chains.set(keyOf(method, subject, member(result, "requestState")), chain, chain.length);
  }

  /** The chain that a request goes on with; undefined for one that begins. */
  find(method: string, subject: SubjectFacts, params: JsonObject): string | undefined {
    const state = params["requestState"];
    if (params["inputResponses"] === undefined && state === undefined) return undefined;
    return this.#chains.get(keyOf(method, subject, state));
  }
}

/** By the state that goes back and forth unchanged; a server that keeps none is known by what it was asked. */
function keyOf(method: string, { tool, prompt, resource }: SubjectFacts, state: unknown): string {
  const about = JSON.stringify([method, tool, prompt, resource]);
  return sha256Hex(typeof state === "string" ? `state ${about} ${state}` : about);
}
