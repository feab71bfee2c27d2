/** A local server as the bridge sees it: one process, one JSON-RPC message a line. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { StringDecoder } from "node:string_decoder";

export type Id = string | number;

export interface Message {
  id?: Id | null;
  method?: string;
  params?: Record<string, unknown> & { _meta?: Record<string, unknown> };
  result?: Record<string, unknown>;
  error?: { code: number; message: string; data?: unknown };
}

export interface Pipe {
  send(text: string): void;
  /** Closes the server's input and waits for its end; one that does not end is ended. */
  close(): Promise<void>;
}

const PATIENCE_MS = 5_000;

export function openPipe(command: readonly string[], env: NodeJS.ProcessEnv, onMessage: (message: Message, text: string) => void, onEnd: () => void): Pipe {
  const [program = "", ...args] = command;
  const child: ChildProcess = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, ...env } });
  const ended = once(child, "exit").catch(() => undefined);
  child.stdin!.on("error", () => undefined);
  const decoder = new StringDecoder("utf8");
  let rest = "";
  child.stdout!.on("data", (chunk: Buffer) => {
    // Not readline: it takes other characters for line ends as well, and would cut messages.
    const lines = (rest + decoder.write(chunk)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") onMessage(JSON.parse(line) as Message, line.trim());
  });
  void ended.then(onEnd);
  return {
    send: (text) => void child.stdin!.write(`${text}\n`),
    async close() {
      child.stdin!.end();
      const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
      await ended;
      clearTimeout(late);
    },
  };
}
