/** Starts `@modelcontextprotocol/server-everything` as its own process, on a free loopback port. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface EverythingServer {
  readonly port: number;
  readonly pid: number;
  close(): Promise<void>;
}

export async function startEverything(): Promise<EverythingServer> {
  const packageFile = createRequire(import.meta.url).resolve("@modelcontextprotocol/server-everything/package.json");
  const preload = join(dirname(fileURLToPath(import.meta.url)), "loopback.ts");
  const child = fork(join(dirname(packageFile), "dist", "index.js"), ["streamableHttp"], {
    execArgv: ["--import", preload],
    // Its tool `get-env` returns the whole environment, so it gets next to none.
    env: { PATH: process.env["PATH"] },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)));
  const ended = once(child, "exit");
  const port = await Promise.race([
    once(child, "message").then(([message]) => (message as { port: number }).port),
    ended.then(([code]) => Promise.reject(new Error(`server-everything ended with ${String(code)} before it listened: ${said}`))),
  ]);
  ended.catch(() => undefined);
  return {
    port,
    pid: child.pid ?? 0,
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      await ended;
    },
  };
}
