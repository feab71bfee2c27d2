// The least that can stand between a client and a server: starts the command given and moves bytes, nothing else. What a guard is measured against.
import { spawn } from "node:child_process";
import process from "node:process";

const child = spawn(process.argv[2], process.argv.slice(3), { stdio: ["pipe", "pipe", "inherit"] });
process.stdin.pipe(child.stdin);
child.stdout.pipe(process.stdout);
child.once("exit", (code) => (process.exitCode = code ?? 1));
