/** Keeps stdout for frames alone: one stray byte from a `console.log` anywhere cuts the browser's connection. */
import { Console } from "node:console";
import process from "node:process";
import { Writable } from "node:stream";

/** Takes stdout away from everybody else (console and direct writes go to stderr) and returns the only way to it. */
export function claimStdout(): Writable {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.on("error", () => undefined); // the write's own callback reports it
  globalThis.console = new Console(process.stderr, process.stderr);
  process.stdout.write = ((...args: Parameters<typeof process.stderr.write>) => process.stderr.write(...args)) as typeof process.stdout.write;
  return new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      write(chunk, done);
    },
  });
}
