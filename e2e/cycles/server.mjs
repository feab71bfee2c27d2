// A server for start/stop/kill cycles, in plain JavaScript so that it is up quickly. First argument: how it behaves; PIDS (environment): a file to which it writes its process number.
import { appendFileSync } from "node:fs";
import process from "node:process";

const manner = process.argv[2];
appendFileSync(process.env.PIDS, `${String(process.pid)}\n`);

// Deaf to being told, but it heeds the end of its input; stubborn heeds neither.
if (manner === "deaf" || manner === "stubborn") process.on("SIGTERM", () => undefined);
if (manner === "stubborn") setInterval(() => undefined, 1000);
if (manner === "exits") setTimeout(() => process.exit(Number(process.argv[3])), Number(process.argv[4]));
if (manner === "chatty") {
  const words = "x".repeat(2000);
  setInterval(() => {
    for (let i = 0; i < 20; i++) say({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: words } });
    process.stderr.write("chatter\n");
  }, 2).unref();
}

function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

let rest = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop();
  for (const line of lines) {
    const { id } = JSON.parse(line);
    if (id !== undefined) say({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: "done" }] } });
  }
});
