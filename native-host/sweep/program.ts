/** The whole of the sweep's machine, written for WebAssembly with SIMD. Only the test and `build.ts` read this: the product carries the bytes in machine-code.ts. */
import { PAGES } from "../../shared/inspect/data/kernel/layout.ts";
import { assemble as assembleParts } from "./assembler.ts";
import { runs, skim } from "./skim-program.ts";
import { narrow, sweep } from "./sweep-program.ts";

export function assemble(): Uint8Array<ArrayBuffer> {
  return assembleParts(PAGES, [sweep(), narrow(), runs(), skim({ sweep: 0, runs: 2 })]);
}
