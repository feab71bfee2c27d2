/** The sweep's machine as the rest of the code sees it: a small WebAssembly program where that is allowed (Node), nothing where it is not (most pages). */

/** Raw access to the machine; what it computes is said in native-host/sweep/program.ts. */
export interface Machine {
  readonly memory: Uint8Array;
  /** What its first bytes were filled with last. */
  tables: Uint8Array | null;
  /** Writes a text's UTF-8 to where the machine expects it; says how many units were read and bytes written. */
  write(text: string): { readonly read: number; readonly written: number };
  narrow(bytes: number): number;
  sweep(units: number): number;
}

let make: (() => Machine | null) | null = null;
let machine: Machine | null = null;

/** Says how to get a machine in this place; it is made when the first longer text comes. Null: go without. */
export function useMachine(factory: (() => Machine | null) | null): void {
  make = factory;
  machine = null;
}

export function currentMachine(): Machine | null {
  if (make !== null) {
    machine = make();
    make = null;
  }
  return machine;
}
