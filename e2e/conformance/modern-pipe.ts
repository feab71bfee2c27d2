/** The modern era over HTTP: requests that know nothing of each other share one process, so ids, progress tokens and subscription ids are made unique on the way in and restored on the way out. */
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { openPipe, type Id, type Message, type Pipe } from "./pipe.ts";
import { openReply, refuse, type Reply } from "./reply.ts";

const PREFIX = "io.modelcontextprotocol/";
const VERSION = `${PREFIX}protocolVersion`;
const CAPABILITIES = `${PREFIX}clientCapabilities`;
const SUBSCRIPTION = `${PREFIX}subscriptionId`;
const HEADER_MISMATCH = -32_020;

export interface ModernPipe {
  post(message: Message, headers: IncomingHttpHeaders, response: ServerResponse): void;
  close(): Promise<void>;
}

interface Waiting {
  readonly id: Id;
  readonly token: unknown;
  readonly reply: Reply;
  readonly listens: boolean;
}

export function isModern(message: Message, headers: IncomingHttpHeaders): boolean {
  return message.params?._meta?.[VERSION] !== undefined || headers["mcp-protocol-version"] === "2026-07-28";
}

export function openModernPipe(command: readonly string[], env: NodeJS.ProcessEnv): ModernPipe {
  const waiting = new Map<string, Waiting>();
  let count = 0;
  let pipe: Pipe | null = null;
  const start = (): Pipe =>
    openPipe(command, env, onMessage, () => {
      for (const { reply } of waiting.values()) reply.end();
      waiting.clear();
      pipe = null;
    });

  function onMessage(message: Message): void {
    if (message.method === undefined) {
      const key = String(message.id);
      const call = waiting.get(key);
      waiting.delete(key);
      if (!call) return;
      const restored = { ...message, id: call.id, ...(message.result === undefined ? {} : { result: restore(message.result, call) }) };
      call.reply.answer(restored, JSON.stringify(restored));
      return;
    }
    const call = waiting.get(String(message.params?._meta?.[SUBSCRIPTION] ?? message.params?.["progressToken"])) ?? [...waiting.values()].findLast((each) => !each.listens);
    if (!call) return;
    const { params } = message;
    const restored = { ...message, ...(params === undefined ? {} : { params: restore({ ...params, ...("progressToken" in params ? { progressToken: call.token } : {}) }, call) }) };
    call.reply.notify(JSON.stringify(restored));
  }

  return {
    post(message, headers, response) {
      const fault = faultOf(message, headers);
      if (fault !== null) return refuse(response, 400, HEADER_MISMATCH, fault, message.id);
      pipe ??= start();
      if (message.id === undefined || message.id === null) {
        response.writeHead(202).end();
        return pipe.send(JSON.stringify(message));
      }
      const key = `b${++count}`;
      const meta = message.params?._meta;
      const listens = message.method === "subscriptions/listen";
      waiting.set(key, { id: message.id, token: meta?.["progressToken"], listens, reply: openReply(response, { modern: true, stream: listens }) });
      response.once("close", () => {
        // A client that hangs up has cancelled.
        if (waiting.delete(key)) pipe?.send(JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: key } }));
      });
      const sent = { ...message, id: key, ...(meta?.["progressToken"] === undefined ? {} : { params: { ...message.params, _meta: { ...meta, progressToken: key } } }) };
      pipe.send(JSON.stringify(sent));
    },
    async close() {
      await pipe?.close();
    },
  };
}

function restore<T extends Record<string, unknown>>(carrier: T, call: Waiting): T {
  const meta = carrier["_meta"] as Record<string, unknown> | undefined;
  return meta?.[SUBSCRIPTION] === undefined ? carrier : { ...carrier, _meta: { ...meta, [SUBSCRIPTION]: call.id } };
}

/** What an HTTP server must refuse before anything reaches the pipe: headers that say other than the body. */
function faultOf({ method, params }: Message, headers: IncomingHttpHeaders): string | null {
  const version = params?._meta?.[VERSION];
  if (version !== undefined && headers["mcp-protocol-version"] !== version) return "MCP-Protocol-Version does not match the body";
  if (method !== undefined && headers["mcp-method"] !== method) return "Mcp-Method does not match the body";
  const named = nameOf(method, params);
  return named === null || headers["mcp-name"] === named ? null : "Mcp-Name does not match the body";
}

function nameOf(method = "", params: Message["params"] = {}): string | null {
  const named = method === "tools/call" || method === "prompts/get" ? params["name"] : method === "resources/read" ? params["uri"] : /^tasks\/(?:get|update|cancel)$/.test(method) ? params["taskId"] : undefined;
  return typeof named === "string" ? named : null;
}

/** A request that lacks what every request must carry; the server says so in its answer, HTTP says it in the status. */
export function lacksMeta({ params }: Message): boolean {
  return params?._meta?.[VERSION] === undefined || params._meta[CAPABILITIES] === undefined;
}
