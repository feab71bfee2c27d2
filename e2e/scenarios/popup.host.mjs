#!/usr/bin/env node
/** A stand-in for the native host: says hello, sends what the file named in SLUICE_STANDIN holds, confirms events, and ends while a file of that name with `.stop` exists. */
import { appendFileSync, existsSync, readFileSync, watchFile } from "node:fs";

const file = process.env.SLUICE_STANDIN;
const say = (message) => {
  const body = Buffer.from(JSON.stringify(message));
  const head = Buffer.alloc(4);
  head.writeUInt32LE(body.length);
  process.stdout.write(Buffer.concat([head, body]));
};
let said = 0;
const play = () => {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  for (; said < lines.length; said++) {
    say(JSON.parse(lines[said]));
  }
};

const stop = () => existsSync(`${file}.stop`) && process.exit(0);
stop();
watchFile(`${file}.stop`, { interval: 50 }, stop);

let pending = Buffer.alloc(0);
process.stdin.on("data", (chunk) => {
  pending = Buffer.concat([pending, chunk]);
  while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32LE(0)) {
    const size = pending.readUInt32LE(0);
    const message = JSON.parse(pending.subarray(4, 4 + size).toString("utf8"));
    pending = pending.subarray(4 + size);
    appendFileSync(`${file}.heard`, `${JSON.stringify(message)}\n`);
    if (message.kind === "hello") {
      say({ kind: "hello", seam: 2, version: "0.1.0", user: "ada", journal: "/none" });
      play();
      watchFile(file, { interval: 50 }, play);
    }
    if (message.kind === "events") say({ kind: "events.stored", batch: message.batch });
    if (message.kind === "ping") say({ kind: "pong", nonce: message.nonce });
  }
});
process.stdin.on("end", () => process.exit(0));
