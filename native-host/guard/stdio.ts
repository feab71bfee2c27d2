/** `sluice guard -- COMMAND`: stands between a desktop client and its local server. Child first, then load; when we die, the server's input closes and it ends. */
import { randomBytes, randomUUID } from "node:crypto";
import { userInfo } from "node:os";
import process from "node:process";
import { launchedServer } from "../../shared/mcp/launch.ts";
import type { ClientIdentity } from "../../shared/mcp/identity.ts";
import type { Channel } from "../../shared/mcp/channel.ts";
import { isServerRecord, observeServer, type ServerEntry } from "../../shared/inventory/inventory.ts";
import { scoreServer } from "../../shared/inventory/score.ts";
import { createSession } from "../../shared/gate/session.ts";
import type { Effect } from "../../shared/gate/session.ts";
import type { HostPaths } from "../home.ts";
import { openJournal } from "../journal/writer.ts";
import { openPolicy } from "../policy/store.ts";
import { readHashKey } from "./hash-key.ts";
import { startChild } from "./child.ts";
import { pump } from "./pump.ts";
import { endWith } from "./ending.ts";

export interface GuardOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly client: ClientIdentity;
  readonly paths: HostPaths;
  readonly env: NodeJS.ProcessEnv;
  /** Policy file named on the command line, for tests and development. */
  readonly policyFile?: string;
}

/** Runs until the server has ended. @returns the exit code to end with. */
export async function runStdioGuard(options: GuardOptions): Promise<number> {
  const child = startChild(options.command, options.args, options.env);
  const ending = endWith(child.process);
  const journal = openJournal(options.paths.journal, "guard");
  const channel: Channel = { id: randomUUID(), point: "stdio", transport: "stdio", client: options.client, server: launchedServer(options.command, options.args) };

  let policy: Awaited<ReturnType<typeof openPolicy>>;
  try {
    policy = await openPolicy({ paths: options.paths, watch: true, ...(options.policyFile ? { file: options.policyFile } : {}) });
  } catch (error) {
    // Nothing may pass unguarded: without a policy there is no guard, and so no server.
    child.process.kill("SIGKILL");
    throw error;
  }
  policy.onRejected(({ source, errors, kept }) => {
    journal.append({ kind: "policy.rejected", source, errors, kept });
    process.stderr.write(`sluice: the new policy was refused, the old one stays:\n${errors.map((error) => `  ${error}`).join("\n")}\n`);
  });

  let entry: ServerEntry | undefined;
  const user = userInfo().username;
  const session = createSession({
    channel,
    by: "guard",
    policy: () => policy.current().compiled,
    key: readHashKey(options.paths.state),
    now: Date.now,
    random: (bytes) => randomBytes(bytes),
    who: () => ({ user }),
    trust: () => {
      if (!entry) return undefined;
      const { score, level } = scoreServer(entry);
      return { score, level };
    },
  });
  const onRecord = ({ record }: Extract<Effect, { kind: "record" }>): void => {
    if (isServerRecord(record)) entry = observeServer(entry, record);
    journal.store([record]);
  };
  const run = (effects: readonly Effect[]): void => {
    for (const effect of effects) if (effect.kind === "record") onRecord(effect);
  };

  run(session.step({ kind: "open" }));
  const onStray = (bytes: Uint8Array): void => void process.stderr.write(bytes);
  pump({ direction: "to-server", from: process.stdin, to: child.stdin, back: process.stdout, session, onRecord, onStray, onEnd: () => ending.inputClosed(child.stdin) });
  const drained = new Promise<void>((resolve) => {
    pump({ direction: "to-client", from: child.stdout, to: process.stdout, back: child.stdin, session, onRecord, onStray, onEnd: resolve });
    child.stdout.on("close", resolve);
  });
  // The client is gone when it no longer reads, or the server when it no longer does: errors of the pipe itself are that news, not faults.
  process.stdout.on("error", () => ending.clientGone(child.stdin));
  child.stdin.on("error", () => {});

  const end = await ending.ended;
  await drained;
  process.stdin.destroy();
  run(session.step({ kind: "close", reason: end.reason }));
  policy.close();
  await journal.close();
  return end.code;
}
