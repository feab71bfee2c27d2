/** The sweep's machine as the rest of the code sees it: a small WebAssembly program where that is allowed (Node), nothing where it is not (most pages). */

/** Raw access to the machine; what it computes is said in native-host/sweep. Addresses are its own. */
export interface Machine {
  /** Another object after `reserve`. */
  readonly memory: Uint8Array;
  /** The same, as numbers of 32 bits. */
  readonly words: Uint32Array;
  /** What its first bytes were filled with last. */
  tables: Uint8Array | null;
  /** Writes a text's UTF-8 to where the machine expects it; says how many units were read and bytes written. */
  write(text: string): { readonly read: number; readonly written: number };
  narrow(bytes: number): number;
  sweep(from: number, to: number): number;
  skim(bytes: number, first: number): number;
  runs(from: number, to: number): number;
  /** Sees to it that there are so many bytes of memory. */
  reserve(bytes: number): void;
  /** Bytes as characters, one each. */
  text(from: number, to: number): string;
  /** Where the byte stands, at or before (or after) the address; -1 where it does not. */
  before(byte: number, at: number): number;
  after(byte: number, at: number): number;
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
