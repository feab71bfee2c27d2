// A client that can be killed: starts the command line it is given, talks to it, and says "replied" once it was answered.
import { spawn } from "node:child_process";
import process from "node:process";

const [command, ...args] = process.argv.slice(2);
const guard = spawn(command, args, { stdio: ["pipe", "pipe", "ignore"] });
guard.stdin.on("error", () => undefined);
guard.stdout.once("data", () => process.stdout.write("replied\n"));
guard.stdout.resume();
for (let id = 1; id <= 5; id++) guard.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "any", arguments: {} } })}\n`);
guard.once("exit", () => process.exit(0));
