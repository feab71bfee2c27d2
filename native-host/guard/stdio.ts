/** `sluice guard -- COMMAND`: stands between a desktop client and its local server. Child first, then load; when we die, the server's input closes and it ends. */
import process from "node:process";
import type { ClientIdentity } from "../../shared/mcp/identity.ts";
import type { HostPaths } from "../home.ts";
import { startChild, type GuardedChild } from "./child.ts";
import { startFailure, watchEnd } from "./ending.ts";
import { serverEnv } from "./server-env.ts";

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
  // The command line ends when its output breaks; a guard first sees to it that its server does.
  process.stdout.removeAllListeners("error");
  process.stderr.on("error", () => {});

  let child: GuardedChild;
  try {
    child = startChild(options.command, options.args, serverEnv(options.env));
  } catch (error) {
    process.stderr.write(`sluice: ${startFailure(error as NodeJS.ErrnoException)}\n`);
    return 126;
  }
  const ending = watchEnd(child.process);
  try {
    // Everything heavy comes after the server is on its way.
    const { bridge } = await import("./bridge.ts");
    return await bridge(child, ending, options);
  } catch (error) {
    // Nothing may pass unguarded: without a guard there is no server.
    child.process.kill("SIGKILL");
    throw error;
  } finally {
    ending.release();
    child.stdin.destroy();
    child.stdout.destroy();
    process.stdin.destroy();
  }
}
