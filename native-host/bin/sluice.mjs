#!/usr/bin/env node
// `npx sluice …`: plain JavaScript, so that any Node from 20 on can read it; finds the built host and a Node that runs it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath, pathToFileURL } from "node:url";

const at = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const bundle = at(".output/host/sluice.mjs");
// The host asks for Node's modules by a call that came with 22.3.
const isEnough = Number(process.versions.node.split(".")[0]) >= 22 && typeof process.getBuiltinModule === "function";

if (!existsSync(bundle)) {
  process.stderr.write("sluice: the host is not built yet\n  fix: run npm start (or npm run build) first\n");
  process.exitCode = 3;
} else if (isEnough) {
  await import(pathToFileURL(bundle).href);
} else {
  const node = [at("node_modules/node/bin/node"), at("node_modules/node/bin/node.exe"), at("node_modules/.bin/node")].find((file) => existsSync(file));
  if (!node) {
    process.stderr.write(`sluice: Node ${process.versions.node} is too old\n  fix: run npm ci, which brings its own Node, or install Node 22.3 or newer\n`);
    process.exitCode = 3;
  } else {
    const child = spawn(node, [bundle, ...process.argv.slice(2)], { stdio: "inherit" });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
    child.on("error", (error) => {
      process.stderr.write(`sluice: ${node} could not be started: ${error.message}\n  fix: run npm ci\n`);
      process.exitCode = 3;
    });
    // A child that died of a signal is reported the way shells do.
    child.on("exit", (code, signal) => (process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0)));
  }
}
