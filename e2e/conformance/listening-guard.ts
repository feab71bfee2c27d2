/** A `sluice guard --listen` around one address. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";

/** @param sluice the program. */
export async function startListening(sluice: string, target: string, env: NodeJS.ProcessEnv): Promise<{ url: string; close(): Promise<void> }> {
  const child = spawn(process.execPath, [sluice, "guard", "--client", "conformance", "--url", target, "--listen", "127.0.0.1:0"], { stdio: ["pipe", "pipe", "pipe"], env });
  const ended = once(child, "exit");
  let said = "";
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        said += chunk.toString();
        const port = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1];
        if (port !== undefined) resolve(`http://localhost:${port}${new URL(target).pathname}`);
      });
    }
    child.once("exit", () => reject(new Error(`the guard ended before it listened: ${said}`)));
  });
  return {
    url,
    async close() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
