/** Gives the sweep its WebAssembly machine in this process. Compiled when the first message or longer text comes, so that starting costs nothing. */
import { INPUT_AT } from "../../shared/inspect/data/kernel/layout.ts";
import { useMachine, type Machine } from "../../shared/inspect/data/kernel/machine.ts";
import { MACHINE_CODE } from "./machine-code.ts";

type Program = Pick<Machine, "narrow" | "sweep" | "skim" | "runs"> & { readonly memory: WebAssembly.Memory };

export function installMachine(): void {
  useMachine(makeMachine);
}

const PAGE = 65_536;

/** Null where WebAssembly (or its SIMD part) is refused: the same is found without it, more slowly. */
export function makeMachine(): Machine | null {
  try {
    const { memory, narrow, sweep, skim, runs } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(MACHINE_CODE, "base64"))).exports as unknown as Program;
    const encoder = new TextEncoder();
    let bytes = Buffer.from(memory.buffer);
    let words = new Uint32Array(memory.buffer);
    let input = bytes.subarray(INPUT_AT);
    return {
      get memory() {
        return bytes;
      },
      get words() {
        return words;
      },
      tables: null,
      write: (text) => encoder.encodeInto(text, input),
      narrow,
      sweep,
      skim,
      runs,
      reserve(wanted) {
        if (wanted <= bytes.length) return;
        memory.grow(Math.ceil((wanted - bytes.length) / PAGE));
        bytes = Buffer.from(memory.buffer);
        words = new Uint32Array(memory.buffer);
        input = bytes.subarray(INPUT_AT);
      },
      text: (from, to) => bytes.toString("latin1", from, to),
      before: (byte, at) => bytes.lastIndexOf(byte, at),
      after: (byte, at) => bytes.indexOf(byte, at),
    };
  } catch {
    return null;
  }
}
