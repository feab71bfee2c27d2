/** One legacy session over HTTP: one process behind it, ids unchanged, its questions on the stream of the call they belong to. */
import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { openPipe, type Id, type Message } from "./pipe.ts";
import { openReply, type Reply } from "./reply.ts";

export interface LegacySession {
  readonly id: string;
  post(message: Message, text: string, response: ServerResponse): void;
  listen(response: ServerResponse): void;
  close(): Promise<void>;
}

export function openLegacySession(command: readonly string[], env: NodeJS.ProcessEnv, onEnd: (id: string) => void): LegacySession {
  const id = randomUUID();
  const headers = { "mcp-session-id": id };
  /** Calls that wait for their answer, the newest last. */
  const waiting = new Map<Id, { readonly reply: Reply; readonly token: unknown }>();
  let open: Reply | null = null;
  let initialized = false;

  const pipe = openPipe(
    command,
    env,
    (message, text) => {
      if (message.method === undefined) {
        const call = waiting.get(message.id as Id);
        waiting.delete(message.id as Id);
        call?.reply.answer(message, text);
        return;
      }
      // On a pipe nothing says which call a message belongs to, except a progress token; else the newest call is as good a guess as there is.
      const token = message.method === "notifications/progress" ? message.params?.["progressToken"] : undefined;
      const calls = [...waiting.values()];
      const call = (token === undefined ? undefined : calls.find((each) => each.token === token)) ?? calls.at(-1);
      (call?.reply ?? open)?.notify(text);
    },
    () => {
      for (const { reply } of waiting.values()) reply.end();
      open?.end();
      onEnd(id);
    },
  );

  return {
    id,
    post(message, text, response) {
      if (message.method !== undefined && message.id !== undefined && message.id !== null) {
        const reply = openReply(response, { stream: initialized, headers });
        initialized = true;
        waiting.set(message.id, { reply, token: message.params?._meta?.["progressToken"] });
      } else {
        response.writeHead(202, headers).end();
      }
      pipe.send(text);
    },
    listen(response) {
      open = openReply(response, { stream: true, headers });
      response.once("close", () => (open = null));
    },
    close: () => pipe.close(),
  };
}
