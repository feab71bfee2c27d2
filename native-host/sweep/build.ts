/** Writes machine-code.ts from program.ts: `node native-host/sweep/build.ts`. A test compares the two. */
import { writeFileSync } from "node:fs";
import { assemble } from "./program.ts";

writeFileSync(
  new URL("machine-code.ts", import.meta.url),
  `/** Made by build.ts from program.ts; not to be changed by hand. WebAssembly in base64. */\nexport const MACHINE_CODE =\n  "${Buffer.from(assemble()).toString("base64")}";\n`,
);
