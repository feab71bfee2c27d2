/** A writer process for tests: `DIR NAME COUNT`. Appends COUNT records (0: until killed) and prints the number of each record once it is flushed. */
import { once } from "node:events";
import { writeSync } from "node:fs";
import { openJournal } from "./writer.ts";

const [dir = "", name = "", count = "0"] = process.argv.slice(2);
const journal = openJournal(dir, "guard");
const total = Number(count) || Infinity;

for (let i = 1; i <= total; i++) {
  journal.append({ kind: "health", what: "coverage.gap", detail: `${name} ${i}` });
  if (i % 7 === 0 && (await journal.flush())) writeSync(1, `${i}\n`);
}
if (process.stdin.readable) {
  // Everything else is still in memory: only the end of the process writes it.
  writeSync(1, "done\n");
  process.stdin.resume();
  await once(process.stdin, "end");
}
