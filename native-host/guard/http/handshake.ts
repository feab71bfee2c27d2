/** The client's handshake, kept so that a session which the server has forgotten can be begun anew without the client. */
import { openExchange, type ServerAnswer } from "../../../shared/gate/http.ts";
import { member } from "../../../shared/mcp/message.ts";
import type { Gate } from "../gatekeeper.ts";
import { readReply } from "./reply-lines.ts";
import type { Target } from "./target.ts";
import type { Answer, Wire } from "./wire.ts";

/** As the client said it. Judged anew when it is said again. */
export interface Handshake {
  readonly initialize: string;
  readonly initialized: string | null;
  /** What the server agreed to. */
  readonly version: string | null;
}

export interface ReplayParts {
  readonly target: Target;
  readonly wire: Wire;
  readonly gate: Gate;
  readonly signal: AbortSignal;
  readonly silenceMs: number;
  readonly answerServer: ServerAnswer;
}

export const POST_HEADERS = { accept: "application/json, text/event-stream", "content-type": "application/json" } as const;

/** Says the handshake again. Null: the policy or the server does not agree, or the server now speaks another version than the client counts on. Rejects where the server cannot be reached. @returns the new session's id, if it has one. */
export async function replay(parts: ReplayParts, handshake: Handshake): Promise<{ readonly sessionId: string | null } | null> {
  let told: unknown;
  const first = await post(parts, handshake.initialize, {}, (line) => void (told ??= JSON.parse(line)));
  if (first === null || first.status >= 300 || member(told, "result", "protocolVersion") !== (handshake.version ?? undefined)) return null;
  const given = first.headers["mcp-session-id"];
  const sessionId = typeof given === "string" ? given : null;
  const headers = { ...(sessionId === null ? {} : { "mcp-session-id": sessionId }), ...(handshake.version === null ? {} : { "mcp-protocol-version": handshake.version }) };
  const second = handshake.initialized === null ? first : await post(parts, handshake.initialized, headers, () => {});
  return second === null || second.status >= 300 ? null : { sessionId };
}

async function post({ target, wire, gate, signal, silenceMs, answerServer }: ReplayParts, text: string, headers: Readonly<Record<string, string>>, line: (text: string) => void): Promise<Answer | null> {
  const exchange = openExchange(gate.session, { method: "POST", headers: {}, body: text, unreadable: null }, gate.record, answerServer);
  const { verdict } = exchange;
  if (verdict.kind === "answer") return null;
  const answer = await wire.ask({ method: "POST", url: target.url, headers: { ...target.headers, ...POST_HEADERS, ...headers }, body: verdict.kind === "replace" ? verdict.body : text, signal });
  await readReply(answer, exchange, { line }, silenceMs);
  return answer;
}
