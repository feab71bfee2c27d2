/** Gives the sweep its WebAssembly machine in this process. Compiled when the first longer text comes, so that starting costs nothing. */
import { INPUT_AT } from "../../shared/inspect/data/kernel/layout.ts";
import { useMachine, type Machine } from "../../shared/inspect/data/kernel/machine.ts";
import { MACHINE_CODE } from "./machine-code.ts";

interface Exports {
  readonly memory: WebAssembly.Memory;
  narrow(bytes: number): number;
  sweep(units: number): number;
}

export function installMachine(): void {
  useMachine(makeMachine);
}

/** Null where WebAssembly (or its SIMD part) is refused: the same places are found without it, more slowly. */
export function makeMachine(): Machine | null {
  try {
    const { memory, narrow, sweep } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(MACHINE_CODE, "base64"))).exports as unknown as Exports;
    const bytes = new Uint8Array(memory.buffer);
    const input = bytes.subarray(INPUT_AT);
    const encoder = new TextEncoder();
    return { memory: bytes, tables: null, write: (text) => encoder.encodeInto(text, input), narrow, sweep };
  } catch {
    return null;
  }
}
