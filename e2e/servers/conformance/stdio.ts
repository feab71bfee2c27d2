/** The conformance fixture as a local server: `node stdio.ts [--modern-only]`. */
import process from "node:process";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { conformanceServer } from "./server.ts";

serveStdio(({ era }) => conformanceServer(era), { legacy: process.argv.includes("--modern-only") ? "reject" : "serve" });
