/** A small server for tests, without any SDK: answers requests, and misbehaves where its arguments ask for it. `REPORT` (environment): a file to which it writes what happened to it. */
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import process from "node:process";

const flags = new Set(process.argv.slice(2));
const report = (text: string): void => (process.env["REPORT"] ? appendFileSync(process.env["REPORT"], `${text}\n`) : undefined);
const numbered = (name: string): number | undefined => {
  const flag = process.argv.find((each) => each.startsWith(`${name}=`));
  return flag === undefined ? undefined : Number(flag.slice(name.length + 1));
};

report(`pid ${process.pid}`);
if (flags.has("deaf")) process.on("SIGTERM", () => report("SIGTERM"));
else for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => (report(signal), process.exit(40)));

if (flags.has("raw")) {
  // Hands back every byte as it came.
  process.stdin.on("data", (chunk) => void process.stdout.write(chunk));
} else if (flags.has("slow")) {
  // Reads nothing until told so by a signal.
  process.on("SIGUSR2", () => process.stdin.resume());
} else {
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => void answer(line));
}
process.stdin.once("end", () => void ended());

const exitCode = numbered("exit");
if (exitCode !== undefined) setImmediate(() => process.exit(exitCode));
if (flags.has("crash")) process.kill(process.pid, "SIGKILL");
if (flags.has("closes-output")) process.stdout.end();

async function ended(): Promise<void> {
  report("eof");
  if (flags.has("stays")) return void setInterval(() => {}, 1000);
  if (flags.has("last-words")) {
    process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "last words" } })}\n`);
    process.exitCode = 7;
  }
}

async function answer(line: string): Promise<void> {
  if (line.trim() === "") return;
  let message: { id?: unknown; method?: string; params?: { name?: string; arguments?: Record<string, unknown> } };
  try {
    message = JSON.parse(line) as typeof message;
  } catch {
    report("unparseable line");
    return;
  }
  if (message.id === undefined) return;
  const { name, arguments: args = {} } = message.params ?? {};
  const reply = (result: unknown): void => void process.stdout.write(`${JSON.stringify({ result, jsonrpc: "2.0", id: message.id })}\n`);
  if (message.method === "tools/list") return reply({ tools: [{ name: "get_note", description: "Reads a note", inputSchema: { type: "object" } }] });
  switch (name) {
    case "print":
      process.stdout.write(String(args["text"]));
      reply({ content: [{ type: "text", text: "printed" }] });
      break;
    case "size":
      reply({ content: [{ type: "text", text: "x".repeat(Number(args["bytes"])) }] });
      break;
    case "bytes":
      process.stdout.write(Buffer.from(String(args["hex"]), "hex"));
      reply({ content: [{ type: "text", text: "written" }] });
      break;
    case "complain":
      process.stderr.write(Buffer.from("standard error: \u00e4\n"));
      reply({ content: [] });
      break;
    case "wait":
      await sleep(Number(args["ms"]));
      reply({ content: [{ type: "text", text: "waited" }] });
      break;
    default:
      report(`got ${message.method} ${name ?? ""}`);
      reply({ content: [{ type: "text", text: JSON.stringify(args) }] });
  }
}
