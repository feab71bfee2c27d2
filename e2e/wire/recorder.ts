/** `node recorder.ts FOLDER SIDE -- COMMAND…`: runs a local server and writes down every line that passes, both ways, byte for byte. */
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Readable, Writable } from "node:stream";

const LF = 10;
const [folder = "", side = "", , command = "", ...args] = process.argv.slice(2);

// Named by the outermost recorder and handed down, so that the two sides of one guard find each other.
const run = process.env["WIRE_RUN"] ?? `${String(Date.now())}-${String(process.pid)}`;
const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, WIRE_RUN: run } });

function relay(from: Readable, to: Writable, direction: "to-server" | "to-client"): void {
  const file = join(folder, `${run}.${side}.${direction}`);
  appendFileSync(file, "");
  let rest: Buffer = Buffer.alloc(0);
  from.on("data", (chunk: Buffer) => {
    to.write(chunk);
    rest = Buffer.concat([rest, chunk]);
    const end = rest.lastIndexOf(LF) + 1;
    if (end === 0) return;
    appendFileSync(file, rest.subarray(0, end));
    rest = rest.subarray(end);
  });
  from.on("end", () => {
    if (rest.length > 0) appendFileSync(file, rest);
    to.end();
  });
}

child.stdin.on("error", () => undefined);
process.stdout.on("error", () => undefined);
relay(process.stdin, child.stdin, "to-server");
relay(child.stdout, process.stdout, "to-client");
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
child.once("close", (code) => {
  process.exitCode = code ?? 1;
  process.stdin.destroy();
});
